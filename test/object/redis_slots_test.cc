// Slots, maps and redirections, as the specification has them.
#include "object/redis_slots.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

using Kind = RedisReply::Kind;

RedisReply text(std::string_view value) {
  return {.kind = Kind::kBytes, .text = std::string(value)};
}
RedisReply number(std::int64_t value) { return {.kind = Kind::kNumber, .number = value}; }
RedisReply list(std::vector<RedisReply> items) {
  return {.kind = Kind::kList, .items = std::move(items)};
}
RedisReply error(std::string_view value) {
  return {.kind = Kind::kError, .text = std::string(value)};
}
RedisReply range(int first, int last, std::string_view host, int port) {
  return list({number(first), number(last), list({text(host), number(port), text("id")})});
}

const RedisAddress kFrom{"seed", 7000};

TEST(RedisSlot, IsTheCrcOfTheKey) {
  EXPECT_EQ(redis_slot("123456789"), 0x31C3U) << "the specification's own example";
  EXPECT_EQ(redis_slot("foo"), 12182U);
  EXPECT_EQ(redis_slot(""), 0U);
  EXPECT_EQ(redis_slot("\xff\xfe"), redis_slot("\xff\xfe"));
}

TEST(RedisSlot, IsThatOfTheTag) {
  const std::vector<std::pair<const char*, const char*>> rows{
      {"{user1000}.following", "user1000"},
      {"foo{}{bar}", "foo{}{bar}"},
      {"foo{{bar}}zap", "{bar"},
      {"foo{bar}{zap}", "bar"},
      {"foo{bar", "foo{bar"},
      {"foo}bar{", "foo}bar{"},
      {"ci:{ci:v1:e:00}:1:2", "ci:v1:e:00"}};
  for (const auto& [key, tag] : rows) EXPECT_EQ(redis_hash_tag(key), tag) << key;
}

TEST(RedisMap, WithoutAClusterOneNodeHasAll) {
  const RedisMap map{.nodes = {kFrom}, .owners = {}};
  EXPECT_FALSE(map.cluster());
  EXPECT_EQ(*map.find("any"), kFrom);
}

TEST(RedisMap, IsReadFromClusterSlots) {
  const auto map =
      parse_cluster_slots(list({range(0, 8000, "10.0.0.1", 7001),
                                list({number(8001), number(16383), list({text(""), number(7002)}),
                                      list({text("10.0.0.9"), number(7009), text("replica")})})}),
                          kFrom);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->cluster());
  EXPECT_EQ(map->nodes, (std::vector<RedisAddress>{{"10.0.0.1", 7001}, {"seed", 7002}}));
  EXPECT_EQ(map->find("foo")->port, 7002) << "slot 12182";
  EXPECT_EQ(map->find("")->port, 7001);
  RedisMap moved = *map;
  moved.move(12182, {"10.0.0.3", 7003});
  EXPECT_EQ(moved.find("foo")->port, 7003);
  EXPECT_EQ(moved.find("123456789")->port, 7002);
}

TEST(RedisMap, KnowsWhatNobodyHas) {
  const auto map = parse_cluster_slots(list({range(0, 100, "h", 1)}), kFrom);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->find("foo"), nullptr);
  const auto empty = parse_cluster_slots(list({}), kFrom);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->find("foo"), nullptr);
}

TEST(RedisMap, BelievesNoNonsense) {
  for (const RedisReply& reply :
       {number(1), list({number(1)}), list({list({number(0), number(1)})}),
        list({range(-1, 5, "h", 1)}), list({range(5, 4, "h", 1)}), list({range(0, 16384, "h", 1)}),
        list({range(0, 5, "h", 0)}), list({range(0, 5, "h", 65536)}), list({range(0, 5, "h\n", 1)}),
        list({list({number(0), number(1), list({text("h")})})})}) {
    const auto map = parse_cluster_slots(reply, kFrom);
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().fault, base::Fault::kCorrupt);
  }
}

TEST(RedisRedirect, SaysWhere) {
  const auto moved = parse_redirect(error("MOVED 3999 127.0.0.1:6381"), kFrom);
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->slot, 3999U);
  EXPECT_EQ(moved->address, (RedisAddress{"127.0.0.1", 6381}));
  const auto ask = parse_redirect(error("ASK 1 2001:db8::1:7000"), kFrom);
  ASSERT_TRUE(ask);
  EXPECT_TRUE(ask->ask);
  EXPECT_EQ(ask->address, (RedisAddress{"2001:db8::1", 7000}));
  EXPECT_EQ(parse_redirect(error("MOVED 1 :7001"), kFrom)->address, (RedisAddress{"seed", 7001}));
  for (const char* other : {"MOVED", "MOVED 1", "MOVED x h:1", "MOVED 16384 h:1", "MOVED 1 h:0",
                            "MOVED 1 h", "MOVED 1 h\r:1", "ASKING 1 h:1", "ERR x"}) {
    EXPECT_FALSE(parse_redirect(error(other), kFrom)) << other;
  }
  EXPECT_FALSE(parse_redirect(text("MOVED 1 h:1"), kFrom));
}

}  // namespace
}  // namespace gopouch::object
