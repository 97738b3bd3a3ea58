#include "store/record.h"

#include <gtest/gtest.h>

namespace gopouch::store {
namespace {

// A record that Go 1.26 wrote.
constexpr std::string_view kGolden =
    "v1 00000000000000000000000000000000000000000000000000000000000000ff "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
    "              175932  1763712345678901234\n";

ActionId golden_action() {
  ActionId action;
  action.hash[31] = 0xff;
  return action;
}

TEST(Record, ReadsAndWritesGosOwn) {
  const auto entry = parse_record(kGolden, golden_action());
  ASSERT_TRUE(entry);
  EXPECT_EQ(base::to_hex(entry->output.hash),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(entry->size, 175932);
  EXPECT_EQ(entry->put_time.time_since_epoch().count(), 1763712345678901234);
  EXPECT_EQ(format_record(golden_action(), *entry), kGolden);
}

TEST(Record, RefusesAnotherAction) { EXPECT_FALSE(parse_record(kGolden, ActionId())); }

TEST(Record, RefusesEveryShorterAndLongerText) {
  for (std::size_t size = 0; size < kGolden.size(); ++size) {
    EXPECT_FALSE(parse_record(kGolden.substr(0, size), golden_action())) << size;
  }
  EXPECT_FALSE(parse_record(std::string(kGolden) + "\n", golden_action()));
}

TEST(Record, RefusesEveryWrongCharacter) {
  for (std::size_t at = 0; at < kGolden.size(); ++at) {
    std::string text(kGolden);
    text[at] = '~';
    EXPECT_FALSE(parse_record(text, golden_action())) << at;
  }
}

TEST(Record, RefusesNumbersThatAreNone) {
  for (const char* number :
       {"                    ", "                  -1", "9999999999999999999999",
        "                 1 2", "1                   "}) {
    std::string text(kGolden);
    text.replace(133, 20, number, 20);
    EXPECT_FALSE(parse_record(text, golden_action())) << number;
    text = kGolden;
    text.replace(154, 20, number, 20);
    EXPECT_FALSE(parse_record(text, golden_action())) << number;
  }
}

}  // namespace
}  // namespace gopouch::store
