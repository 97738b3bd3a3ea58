#include "store/record.h"

#include <charconv>

#include <fmt/format.h>

namespace gopouch::store {

namespace {

// Reads the number in a column of spaces and digits.
std::optional<std::int64_t> parse_column(std::string_view column) {
  const std::size_t begin = column.find_first_not_of(' ');
  if (begin == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = column.data() + column.size();
  const auto [stop, error] = std::from_chars(column.data() + begin, end, value);
  if (error != std::errc() || stop != end || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string format_record(const ActionId& action, const Entry& entry) {
  return fmt::format("v1 {} {} {:20} {:20}\n", base::to_hex(action.hash),
                     base::to_hex(entry.output.hash), entry.size,
                     entry.put_time.time_since_epoch().count());
}

std::optional<Entry> parse_record(std::string_view text, const ActionId& action) {
  if (text.size() != kRecordSize || !text.starts_with("v1 ") || text.back() != '\n') {
    return std::nullopt;
  }
  if (text[67] != ' ' || text[132] != ' ' || text[153] != ' ') return std::nullopt;
  const auto named = base::hash_from_hex(text.substr(3, 64));
  const auto output = base::hash_from_hex(text.substr(68, 64));
  const auto size = parse_column(text.substr(133, 20));
  const auto time = parse_column(text.substr(154, 20));
  if (!named || *named != action.hash || !output || !size || !time) return std::nullopt;
  return Entry{{*output}, *size, Time(std::chrono::nanoseconds(*time))};
}

}  // namespace gopouch::store
