#include "auth/reply.h"

#include <gtest/gtest.h>

namespace gopouch::auth {
namespace {

TEST(Time, IsReadAsTheToolsWriteIt) {
  const std::int64_t second = 1767225600;
  for (const char* text :
       {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00UTC", "2026-01-01T00:00:00.123456Z",
        "2026-01-01T00:00:00+00:00", "2026-01-01T01:30:00+0130", "2025-12-31 23:00:00-01:00",
        "2026-01-01T00:00:00"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, Time(std::chrono::seconds(second))) << text;
    EXPECT_EQ(format_time(*time), "2026-01-01T00:00:00Z");
  }
  EXPECT_EQ(format_time(*parse_time("2024-02-29T23:59:59Z")), "2024-02-29T23:59:59Z");
}

TEST(Time, IsRefusedWhereItIsNone) {
  for (const char* text : {"", "soon", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Zx", "-026-01-01T00:00:00Z",
                           "2026-01-01T00:00", "1767225600"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Json, GivesTheTextsAndNumbersOfAnObject) {
  const Fields fields = json_fields(R"({"a":"x","n":12,"deep":{"b":"y"},"list":[1],"no":null})");
  EXPECT_EQ(field(fields, "a"), "x");
  EXPECT_EQ(field(fields, "n"), "12");
  EXPECT_EQ(field(fields, "deep"), "");
  EXPECT_EQ(fields.size(), 2U);
  EXPECT_EQ(field(json_fields(R"({"deep":{"b":"y"}})", "deep"), "b"), "y");
}

TEST(Json, IsNothingWhereItIsBroken) {
  const std::string deep(60000, '[');
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"),
                                  std::string("\"a\""), std::string("{\"a\":\"\xFF\"}"), deep}) {
    EXPECT_TRUE(json_fields(text).empty()) << text.substr(0, 20);
    EXPECT_TRUE(json_fields(text, "a").empty()) << text.substr(0, 20);
  }
  EXPECT_TRUE(json_fields(R"({"a":"text"})", "a").empty());
}

TEST(OneLine, IsFitForAMessage) {
  EXPECT_EQ(one_line("  a\tb\nsecond "), "a b");
  EXPECT_EQ(one_line(std::string(1000, 'x')).size(), 200U);
  EXPECT_EQ(one_line("the key hush is wrong", {"", "hush"}), "");
  EXPECT_EQ(one_line("all well", {"", "hush"}), "all well");
}

}  // namespace
}  // namespace gopouch::auth
