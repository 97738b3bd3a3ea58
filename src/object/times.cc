// Times by strptime, which in a program that never calls setlocale reads English names.
#include "object/times.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gopouch::object {

namespace {

// The time in `text`, and what follows the part that `format` describes.
std::optional<std::chrono::sys_seconds> parse(const std::string& text, const char* format,
                                              std::string_view& rest) {
  std::tm parts{};
  const char* const end = ::strptime(text.c_str(), format, &parts);
  if (end == nullptr) return std::nullopt;
  rest = std::string_view(text).substr(static_cast<std::size_t>(end - text.c_str()));
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_time(std::string_view text) {
  const std::string copy(text);
  std::string_view rest;
  const auto time = parse(copy, "%a, %d %b %Y %H:%M:%S GMT", rest);
  return rest.empty() ? time : std::nullopt;
}

std::optional<std::chrono::sys_seconds> parse_iso_time(std::string_view text) {
  const std::string copy(text);
  std::string_view rest;
  const auto time = parse(copy, "%Y-%m-%dT%H:%M:%S", rest);
  if (rest.starts_with('.')) {
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  }
  return rest == "Z" ? time : std::nullopt;
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
  const auto until = parse_http_time(text);
  if (!until) return milliseconds(0);
  const auto now =
      parse_http_time(date).value_or(std::chrono::floor<seconds>(std::chrono::system_clock::now()));
  return std::clamp(*until - now, seconds(0), kMost);
}

void ClockSeen::note(std::string_view date, const std::function<Time()>& now) {
  if (seen_ != kNone) return;
  const auto theirs = parse_http_time(date);
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
