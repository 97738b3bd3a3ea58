#include "auth/reply.h"

#include <algorithm>
#include <charconv>
#include <random>

#include <fmt/format.h>

#include "base/text.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

namespace {

using nlohmann::json;

std::chrono::milliseconds pause_before(int attempt) {
  std::minstd_rand random{std::random_device{}()};
  const int longest = 100 << std::min(attempt, 4);
  return std::chrono::milliseconds(std::uniform_int_distribution(longest / 2, longest)(random));
}

bool may_help(const base::Result<net::Reply>& reply) {
  if (!reply) return reply.error().fault == base::Fault::kUnavailable;
  return fault_of_status(reply->status) == base::Fault::kUnavailable;
}

// The number of `digits` at the front of `text`, which loses them and, after them, `then` (0:
// none).
std::optional<int> take_number(std::string_view& text, std::size_t digits, char then) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || value < 0) return std::nullopt;
  text.remove_prefix(digits);
  if (then == 0) return value;
  if (!text.starts_with(then)) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

// "Z", "UTC", "+00:00", "-0130"; nothing is UTC too.
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z" || text == "UTC") return std::chrono::minutes(0);
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2, 0);
  if (text.starts_with(':')) text.remove_prefix(1);
  const auto minutes = take_number(text, 2, 0);
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

}  // namespace

bool is_fit(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

base::Fault fault_of_status(int status) {
  if (status == 429 || status >= 500) return base::Fault::kUnavailable;
  return base::Fault::kDenied;
}

base::Result<net::Reply> send_patiently(const Line& line, net::Request request,
                                        std::string_view what, int attempts) {
  request.body_limit = kLargestReply;
  for (int attempt = 1;; ++attempt) {
    auto reply = line.client.send(request, line.call);
    if (attempt < attempts && may_help(reply) && base::pause(line.call, pause_before(attempt))) {
      continue;
    }
    if (reply) return reply;
    base::Error error = reply.error();
    if (error.fault == base::Fault::kCorrupt) error.fault = base::Fault::kInvalid;
    error.message = fmt::format("{}: {}", what, error.message);
    return error;
  }
}

Fields json_fields(std::string_view text, std::string_view inside) {
  Fields fields;
  const json whole = json::parse(text, nullptr, false);
  const json* object = &whole;
  if (!inside.empty()) {
    if (!whole.is_object()) return fields;
    const auto at = whole.find(inside);
    if (at == whole.end()) return fields;
    object = &*at;
  }
  if (!object->is_object()) return fields;
  for (const auto& [key, value] : object->items()) {
    if (value.is_string()) fields[key] = value.get_ref<const std::string&>();
    if (value.is_number_integer()) fields[key] = fmt::to_string(value.get<std::int64_t>());
  }
  return fields;
}

std::string field(const Fields& fields, std::string_view name) {
  const auto at = fields.find(name);
  return at == fields.end() ? "" : at->second;
}

std::optional<Time> parse_time(std::string_view text) {
  const auto year = take_number(text, 4, '-');
  const auto month = take_number(text, 2, '-');
  const auto day = take_number(text, 2, 0);
  if (!year || !month || !day || text.empty()) return std::nullopt;
  if (text.front() != 'T' && text.front() != 't' && text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  const auto hour = take_number(text, 2, ':');
  const auto minute = take_number(text, 2, ':');
  const auto second = take_number(text, 2, 0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  if (text.starts_with('.')) {
    const std::size_t end = text.find_first_not_of("0123456789", 1);
    if (end == 1) return std::nullopt;
    text.remove_prefix(std::min(end, text.size()));
  }
  const auto offset = parse_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !date.ok()) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) - *offset;
}

std::string format_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

base::Result<AwsCredentials> make_credentials(std::string id, std::string secret, std::string token,
                                              std::string_view expires, std::string source) {
  const auto invalid = [&](std::string_view why) {
    return base::Error{base::Fault::kInvalid, fmt::format("AWS credentials ({}): {}", source, why)};
  };
  if (id.empty()) return invalid("there is no access key id");
  if (secret.empty()) return invalid("there is no secret access key");
  if (!is_fit(id) || !is_fit(secret) || !is_fit(token)) {
    return invalid("they hold characters that no key has");
  }
  std::optional<Time> end;
  if (!expires.empty()) {
    end = parse_time(expires);
    if (!end) return invalid("their expiration is no time");
  }
  return AwsCredentials{std::move(id), base::Secret(std::move(secret)),
                        base::Secret(std::move(token)), end, std::move(source)};
}

std::string one_line(std::string_view text, std::initializer_list<std::string_view> secrets) {
  constexpr std::size_t kLongest = 200;
  for (const std::string_view secret : secrets) {
    if (!secret.empty() && text.find(secret) != std::string_view::npos) return {};
  }
  text = base::trim(text);
  std::string line(text.substr(0, std::min(text.find_first_of("\r\n"), kLongest)));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, ' ');
  return line;
}

}  // namespace gopouch::auth
