#include "pack/plan.h"

#include <algorithm>
#include <numeric>

namespace gopouch::pack {

std::vector<Range> plan(const Tables& tables, const std::vector<bool>& wanted) {
  // When each frame is first asked for; kNone: not at all.
  std::vector<std::uint32_t> turn(tables.frames.size(), kNone);
  std::vector<std::uint32_t> frames;
  for (std::uint32_t i = 0; i < tables.items.size(); ++i) {
    const std::uint32_t output = tables.items[i].output;
    if (output == kNone || !wanted[output]) continue;
    const std::uint32_t frame = tables.outputs[output].frame;
    if (frame == kNone || turn[frame] != kNone) continue;
    turn[frame] = i;
    frames.push_back(frame);
  }
  std::sort(frames.begin(), frames.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Frame &left = tables.frames[a], &right = tables.frames[b];
    return std::pair(left.pack, left.offset) < std::pair(right.pack, right.offset);
  });

  std::vector<Range> ranges;
  std::vector<std::uint32_t> turns;  // of each range
  for (const std::uint32_t index : frames) {
    const Frame& frame = tables.frames[index];
    const std::int64_t end = frame.offset + frame.stored;
    const bool joins = !ranges.empty() && ranges.back().pack == frame.pack &&
                       frame.offset - (ranges.back().offset + ranges.back().size) <= kGap &&
                       end - ranges.back().offset <= kRangeSize;
    if (!joins) {
      ranges.push_back({frame.pack, frame.offset, 0, {}});
      turns.push_back(turn[index]);
    }
    Range& range = ranges.back();
    // Frames may lie over each other in tables that somebody made up.
    range.size = std::max(range.size, end - range.offset);
    range.frames.push_back(index);
    turns.back() = std::min(turns.back(), turn[index]);
  }

  std::vector<std::size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return turns[a] < turns[b]; });
  std::vector<Range> sorted;
  sorted.reserve(ranges.size());
  for (const std::size_t index : order) sorted.push_back(std::move(ranges[index]));
  return sorted;
}

std::vector<Range> whole_packs(const Tables& tables, std::vector<Range> ranges) {
  std::vector<Range> whole;
  for (Range& range : ranges) {
    const auto same = std::find_if(whole.begin(), whole.end(),
                                   [&](const Range& one) { return one.pack == range.pack; });
    if (same == whole.end()) {
      whole.push_back({range.pack, 0, tables.packs[range.pack].size, std::move(range.frames)});
    } else {
      same->frames.insert(same->frames.end(), range.frames.begin(), range.frames.end());
    }
  }
  for (Range& range : whole) {
    std::sort(range.frames.begin(), range.frames.end(), [&](std::uint32_t a, std::uint32_t b) {
      return tables.frames[a].offset < tables.frames[b].offset;
    });
  }
  return whole;
}

}  // namespace gopouch::pack
