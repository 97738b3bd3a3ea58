// Numbers as people read and write them. ASCII only: no locale has a say.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gopouch::base {

// "1,234,567"
std::string grouped(std::int64_t number);

// "0 B", "999 B", "1.2 kB", "34.5 MB": powers of 1000, as disks and networks are sold.
std::string human_bytes(std::int64_t bytes);

// "3 s", "0.35 s"
std::string human_seconds(std::chrono::milliseconds time);

std::string lower(std::string_view text);

// Without white space at its ends.
std::string_view trim(std::string_view text);

// `text` is digits and nothing else; nullopt: it is not, or its number is too large.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, number);
  if (fault != std::errc() || end != last || text.front() == '-') return std::nullopt;
  return number;
}

// "20GB", "500MiB", "0"; nullopt: it is no size.
std::optional<std::int64_t> parse_size(std::string_view text);

// "5d", "1h30m", "1.5h", "0": as Go writes them, and days; nullopt: it is no duration.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace gopouch::base
