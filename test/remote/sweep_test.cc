// What a sweep leaves and takes, in a folder with objects of many ages.
#include <gtest/gtest.h>

#include "remote/remote.h"
#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

using std::chrono::hours;

class SweepTest : public test::StoreTest {
 protected:
  SweepTest() : objects_(*object::open("file://" + (temp_ / "shared").string(), {})) {
    options_.max_age = hours(100);
    options_.now = [this] { return std::chrono::floor<std::chrono::seconds>(now_); };
  }

  // A session that uses what `numbers` gave, under a scope.
  void session(const std::string& scope, const std::vector<std::uint8_t>& numbers) {
    store::Options local = options();
    local.dir = temp_ / scope;
    store::Store store(local);
    Options how;
    how.temp_dir = temp_.path();
    how.packs.scope = [&] { return std::pair(output_of(scope).hash, output_of(scope).hash); };
    Remote shared(objects_, store, how);
    for (const std::uint8_t number : numbers) {
      const auto found = shared.get(action(number), base::Call::within(hours(1)));
      if (found && *found) continue;
      const auto stored =
          put(store, action(number), std::string(50'000, static_cast<char>(number)));
      ASSERT_TRUE(stored);
      shared.put(action(number), *stored);
    }
    shared.close();
    ASSERT_TRUE(shared.flush(std::chrono::steady_clock::now() + hours(1), hours(1)));
  }

  std::size_t count(const std::string& kind) const {
    const auto folder = temp_ / "shared" / "v1" / kind;
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                  std::filesystem::directory_iterator()));
  }

  base::Result<SweepReport> sweep() { return remote::sweep(objects_.store(), options_, {}); }

  object::Remote objects_;
  SweepOptions options_;
};

TEST_F(SweepTest, TakesNothingThatIsFreshOrNamed) {
  session("a", {1, 2, 3});
  now_ += hours(99);
  const auto report = sweep();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->kept.objects, 3 + 1 + 1);
  EXPECT_EQ(report->entries.objects + report->packs.objects + report->manifests.objects, 0);
}

TEST_F(SweepTest, TakesWhatIsOld) {
  session("a", {1, 2, 3});
  now_ += hours(101);
  options_.dry_run = true;
  EXPECT_EQ(sweep()->entries.objects, 3);
  EXPECT_EQ(count("e"), 3U);
  options_.dry_run = false;
  const auto report = sweep();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->manifests.objects, 1);
  EXPECT_EQ(report->packs.objects, 1) << "nobody names it any more";
  EXPECT_EQ(report->entries.objects, 3);
  EXPECT_EQ(count("e") + count("p") + count("m"), 0U);
}

TEST_F(SweepTest, TakesPacksThatNobodyNamesWhenTheyAreOldEnough) {
  session("a", {1, 2, 3});
  std::filesystem::remove_all(temp_ / "shared" / "v1" / "m");
  now_ += hours(23);
  EXPECT_EQ(sweep()->packs.objects, 0) << "a session may be about to name it";
  now_ += hours(2);
  EXPECT_EQ(sweep()->packs.objects, 1);
  EXPECT_EQ(count("e"), 3U);
}

TEST_F(SweepTest, TakesNoPackWhileAManifestCannotBeRead) {
  session("a", {1, 2, 3});
  session("b", {4, 5});
  for (const auto& file : std::filesystem::directory_iterator(temp_ / "shared" / "v1" / "m")) {
    test::write(file.path(), "of a later version");
    break;
  }
  options_.grace = hours(0);
  now_ += hours(1);
  EXPECT_FALSE(sweep());
  EXPECT_EQ(count("p"), 2U);
}

TEST_F(SweepTest, LeavesWhatIsOfOthers) {
  test::write(temp_ / "shared" / "v1" / "p" / "notes.txt", "x");
  test::write(temp_ / "shared" / "v1" / "else" / "y", "x");
  now_ += hours(1000);
  ASSERT_TRUE(sweep());
  EXPECT_TRUE(std::filesystem::exists(temp_ / "shared" / "v1" / "p" / "notes.txt"));
  EXPECT_TRUE(std::filesystem::exists(temp_ / "shared" / "v1" / "else" / "y"));
}

}  // namespace
}  // namespace gopouch::remote
