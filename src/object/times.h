// Times as stores write them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gopouch::object {

// "2009-10-12T17:50:30.000Z", "2009-10-12T17:50:30Z" (ISO 8601 as S3 writes it); the part below the
// second is dropped.
std::optional<std::chrono::sys_seconds> parse_iso_time(std::string_view text);

// What a Retry-After says (RFC 9110, 10.2.3): seconds, or a time that is compared with the reply's
// own `date`. 0 where it says nothing of use; at most a day.
std::chrono::milliseconds parse_retry_after(std::string_view text, std::string_view date);

// How far a server's clock is ahead of ours, by the Date of the first reply that has one. Safe for
// concurrent use.
class ClockSeen {
 public:
  using Time = std::chrono::sys_time<std::chrono::milliseconds>;
  void note(std::string_view date, const std::function<Time()>& now);
  std::optional<std::chrono::milliseconds> offset() const;

 private:
  static constexpr std::int64_t kNone = INT64_MIN;
  std::atomic<std::int64_t> seen_ = kNone;  // ms
};

}  // namespace gopouch::object
