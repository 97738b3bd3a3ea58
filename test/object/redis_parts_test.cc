// The header of an object in parts, byte for byte.
#include "object/redis_parts.h"

#include <gtest/gtest.h>

#include "object/redis_slots.h"

namespace gopouch::object {
namespace {

const std::string kHash = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
// What was written once must be read for ever.
const std::string kGolden =
    "gopouch/parts/1 0000000000a00001 00100000 0123456789abcdef " + kHash + "\n";

RedisParts parts() {
  return {.size = (10 << 20) + 1,
          .part = kRedisPart,
          .id = 0x0123456789abcdef,
          .sha256 = *base::hash_from_hex(kHash)};
}

TEST(RedisParts, HaveAHeader) {
  EXPECT_EQ(parts().header(), kGolden);
  EXPECT_EQ(kGolden.size(), kRedisHeader);
  const auto read = parse_redis_header(kGolden);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, parts().size);
  EXPECT_EQ(read->part, parts().part);
  EXPECT_EQ(read->id, parts().id);
  EXPECT_EQ(read->sha256, parts().sha256);
  EXPECT_EQ(read->count(), 11);
}

TEST(RedisParts, LieWhereTheirHeaderDoes) {
  for (const std::string prefix : {"", "ci:", "{team}:", "a{b}{c}:"}) {
    const std::string name = prefix + "v1:e:00";
    const std::string part = parts().part_name(prefix, name, 7);
    EXPECT_EQ(redis_slot(part), redis_slot(name)) << part;
    EXPECT_TRUE(part.starts_with(prefix)) << "rights may be given by prefix";
  }
  EXPECT_EQ(parts().part_name("ci:", "ci:v1:e:00", 7), "ci:{ci:v1:e:00}:0123456789abcdef:7");
}

TEST(RedisParts, AnotherValueIsNoHeader) {
  for (std::size_t i = 0; i < kGolden.size(); ++i) {
    std::string other = kGolden;
    other[i] = other[i] == 'G' ? 'H' : 'G';
    EXPECT_FALSE(parse_redis_header(other)) << i;
  }
  EXPECT_FALSE(parse_redis_header(kGolden + "x"));
  EXPECT_FALSE(parse_redis_header(kGolden.substr(1)));
  EXPECT_FALSE(parse_redis_header(""));
  std::string endless = kGolden;
  endless.replace(16, 16, "7fffffffffffffff");
  EXPECT_FALSE(parse_redis_header(endless));
  endless.replace(16, 16, "ffffffffffffffff");
  EXPECT_FALSE(parse_redis_header(endless));
  std::string no_part = kGolden;
  no_part.replace(33, 8, "00000000");
  EXPECT_FALSE(parse_redis_header(no_part));
  EXPECT_TRUE(begins_as_redis_header(kGolden));
  EXPECT_TRUE(begins_as_redis_header("gopouch/parts/1 and more"));
  EXPECT_FALSE(begins_as_redis_header("gopouch/parts/1"));
}

}  // namespace
}  // namespace gopouch::object
