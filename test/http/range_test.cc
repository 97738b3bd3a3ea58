#include <gtest/gtest.h>

#include "http/http.h"

namespace gopouch::http {
namespace {

std::string told(std::string_view range, std::int64_t size = 100) {
  const Range part = parse_range(range, size);
  if (part.kind == Range::Kind::kAll) return "all";
  if (part.kind == Range::Kind::kNothing) return "nothing";
  return std::to_string(part.offset) + "+" + std::to_string(part.size);
}

TEST(Range, IsOfOnePart) {
  EXPECT_EQ(told("bytes=0-0"), "0+1");
  EXPECT_EQ(told("bytes=10-19"), "10+10");
  EXPECT_EQ(told("bytes=10-"), "10+90");
  EXPECT_EQ(told("bytes=-10"), "90+10");
  EXPECT_EQ(told("bytes=-1000"), "0+100");
  EXPECT_EQ(told("bytes=99-100"), "99+1");
  EXPECT_EQ(told("bytes=0-9223372036854775807"), "0+100");
}

TEST(Range, IsToldOf) {
  const auto header = [](std::string_view range) {
    return content_range(parse_range(range, 100), 100).value;
  };
  EXPECT_EQ(header("bytes=10-19"), "bytes 10-19/100");
  EXPECT_EQ(header("bytes=100-"), "bytes */100");
}

TEST(Range, MayLieBehindTheEnd) {
  EXPECT_EQ(told("bytes=100-"), "nothing");
  EXPECT_EQ(told("bytes=-0"), "nothing");
  EXPECT_EQ(told("bytes=0-", 0), "nothing");
  EXPECT_EQ(told("bytes=-5", 0), "nothing");
}

TEST(Range, ThatIsNoneMeansAll) {
  for (const char* const range :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=7-3", "bytes=x-1", "bytes=1-x",
        "bytes=0-1,3-4", "lines=0-1", "bytes=--1", "bytes=-1-2", "bytes=0-99999999999999999999",
        "bytes= 0-1"}) {
    EXPECT_EQ(told(range), "all") << range;
  }
}

}  // namespace
}  // namespace gopouch::http
