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

TEST(Text, SaysSeconds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(human_seconds(milliseconds(2000)), "2 s");
  EXPECT_EQ(human_seconds(milliseconds(350)), "0.35 s");
}

TEST(Text, TrimsWhiteSpace) {
  EXPECT_EQ(trim(" \t two words\r\n"), "two words");
  EXPECT_EQ(trim(" \v\f"), "");
}

TEST(Text, LowersAsciiOnly) { EXPECT_EQ(lower("Az\xC3\x89-9"), "az\xC3\x89-9"); }

TEST(Text, ReadsWholeNumbersOnly) {
  EXPECT_EQ(parse_number<int>("0"), 0);
  EXPECT_EQ(parse_number<int>("2147483647"), 2147483647);
  for (const char* const text : {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "2147483648"})
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
}

TEST(Text, ReadsSizesAndDurations) {
  EXPECT_EQ(parse_size("20GB"), 20'000'000'000);
  EXPECT_EQ(parse_size("GB"), std::nullopt);
  EXPECT_EQ(parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("7d"), std::chrono::hours(168));
  EXPECT_EQ(parse_duration("0"), std::chrono::seconds(0));
  EXPECT_EQ(parse_duration("7"), std::nullopt);
}

}  // namespace
}  // namespace gopouch::base
