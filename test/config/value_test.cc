#include "config/value.h"

#include <gtest/gtest.h>

namespace gopouch::config {
namespace {

// The value as a number, or -1 where the word is none.
std::int64_t number(Kind kind, std::string_view text, std::string_view choices = "") {
  const auto value = parse_value(kind, choices, text);
  return value ? value->number : -1;
}

struct Row {
  std::string_view text;
  std::int64_t number;
};

TEST(Value, SizesAreOfBothKinds) {
  for (const auto& [text, bytes] : {Row{"0", 0},
                                    {"4096", 4096},
                                    {"1B", 1},
                                    {"1kB", 1000},
                                    {"1KB", 1000},
                                    {"20GB", 20'000'000'000},
                                    {"20gb", 20'000'000'000},
                                    {"3TB", 3'000'000'000'000},
                                    {"2MB", 2'000'000},
                                    {"1KiB", 1024},
                                    {"500MiB", 524'288'000},
                                    {"1GiB", 1'073'741'824},
                                    {"2TiB", 2'199'023'255'552},
                                    {"9223372036854775807", INT64_MAX}})
    EXPECT_EQ(number(Kind::kSize, text), bytes) << text;
}

TEST(Value, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "-1", "+1", "GB", "20XB", "20G", "20 GB", "1.5GB", "0x10", "1GB ",
                           "1e3", "9223372036854775808", "9223373TB", "99999999999999999999"})
    EXPECT_EQ(number(Kind::kSize, text), -1) << text;
}

TEST(Value, DurationsAreGosAndDays) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  for (const auto& [text, ns] : {Row{"0", 0},
                                 {"0s", 0},
                                 {"90s", 90 * kSecond},
                                 {"1h30m", 5400 * kSecond},
                                 {"5d", 432'000 * kSecond},
                                 {"1d12h", 129'600 * kSecond},
                                 {"1.5h", 5400 * kSecond},
                                 {"0.5d", 43'200 * kSecond},
                                 {"1.s", kSecond},
                                 {"250ms", kSecond / 4},
                                 {"3us", 3000},
                                 {"3µs", 3000},
                                 {"7ns", 7},
                                 {"1s1s", 2 * kSecond}})
    EXPECT_EQ(number(Kind::kDuration, text), ns) << text;
}

TEST(Value, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "5", "-1h", "h", "5 d", "5y", "1h30", ".5h", "1..5h", "1h-1m",
                           "106752d", "9223372036s9223372036s", "99999999999999999999s"})
    EXPECT_EQ(number(Kind::kDuration, text), -1) << text;
}

TEST(Value, BoolsAreWordsAndNothingElse) {
  for (const char* text : {"true", "1", "yes", "on", "TRUE", "Yes", "t"})
    EXPECT_EQ(number(Kind::kBool, text), 1) << text;
  for (const char* text : {"false", "0", "no", "off", "OFF", "f"})
    EXPECT_EQ(number(Kind::kBool, text), 0) << text;
  for (const char* text : {"", "2", "maybe", "truee", "y", " true"})
    EXPECT_EQ(number(Kind::kBool, text), -1) << text;
}

TEST(Value, NumbersAndFractions) {
  EXPECT_EQ(number(Kind::kNumber, "16"), 16);
  for (const char* text : {"", "-1", "1.5", "x", "16x"})
    EXPECT_EQ(number(Kind::kNumber, text), -1) << text;
  EXPECT_EQ(number(Kind::kFraction, "0"), 0);
  EXPECT_EQ(number(Kind::kFraction, "0.0"), 0);
  EXPECT_EQ(number(Kind::kFraction, "0.25"), 250'000);
  EXPECT_EQ(number(Kind::kFraction, "1"), 1'000'000);
  for (const char* text : {"", "-0.1", "1.01", "nan", "inf", "0,5", "0.5x"})
    EXPECT_EQ(number(Kind::kFraction, text), -1) << text;
}

TEST(Value, AChoiceIsItsIndex) {
  EXPECT_EQ(number(Kind::kEnum, "auto", "auto|always|never"), 0);
  EXPECT_EQ(number(Kind::kEnum, "never", "auto|always|never"), 2);
  for (const char* text : {"", "Auto", "au", "auto|always"})
    EXPECT_EQ(number(Kind::kEnum, text, "auto|always|never"), -1) << text;
  EXPECT_EQ(parse_value(Kind::kEnum, "a|b", "c").error().message, "\"c\" is none of a, b");
}

TEST(Value, TextHasNoControlCharacters) {
  EXPECT_TRUE(parse_value(Kind::kText, "", "Größe 5"));
  EXPECT_FALSE(parse_value(Kind::kFolder, "", "/a\nb"));
  EXPECT_FALSE(parse_value(Kind::kSecret, "", std::string_view("a\0b", 3)));
}

TEST(Value, TheSameInOtherWordsIsTheSame) {
  const auto same = [](Kind kind, std::string_view a, std::string_view b) {
    return same_value(kind, *parse_value(kind, "", a), *parse_value(kind, "", b));
  };
  EXPECT_TRUE(same(Kind::kSize, "1kB", "1000"));
  EXPECT_TRUE(same(Kind::kDuration, "60m", "1h"));
  EXPECT_TRUE(same(Kind::kBool, "yes", "1"));
  EXPECT_FALSE(same(Kind::kSize, "1kB", "1KiB"));
  EXPECT_FALSE(same(Kind::kFolder, "/a", "/b"));
}

TEST(Value, AQuoteTellsNoPassword) {
  EXPECT_EQ(quote("redis://user:pa@ss/word@host:1/x"), "\"redis://host:1/x\"");
  EXPECT_EQ(quote("https://host/path"), "\"https://host/path\"");
  EXPECT_EQ(quote("a\nb\x1b[1m"), "\"a?b?[1m\"");
  EXPECT_LT(quote(std::string(1000, 'x')).size(), 100U);
}

TEST(Value, ADisplayTellsNoSecret) {
  EXPECT_EQ(display(Kind::kSecret, "hunter2"), "***");
  EXPECT_EQ(display(Kind::kUrl, "https://u:p@host/x"), "https://host/x");
  EXPECT_EQ(display(Kind::kList, "s3://k:s@b"), "s3://b");
  EXPECT_EQ(display(Kind::kSize, "20GB"), "20GB");
}

TEST(Value, TheNearestWordIsCloseOrNone) {
  const auto nearest = [](std::string_view text) {
    Nearest among(text);
    for (const char* word : {"cache-dir", "cache-limit", "stats"}) among.consider(word);
    return among.hint("--");
  };
  EXPECT_EQ(nearest("cach-limit"), "; did you mean --cache-limit?");
  EXPECT_EQ(nearest("stat"), "; did you mean --stats?");
  EXPECT_EQ(nearest("x"), "");
  EXPECT_EQ(nearest("something"), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'c')), "");
}

}  // namespace
}  // namespace gopouch::config
