// Times by strptime, which in a program that never calls setlocale reads English names.
#include "object/times.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "net/net.h"

namespace gopouch::object {

std::optional<std::chrono::sys_seconds> parse_iso_time(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* const end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) return std::nullopt;
  std::string_view rest(end);
  if (rest.starts_with('.')) {
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  }
  if (rest != "Z") return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::chrono::milliseconds parse_retry_after(std::string_view text, std::string_view date) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr seconds kMost = std::chrono::hours(24);
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && stop == text.data() + text.size()) {
    return std::clamp(seconds(count), seconds(0), kMost);
  }
  const auto until = net::parse_http_time(text);
  if (!until) return milliseconds(0);
  const auto now = net::parse_http_time(date).value_or(
      std::chrono::floor<seconds>(std::chrono::system_clock::now()));
  return std::clamp(*until - now, seconds(0), kMost);
}

void ClockSeen::note(std::string_view date, const std::function<Time()>& now) {
  if (seen_ != kNone) return;
  const auto theirs = net::parse_http_time(date);
  if (!theirs) return;
  // A Date has whole seconds.
  const auto ours = std::chrono::floor<std::chrono::seconds>(now());
  seen_ = std::chrono::milliseconds(*theirs - ours).count();
}

std::optional<std::chrono::milliseconds> ClockSeen::offset() const {
  const std::int64_t seen = seen_;
  return seen == kNone ? std::nullopt : std::optional(std::chrono::milliseconds(seen));
}

}  // namespace gopouch::object
