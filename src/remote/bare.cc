#include "remote/bare.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "base/text.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

constexpr std::int64_t kInMemory = std::int64_t{256} << 10U;
constexpr std::size_t kFront = 4;  // what starts_with() may ask for, where there is a file

// Takes `size` digits off `text`; nullopt: there are none, or another letter follows than `end` (0:
// any).
std::optional<int> cut(std::string_view& text, std::size_t size, char end) {
  const auto number = base::parse_number<int>(text.substr(0, size));
  if (!number || text.size() < size || (end != 0 && (text.size() == size || text[size] != end))) {
    return std::nullopt;
  }
  text.remove_prefix(size + (end != 0 ? 1 : 0));
  return number;
}

// ".123456789" and nothing: at most nine digits.
std::optional<std::int64_t> cut_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 9) return std::nullopt;
  std::string padded(text.substr(0, digits));
  padded.resize(9, '0');
  text.remove_prefix(digits);
  return base::parse_number<std::int64_t>(padded);
}

// "Z", "+01:00".
std::optional<std::chrono::minutes> cut_zone(std::string_view text) {
  if (text == "Z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = cut(text, 2, ':');
  const auto minutes = cut(text, 2, 0);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

}  // namespace

void Spool::begin() {
  front_.clear();
  file_.reset();
  size_ = 0;
  problem_.reset();
}

bool Spool::write(std::span<const std::uint8_t> bytes) {
  if (problem_) return false;
  if (std::ssize(bytes) > limit_ - size_) {
    problem_ = Error{Fault::kCorrupt, "a body beyond all bounds"};
    return false;
  }
  size_ += std::ssize(bytes);
  if (!file_ && size_ > kInMemory) {
    file_ = base::unnamed_file(temp_dir_);
    if (!file_) {
      problem_ = base::system_error("a temporary file", errno);
      return false;
    }
    if (auto done = base::write_all(file_.get(), base::bytes_of(front_)); !done)
      problem_ = done.error();
    if (front_.size() > kFront) front_.resize(kFront);
  }
  if (!file_ || front_.size() < kFront) {
    const std::size_t wanted =
        file_ ? std::min(kFront - front_.size(), bytes.size()) : bytes.size();
    front_.append(reinterpret_cast<const char*>(bytes.data()), wanted);
  }
  if (!file_ || problem_) return !problem_;
  if (auto done = base::write_all(file_.get(), bytes); !done) problem_ = done.error();
  return !problem_;
}

bool Spool::starts_with(std::string_view bytes) const { return front_.starts_with(bytes); }

base::Status Spool::each(const base::UsePiece& use) const {
  if (!file_) return front_.empty() ? base::Done{} : use(base::bytes_of(front_));
  return base::each_piece(file_.get(), 0, size_, "a temporary file", use);
}

base::Result<store::Hit> lay(store::Store& local, const store::ActionId& action,
                             const store::OutputId& output, std::optional<store::Time> put_time,
                             const Spool& body) {
  store::Put put = local.put(action, output, body.size(), put_time);
  const auto read = body.each([&](std::span<const std::uint8_t> piece) -> base::Status {
    put.write(piece);
    return base::Done{};
  });
  if (!read) return read.error();
  auto stored = put.commit();
  if (!stored && stored.error().fault == Fault::kInvalid) {
    return Error{Fault::kCorrupt, stored.error().message};
  }
  return stored;
}

Fetched finish(const base::Result<std::optional<object::Object>>& reply, const Spool& body,
               const std::function<base::Result<store::Hit>(const object::Object&)>& make) {
  Fetched fetched{.hit = std::optional<store::Hit>(), .received = body.size()};
  if (!reply) {
    fetched.local = body.problem() && body.problem()->fault != Fault::kCorrupt;
    fetched.hit = body.problem().value_or(reply.error());
  } else if (*reply) {
    auto hit = make(**reply);
    fetched.local = !hit && hit.error().fault != Fault::kCorrupt;
    if (hit) {
      fetched.hit = std::optional(*std::move(hit));
    } else {
      fetched.hit = hit.error();
    }
  }
  return fetched;
}

std::optional<store::OutputId> output_from_hex(std::string_view text) {
  const auto hash = base::hash_from_hex(text);
  return hash ? std::optional(store::OutputId{*hash}) : std::nullopt;
}

std::optional<store::OutputId> output_in(const object::Object& object) {
  const auto found = object.metadata.find("outputid");
  return found == object.metadata.end() ? std::nullopt : output_from_hex(found->second);
}

std::optional<store::Time> time_from_nanoseconds(std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number) return std::nullopt;
  return store::Time(std::chrono::nanoseconds(*number));
}

std::optional<store::Time> time_from_seconds(std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number || *number > INT64_MAX / 1'000'000'000) return std::nullopt;
  return store::Time(std::chrono::seconds(*number));
}

std::optional<store::Time> time_from_rfc3339(std::string_view text) {
  using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  const auto year = cut(text, 4, '-'), month = cut(text, 2, '-'), day = cut(text, 2, 'T');
  const auto hour = cut(text, 2, ':'), minute = cut(text, 2, ':'), second = cut(text, 2, 0);
  const auto fraction = cut_fraction(text);
  const auto zone = cut_zone(text);
  if (!year || !month || !day || !hour || !minute || !second || !fraction || !zone || *hour > 23 ||
      *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_seconds time =
      std::chrono::sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) - *zone;
  // Nanoseconds since 1970 end in 2262.
  constexpr std::chrono::sys_days kEnd = std::chrono::year(2262) / 1 / 1;
  if (time < std::chrono::sys_seconds() || time >= kEnd) return std::nullopt;
  return store::Time(time) + std::chrono::nanoseconds(*fraction);
}

std::string rfc3339(store::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto rest = clock.subseconds().count(); rest != 0) {
    text += fmt::format(".{:09}", rest);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::optional<object::Object> look(object::Store& store, const object::Key& key,
                                   const base::Call& call) {
  auto reply =
      object::get_one(store, {.key = key, .range = object::Range{0, 1}, .metadata = true}, call);
  return reply ? *std::move(reply) : std::nullopt;
}

}  // namespace gopouch::remote
