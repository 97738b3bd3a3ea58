#include "store/gc.h"

#include <gtest/gtest.h>

#include "store/store.h"
#include "test/support/store_fixture.h"

namespace gopouch::store {
namespace {

using std::chrono::hours;
using test::StoreTest;

class GcTest : public StoreTest {
 protected:
  // An entry with its output, both last used `age` ago.
  void put_aged(Store& store, std::uint8_t number, std::string_view text, hours age) {
    ASSERT_TRUE(put(store, action(number), text).ok());
    set_mtime(path_of(text), now_ - age);
    set_mtime(entry_of(action(number)), now_ - age);
  }
  bool has(std::uint8_t number, std::string_view text) const {
    return std::filesystem::exists(path_of(text)) &&
           std::filesystem::exists(entry_of(action(number)));
  }
};

TEST_F(GcTest, DropsWhatWasUnusedForFiveDays) {
  Store store(options());
  put_aged(store, 1, "old", hours(5 * 24 + 2));
  put_aged(store, 2, "younger", hours(5 * 24));
  test::write(dir() / "fuzz/corpus", "not ours");
  const auto report = store.trim();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->removed_files, 2);
  EXPECT_EQ(report->kept_files, 2);
  EXPECT_FALSE(has(1, "old"));
  EXPECT_TRUE(has(2, "younger"));
  EXPECT_EQ(test::read(dir() / "fuzz/corpus"), "not ours");
}

TEST_F(GcTest, DropsOldExecutablesOfGo) {
  Store store(options());
  test::write(path_of("executable") / "program", "executable");
  set_mtime(path_of("executable"), now_ - hours(5 * 24 + 2));
  ASSERT_TRUE(store.trim());
  EXPECT_FALSE(std::filesystem::exists(path_of("executable")));
}

TEST_F(GcTest, DropsTheLeastRecentlyUsedAboveTheLimit) {
  Options limited = options();
  limited.limit = 60'000;
  Store store(limited);
  const std::string pad(19'000, 'x');  // with its entry 24 kB on disk
  put_aged(store, 1, "1" + pad, hours(72));
  put_aged(store, 2, "2" + pad, hours(96));
  put_aged(store, 3, "3" + pad, hours(48));
  const auto report = store.trim();
  ASSERT_TRUE(report);
  EXPECT_FALSE(has(2, "2" + pad));
  EXPECT_TRUE(has(3, "3" + pad));
  EXPECT_LE(report->kept_bytes, limited.limit);
}

TEST_F(GcTest, KeepsWhatWasUsedWithinADayWhateverIsAsked) {
  Options limited = options();
  limited.limit = 1;
  limited.max_age = std::chrono::seconds(1);
  Store store(limited);
  put_aged(store, 1, "yesterday", hours(24));
  put_aged(store, 2, "before", hours(26));
  ASSERT_TRUE(store.trim());
  EXPECT_TRUE(has(1, "yesterday"));
  EXPECT_FALSE(has(2, "before"));
}

TEST_F(GcTest, DropsHiddenFilesOfTheDead) {
  Store store(options());
  test::write(dir() / "ab/.gopouch-1-1", "half");
  test::write(dir() / "ab/.gopouch-2-1", "being written");
  set_mtime(dir() / "ab/.gopouch-1-1", now_ - hours(2));
  set_mtime(dir() / "ab/.gopouch-2-1", now_);
  ASSERT_TRUE(store.trim());
  EXPECT_FALSE(std::filesystem::exists(dir() / "ab/.gopouch-1-1"));
  EXPECT_TRUE(std::filesystem::exists(dir() / "ab/.gopouch-2-1"));
}

TEST_F(GcTest, IsDueOnceADay) {
  Store store(options());
  EXPECT_TRUE(store.trim_due()) << "never trimmed";
  ASSERT_TRUE(store.trim());
  EXPECT_FALSE(store.trim_due());
  now_ += hours(23);
  EXPECT_FALSE(store.trim_due());
  now_ += hours(1);
  EXPECT_TRUE(store.trim_due());
  test::write(dir() / "trim.txt", "no number");
  EXPECT_TRUE(store.trim_due());
}

TEST_F(GcTest, IsDueWhenTheLimitIsPassed) {
  Options limited = options();
  limited.limit = 100'000;
  ASSERT_TRUE(Store(limited).trim());
  {
    Store store(limited);
    ASSERT_TRUE(put(store, action(1), std::string(60'000, 'x')).ok());
    EXPECT_FALSE(store.trim_due());
  }
  Store store(limited);
  ASSERT_TRUE(put(store, action(2), std::string(60'001, 'x')).ok());
  EXPECT_FALSE(store.trim_due()) << "the last trim was a moment ago";
  now_ += hours(2);
  EXPECT_TRUE(store.trim_due());
}

TEST_F(GcTest, HonoursATrimThatGoDid) {
  Options unlimited = options();
  unlimited.limit = 0;
  Store store(unlimited);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
  test::write(dir() / "trim.txt", std::to_string(seconds - 3600));
  EXPECT_FALSE(store.trim_due());
}

TEST_F(GcTest, FreesSomeForAFullDisk) {
  Store store(options());
  const auto folder = Folder::open(dir(), false);
  put_aged(store, 1, "recent", hours(24));
  EXPECT_FALSE(free_some(**folder, now_));
  put_aged(store, 2, "old", hours(48));
  EXPECT_TRUE(free_some(**folder, now_));
  EXPECT_TRUE(has(1, "recent"));
  EXPECT_FALSE(has(2, "old"));
}

TEST_F(GcTest, VerifyRemovesWhatLies) {
  Store store(options());
  put_aged(store, 1, "good", hours(2));
  put_aged(store, 2, "flipped", hours(2));
  put_aged(store, 3, "lost", hours(2));
  put_aged(store, 4, "no record", hours(2));
  test::write(path_of("executable") / "program", "executable");
  test::write(path_of("flipped"), "FLIPPED");
  set_mtime(path_of("flipped"), now_ - hours(2));
  std::filesystem::remove(path_of("lost"));
  test::write(entry_of(action(4)), "");

  const VerifyReport report = store.verify();
  EXPECT_EQ(report.outputs, 2);  // "good", "no record"
  EXPECT_EQ(report.bytes, 4 + 9);
  EXPECT_EQ(report.entries, 1);
  EXPECT_EQ(report.bad_outputs, 1);
  EXPECT_EQ(report.bad_entries, 3);
  EXPECT_TRUE(get(store, action(1)));
  EXPECT_TRUE(std::filesystem::exists(path_of("executable")));

  const VerifyReport again = store.verify();
  EXPECT_EQ(again.bad_outputs + again.bad_entries, 0);
}

TEST_F(GcTest, ClearLeavesNothingOfTheCache) {
  Store store(options());
  put_aged(store, 1, "x", hours(2));
  test::write(dir() / "fuzz/corpus", "not ours");
  ASSERT_TRUE(store.trim());
  EXPECT_TRUE(store.clear());
  EXPECT_FALSE(get(store, action(1)));
  EXPECT_EQ(test::count_files(dir()), 2) << "trim.txt and the fuzz corpus";
}

}  // namespace
}  // namespace gopouch::store
