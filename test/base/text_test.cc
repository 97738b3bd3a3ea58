#include "base/text.h"

#include <gtest/gtest.h>

namespace gopouch::base {
namespace {

TEST(Text, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-123456), "-123,456");
}

TEST(Text, SaysBytesInTheNearestUnit) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'951), "1.0 MB");
  EXPECT_EQ(human_bytes(20'000'000'000), "20.0 GB");
  EXPECT_EQ(human_bytes(INT64_MAX), "9.2 EB");
}

}  // namespace
}  // namespace gopouch::base
