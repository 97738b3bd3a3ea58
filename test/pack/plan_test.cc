#include "pack/plan.h"

#include <gtest/gtest.h>

namespace gopouch::pack {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;

// Frames of these sizes one after another in a pack, an output and an item each, asked for in this
// order.
Tables tables(const std::vector<std::int64_t>& sizes, const std::vector<std::uint32_t>& order) {
  Tables tables;
  tables.packs.resize(1);
  std::int64_t offset = 100;
  for (const std::int64_t size : sizes) {
    tables.frames.push_back({0, Codec::kRaw, offset, size, size});
    tables.outputs.push_back({{}, size, static_cast<std::uint32_t>(tables.frames.size() - 1), 0});
    offset += size;
  }
  tables.packs[0].size = offset;
  for (const std::uint32_t output : order) tables.items.push_back({{}, output, {}, 0, 0});
  return tables;
}

std::string text_of(const std::vector<Range>& ranges) {
  std::string text;
  for (const Range& range : ranges) {
    text += fmt::format("[{}+{}:", range.offset, range.size);
    for (const std::uint32_t frame : range.frames) text += fmt::format(" {}", frame);
    text += "]";
  }
  return text;
}

std::vector<bool> all(const Tables& tables) {
  return std::vector<bool>(tables.outputs.size(), true);
}

TEST(Plan, AsksForNeighboursAtOnce) {
  const Tables t = tables({10, 20, 30}, {0, 1, 2});
  EXPECT_EQ(text_of(plan(t, all(t))), "[100+60: 0 1 2]");
  EXPECT_EQ(text_of(plan(t, {false, true, false})), "[110+20: 1]");
  EXPECT_EQ(text_of(plan(t, {true, false, true})), "[100+60: 0 2]") << "a small gap";
  EXPECT_EQ(text_of(plan(t, {false, false, false})), "");
}

TEST(Plan, LeavesLargeGapsOut) {
  const Tables t = tables({10, kGap + 1, 30}, {0, 1, 2});
  EXPECT_EQ(plan(t, {true, false, true}).size(), 2U);
}

TEST(Plan, EndsARangeBeforeItIsTooLarge) {
  const Tables t = tables({3 * kMiB, kMiB, 1, 9 * kMiB, 5}, {0, 1, 2, 3, 4});
  EXPECT_EQ(text_of(plan(t, all(t))),
            fmt::format("[100+{}: 0 1][{}+1: 2][{}+{}: 3][{}+5: 4]", 4 * kMiB, 100 + 4 * kMiB,
                        101 + 4 * kMiB, 9 * kMiB, 101 + 13 * kMiB));
}

TEST(Plan, BeginsWithWhatIsAskedForFirst) {
  const Tables t = tables({4 * kMiB, 4 * kMiB, 4 * kMiB}, {2, 0, 1});
  const auto ranges = plan(t, all(t));
  ASSERT_EQ(ranges.size(), 3U);
  EXPECT_EQ(ranges[0].frames[0], 2U);
  EXPECT_EQ(ranges[1].frames[0], 0U);
}

TEST(Plan, TakesWholePacksWhereThereAreNoRanges) {
  Tables t = tables({4 * kMiB, 4 * kMiB, 10}, {2, 0, 1});
  t.packs.push_back({{}, 77});
  t.frames.push_back({1, Codec::kRaw, 7, 70, 70});
  t.outputs.push_back({{}, 70, 3, 0});
  t.items.insert(t.items.begin(), {{}, 3, {}, 0, 0});
  EXPECT_EQ(text_of(whole_packs(t, plan(t, all(t)))),
            fmt::format("[0+77: 3][0+{}: 0 1 2]", 110 + 8 * kMiB));
  EXPECT_EQ(text_of(whole_packs(t, plan(t, {false, true, false, false}))),
            fmt::format("[0+{}: 1]", 110 + 8 * kMiB));
  EXPECT_EQ(text_of(whole_packs(t, {})), "");
}

TEST(Plan, AsksOnceForWhatManyAskFor) {
  Tables t = tables({10}, {0, 0, 0});
  t.items.push_back({{}, kNone, {}, 0, 0});
  EXPECT_EQ(text_of(plan(t, all(t))), "[100+10: 0]");
}

}  // namespace
}  // namespace gopouch::pack
