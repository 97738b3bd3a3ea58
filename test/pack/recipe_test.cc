#include "pack/recipe.h"

#include <gtest/gtest.h>

#include "pack/plan.h"

namespace gopouch::pack {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;

base::Hash hash(int number) {
  base::Hash hash{};
  hash[0] = static_cast<std::uint8_t>(number);
  hash[1] = static_cast<std::uint8_t>(number >> 8);
  return hash;
}

// Action n gave output n.
Used used(int number, std::int64_t size = 1000) {
  return {
      {hash(number)}, store::Entry{{hash(number)}, size, store::Time(std::chrono::hours(1))}, 5};
}
Used dead(int number) { return {{hash(number)}, std::nullopt, 0}; }

std::vector<Used> many(int from, int to, std::int64_t size = 1000) {
  std::vector<Used> all;
  for (int i = from; i < to; ++i) all.push_back(used(i, size));
  return all;
}

// As a session does it: the recipe, packed.
Tables packed(const Recipe& recipe, int pack) {
  Tables front;
  std::int64_t offset = 0;
  for (const std::uint32_t index : recipe.pack) {
    Output output = recipe.tables.outputs[index];
    front.frames.push_back({0, Codec::kRaw, offset, output.size, output.size});
    output.frame = static_cast<std::uint32_t>(front.frames.size() - 1);
    front.outputs.push_back(output);
    offset += output.size;
  }
  return finish(recipe, front, {{hash(pack), offset}});
}

// "1 2 dead:3 idle1:4", in order.
std::string items_of(const Tables& tables) {
  std::string text;
  for (const Item& item : tables.items) {
    text += text.empty() ? "" : " ";
    if (item.output == kNone) text += "dead:";
    if (item.idle > 0) text += fmt::format("idle{}:", item.idle);
    text += fmt::format("{}", item.action.hash[0] + 256 * item.action.hash[1]);
  }
  return text;
}

TEST(Recipe, OfAFirstSessionPacksAll) {
  const std::vector<Used> session{used(1), used(2), dead(3), used(4, 0)};
  const auto recipe = next_recipe(session, {}, {});
  ASSERT_TRUE(recipe);
  EXPECT_EQ(recipe->pack.size(), 2U);
  const Tables tables = packed(*recipe, 1);
  EXPECT_EQ(items_of(tables), "1 2 dead:3 4");
  EXPECT_EQ(tables.packs.size(), 1U);
  const std::string text = encode(Kind::kManifest, tables);
  const auto back = decode(Kind::kManifest,
                           {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, kMiB);
  EXPECT_TRUE(back) << "a reader believes it";
}

TEST(Recipe, IsNoneWithoutNews) {
  const std::vector<Used> session{used(1), used(2), dead(3)};
  const Tables own = packed(*next_recipe(session, {}, {}), 1);
  EXPECT_FALSE(next_recipe(session, {&own, nullptr, {}}, {}));
  EXPECT_FALSE(next_recipe(std::vector{used(2)}, {&own, nullptr, {}}, {})) << "a part of it";
  EXPECT_FALSE(next_recipe({}, {}, {})) << "nothing at all";
}

TEST(Recipe, OfWhoFetchedNothingIsAboutPacksOnly) {
  const Tables own = packed(*next_recipe(many(1, 100), {}, {}), 1);
  const Known known{&own, nullptr, {}};
  const Rules at_home{.only_packs = true};
  auto session = many(1, 100);
  session.push_back(dead(200));
  EXPECT_TRUE(next_recipe(session, known, {}));
  EXPECT_FALSE(next_recipe(session, known, at_home));
  session.push_back(used(201, 2 * kMiB));
  EXPECT_TRUE(next_recipe(session, known, at_home));
  EXPECT_TRUE(next_recipe(std::vector{dead(200)}, {}, at_home)) << "the first of its scope";
}

// `go clean -testcache`, and a test result that is put anew.
TEST(Recipe, TakesTheTimeOfALaterPut) {
  std::vector<Used> session{used(1)};
  const Tables own = packed(*next_recipe(session, {}, {}), 1);
  session[0].entry->put_time += std::chrono::hours(1);
  EXPECT_FALSE(next_recipe(session, {&own, nullptr, {}}, {})) << "found so on some disk";
  session[0].put = true;
  const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe);
  EXPECT_TRUE(recipe->pack.empty());
  EXPECT_EQ(recipe->tables.items[0].put_time, session[0].entry->put_time);
}

// A session on a full disk knows no costs, and `go build -a` asks for nothing.
TEST(Recipe, KeepsWhatOthersKnewOfAnAction) {
  std::vector<Used> session = many(0, 3);
  session[1].asked = false;
  const Tables own = packed(*next_recipe(session, {}, {}), 1);
  for (Used& one : session) {
    one.asked = false;
    one.cost_ms = 0;
  }
  session[2].cost_ms = 7;
  session.push_back(dead(200));
  const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe);
  const auto& items = recipe->tables.items;
  EXPECT_TRUE(items[0].asked);
  EXPECT_FALSE(items[1].asked);
  EXPECT_EQ(items[0].cost_ms, 5);
  EXPECT_EQ(items[2].cost_ms, 7);
}

// What a linker printed: go puts it at each build.
TEST(Recipe, IsNoneForNothingPutAnew) {
  std::vector<Used> session{used(1), used(2, 0)};
  const Tables own = packed(*next_recipe(session, {}, {}), 1);
  session[1].entry->put_time += std::chrono::hours(1);
  session[1].put = true;
  EXPECT_FALSE(next_recipe(session, {&own, nullptr, {}}, {}));
}

TEST(Recipe, DrawsOnThePacksOfOthers) {
  const Tables other = packed(*next_recipe(many(0, 100), {}, {}), 1);
  const auto recipe = next_recipe(many(50, 100), {nullptr, &other, {}}, {});
  ASSERT_TRUE(recipe);
  EXPECT_TRUE(recipe->pack.empty());
  EXPECT_EQ(recipe->tables.packs.size(), 1U);
  EXPECT_EQ(recipe->tables.items.size(), 50U);
}

TEST(Recipe, PacksOnlyWhatIsWorthIt) {
  const Tables own = packed(*next_recipe(many(0, 100), {}, {}), 1);
  std::vector<Used> session = many(0, 100);
  session.push_back(used(100));
  EXPECT_FALSE(next_recipe(session, {&own, nullptr, {}}, {})) << "one of a hundred";
  session.push_back(dead(200));
  auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe) << "what is dead is news";
  EXPECT_TRUE(recipe->pack.empty());
  EXPECT_EQ(recipe->tables.items.size(), 101U) << "without the one that no pack holds";

  session.push_back(used(101));
  session.push_back(used(102));
  recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe);
  EXPECT_EQ(recipe->pack.size(), 3U);
  EXPECT_EQ(packed(*recipe, 2).packs.size(), 2U);

  session = many(0, 100);
  session.push_back(used(100, 2 * kMiB));
  recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe) << "one of 2 MiB";
  EXPECT_FALSE(next_recipe(session, {&own, nullptr, {}}, {.may_pack = false}));
}

TEST(Recipe, KnowsNoMissOfWhatIsThereNow) {
  std::vector<Used> session = many(0, 200);
  session.push_back(dead(200));
  const Tables own = packed(*next_recipe(session, {}, {}), 1);
  ASSERT_EQ(own.items.size(), 201U);
  session.back() = used(200);
  const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe) << "it would be a miss for good";
  EXPECT_TRUE(recipe->pack.empty()) << "too little for a pack";
  EXPECT_EQ(packed(*recipe, 2).items.size(), 200U) << "unknown: its entry is asked for";
}

TEST(Recipe, ForgetsWhatIsIdleForTooLong) {
  Tables own = packed(*next_recipe(std::vector{used(1), used(2), dead(3)}, {}, {}), 1);
  std::string last;
  for (int i = 0; i < 6; ++i) {
    const auto recipe = next_recipe(std::vector{used(1), used(10 + i)}, {&own, nullptr, {}},
                                    {.max_idle = 3, .max_keeping = 3});
    ASSERT_TRUE(recipe) << i;
    own = packed(*recipe, 2 + i);
    if (i == 2) {
      EXPECT_EQ(items_of(own), "1 12 idle1:11 idle2:10 idle3:2 dead:idle3:3");
    }
  }
  EXPECT_EQ(own.items[0].action.hash, hash(1));
  for (const Item& item : own.items) EXPECT_NE(item.action.hash, hash(2));
}

TEST(Recipe, TakesAnActionThatGivesSomethingElseNow) {
  const Tables own = packed(*next_recipe(many(0, 3), {}, {}), 1);
  std::vector<Used> session = many(0, 3);
  session[1].entry->output = {hash(77)};
  const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe);
  const Tables tables = packed(*recipe, 2);
  EXPECT_EQ(tables.outputs[tables.items[1].output].id.hash, hash(77));
}

TEST(Recipe, PacksAgainWhatAPackTurnedOutNotToHold) {
  const Tables own = packed(*next_recipe(many(0, 10), {}, {}), 1);
  const auto recipe = next_recipe(many(0, 10), {&own, nullptr, {{hash(4)}}}, {});
  ASSERT_TRUE(recipe);
  ASSERT_GE(recipe->pack.size(), 1U);
  EXPECT_EQ(recipe->tables.outputs[recipe->pack[0]].id.hash, hash(4));
}

TEST(Recipe, MovesWhatIsLeftOfAPoorPack) {
  const Tables own = packed(*next_recipe(many(0, 100), {}, {}), 1);
  std::vector<Used> session = many(0, 30);
  for (const Used& one : many(200, 300)) session.push_back(one);
  const auto recipe = next_recipe(session, {&own, nullptr, {}}, {.max_idle = 0});
  ASSERT_TRUE(recipe);
  EXPECT_EQ(recipe->pack.size(), 130U);
  const Tables tables = packed(*recipe, 2);
  EXPECT_EQ(tables.packs.size(), 1U);

  // Not where a neighbour uses it.
  EXPECT_EQ(next_recipe(session, {&own, &own, {}}, {.max_idle = 0})->pack.size(), 100U);
}

TEST(Recipe, GathersWhatHasBecomeScattered) {
  Tables own = packed(*next_recipe(many(0, 1000, 10'000), {}, {}), 1);
  std::size_t most = 0, again = 0;
  for (int i = 0; i < 30; ++i) {
    const std::vector<Used> session = many(0, 1100 + 100 * i, 10'000);
    const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
    ASSERT_TRUE(recipe);
    again += recipe->pack.size() - 100;
    own = packed(*recipe, 2 + i);
    std::int64_t bytes = 0;
    const auto ranges = plan(own, std::vector<bool>(own.outputs.size(), true));
    for (const Range& range : ranges) bytes += range.size;
    most = std::max(most, ranges.size() - static_cast<std::size_t>(bytes / kRangeSize));
  }
  EXPECT_LE(most, 8U) << "ranges above what the bytes need";
  EXPECT_GE(again, 300U);
  EXPECT_LE(again, 6000U) << "of 4,000: packed once more";
}

TEST(Recipe, LeavesLargeRangesWhereTheyAre) {
  Tables own = packed(*next_recipe(many(0, 40, 2 * kMiB), {}, {}), 1);
  for (int i = 0; i < 20; ++i) {
    std::vector<Used> session = many(0, 40, 2 * kMiB);
    for (const Used& one : many(100, 110 + 10 * i, 1000)) session.push_back(one);
    const auto recipe = next_recipe(session, {&own, nullptr, {}}, {});
    ASSERT_TRUE(recipe);
    for (const std::uint32_t index : recipe->pack) {
      EXPECT_EQ(recipe->tables.outputs[index].size, 1000);
    }
    own = packed(*recipe, 2 + i);
  }
}

TEST(Recipe, NamesNoPackForWhatIsIdleAlone) {
  const Tables own = packed(*next_recipe(many(0, 10), {}, {}), 1);
  const std::vector<Used> other = many(20, 30);
  auto recipe = next_recipe(other, {&own, nullptr, {}}, {});
  ASSERT_TRUE(recipe);
  EXPECT_EQ(packed(*recipe, 2).packs.size(), 1U);
  EXPECT_EQ(recipe->tables.items.size(), 10U);
  recipe = next_recipe(other, {&own, nullptr, {}}, {.max_keeping = 1});
  EXPECT_EQ(packed(*recipe, 2).packs.size(), 2U);
  EXPECT_EQ(recipe->tables.items.size(), 20U);
}

TEST(Recipe, FollowsANeighbourToItsPack) {
  const Tables own = packed(*next_recipe(many(0, 100), {}, {}), 1);
  const Tables other = packed(*next_recipe(many(0, 100), {}, {}), 2);
  std::vector<Used> session = many(0, 100);
  session.push_back(dead(200));
  const auto recipe = next_recipe(session, {&own, &other, {}, true}, {});
  ASSERT_TRUE(recipe);
  ASSERT_EQ(recipe->tables.packs.size(), 1U);
  EXPECT_EQ(recipe->tables.packs[0].id, hash(2));
}

}  // namespace
}  // namespace gopouch::pack
