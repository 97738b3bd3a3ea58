// Which bytes of which packs are fetched, in which pieces and in which order.
//
// Knows sizes only: no network, no clock.
#pragma once

#include <cstdint>
#include <vector>

#include "pack/manifest.h"

namespace gopouch::pack {

// Large enough that a round trip does not count beside it, small enough that sixteen of them fit in
// memory and that what is wanted soon does not wait behind what is not.
constexpr std::int64_t kRangeSize = std::int64_t{4} << 20U;

// Bytes between two frames that are fetched in vain rather than asked for separately.
constexpr std::int64_t kGap = std::int64_t{64} << 10U;

// Bytes of one pack that are asked for at once.
struct Range {
  std::uint32_t pack = 0;
  std::int64_t offset = 0, size = 0;
  std::vector<std::uint32_t> frames;  // in the order of their bytes
};

// Ranges that hold all frames which `wanted` outputs (one flag for each of the tables') need: the
// range with the output that the items ask for first comes first. A frame that is larger than
// kRangeSize has a range of its own.
std::vector<Range> plan(const Tables& tables, const std::vector<bool>& wanted);

// The same for a store that gives whole objects only: all ranges of a pack as one of all its bytes.
std::vector<Range> whole_packs(const Tables& tables, std::vector<Range> ranges);

}  // namespace gopouch::pack
