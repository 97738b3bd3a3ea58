#include "object/redis_parts.h"

#include <charconv>

#include <fmt/format.h>

namespace gopouch::object {

namespace {

constexpr std::string_view kMagic = "gopouch/parts/1 ";
constexpr std::int64_t kMostParts = std::int64_t{1} << 16U;

// The next `digits` hex digits and the letter behind them.
template <typename Number>
bool cut(std::string_view& text, std::size_t digits, char end, Number& number) {
  const std::string_view word = text.substr(0, digits);
  if (text.size() <= digits || text[digits] != end ||
      word.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return false;
  }
  const auto [stop, error] = std::from_chars(word.data(), word.data() + digits, number, 16);
  text.remove_prefix(digits + 1);
  return error == std::errc() && stop == word.data() + digits;
}

}  // namespace

bool begins_as_redis_header(std::string_view text) { return text.starts_with(kMagic); }

std::string RedisParts::header() const {
  return fmt::format("{}{:016x} {:08x} {:016x} {}\n", kMagic, size, part, id, base::to_hex(sha256));
}

std::string RedisParts::part_name(std::string_view prefix, std::string_view name,
                                  std::int64_t index) const {
  return fmt::format("{}{{{}}}:{:016x}:{}", prefix, name, id, index);
}

std::optional<RedisParts> parse_redis_header(std::string_view text) {
  if (text.size() != kRedisHeader || !begins_as_redis_header(text)) return std::nullopt;
  text.remove_prefix(kMagic.size());
  RedisParts parts;
  const bool read = cut(text, 16, ' ', parts.size) && cut(text, 8, ' ', parts.part) &&
                    cut(text, 16, ' ', parts.id);
  if (!read || text.size() != 65 || text.back() != '\n') return std::nullopt;
  const auto hash = base::hash_from_hex(text.substr(0, 64));
  if (!hash || parts.size < 0 || parts.part < 1 || parts.size / parts.part >= kMostParts) {
    return std::nullopt;
  }
  parts.sha256 = *hash;
  return parts;
}

}  // namespace gopouch::object
