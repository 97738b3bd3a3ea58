// Values that are too large for one: a header under the object's key, and its parts beside it.
//
// The parts are written first and the header last, so an object is whole or absent; their names are
// new each time, so two writers never mix. The format is in docs/formats.md, "Redis".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace gopouch::object {

inline constexpr std::int64_t kRedisWhole = std::int64_t{8} << 20U;  // larger values go in parts
inline constexpr std::int64_t kRedisPart = std::int64_t{1} << 20U;
// A value of this size may be a header, and no other may.
inline constexpr std::size_t kRedisHeader = 124;

// True: a value that begins like this has to go in parts, for it would be taken for a header.
bool begins_as_redis_header(std::string_view text);

struct RedisParts {
  std::int64_t size = 0;
  std::int64_t part = kRedisPart;  // size of each but the last
  std::uint64_t id = 0;            // in the parts' names
  base::Hash sha256{};             // of all of it

  std::string header() const;
  std::int64_t count() const { return (size + part - 1) / part; }
  // Of the part `index`, which lies in the same slot as `name`, the object's.
  std::string part_name(std::string_view prefix, std::string_view name, std::int64_t index) const;
};

// nullopt: it is a value and no header.
std::optional<RedisParts> parse_redis_header(std::string_view text);

}  // namespace gopouch::object
