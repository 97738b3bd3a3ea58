#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

namespace gopouch::base {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::int64_t kSecond = 1'000'000'000;

constexpr auto kDurationUnits = std::to_array<Unit>({{"ns", 1},
                                                     {"us", 1000},
                                                     {"µs", 1000},  // U+00B5, micro sign
                                                     {"μs", 1000},  // U+03BC, Greek letter mu
                                                     {"ms", 1'000'000},
                                                     {"s", kSecond},
                                                     {"m", kSecond * 60},
                                                     {"h", kSecond * 3600},
                                                     {"d", kSecond * 86'400}});

constexpr auto kSizeUnits = std::to_array<Unit>({{"", 1},
                                                 {"b", 1},
                                                 {"kb", 1000},
                                                 {"mb", 1'000'000},
                                                 {"gb", 1'000'000'000},
                                                 {"tb", 1'000'000'000'000},
                                                 {"kib", std::int64_t{1} << 10},
                                                 {"mib", std::int64_t{1} << 20},
                                                 {"gib", std::int64_t{1} << 30},
                                                 {"tib", std::int64_t{1} << 40}});

std::optional<std::int64_t> factor_of(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The whole number that `text` begins with, taken off it. nullopt: no digit, or too large.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// What stands behind a decimal point, taken off `text`: at most a little less than 1.
double take_fraction(std::string_view& text) {
  double fraction = 0;
  double digit_worth = 0.1;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), digit_worth /= 10)
    fraction += digit_worth * (text.front() - '0');
  return fraction;
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string human_seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\v\f\n";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  const auto factor = factor_of(kSizeUnits, lower(text));
  std::int64_t bytes = 0;
  if (!number || !factor || __builtin_mul_overflow(*number, *factor, &bytes)) return std::nullopt;
  return bytes;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "0") return std::chrono::nanoseconds(0);
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto whole = take_number(text);
    if (!whole) return std::nullopt;
    double fraction = 0;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take_fraction(text);
    }
    const auto* const end =
        std::find_if(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
    const auto length = static_cast<std::size_t>(end - text.begin());
    const auto factor = factor_of(kDurationUnits, text.substr(0, length));
    text.remove_prefix(length);
    std::int64_t part = 0;
    if (!factor || __builtin_mul_overflow(*whole, *factor, &part) ||
        __builtin_add_overflow(total, part, &total) ||
        __builtin_add_overflow(total, std::llround(fraction * static_cast<double>(*factor)),
                               &total)) {
      return std::nullopt;
    }
  }
  return std::chrono::nanoseconds(total);
}

}  // namespace gopouch::base
