#include "keep/trim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/files.h"
#include "test/support/temp_dir.h"

namespace gopouch::keep {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int64_t kSize = 1 << 20;

class TrimTest : public testing::Test {
 protected:
  // A file that was used so long ago.
  void add(const std::string& name, std::chrono::seconds age) {
    test::write(dir_ / name, std::string(kSize, 'x'));
    const timespec used{.tv_sec = std::time(nullptr) - age.count(), .tv_nsec = 0};
    const std::array<timespec, 2> times{used, used};
    ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / name).c_str(), times.data(), 0), 0);
  }
  bool has(const std::string& name) const { return std::filesystem::exists(dir_ / name); }
  std::optional<TrimReport> trim(const Room& room, std::int64_t free = 0) {
    const base::Fd fd(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return trim_shelf(fd.get(), room, free, std::chrono::system_clock::now());
  }

  test::TempDir dir_;
};

TEST_F(TrimTest, DropsWhatWasUnusedForLongest) {
  add("00/a", hours(1));
  add("ff/b", hours(3));
  add("80/c", hours(2));
  const auto report = trim({.limit = 5 * kSize / 2, .max_age = {}});
  EXPECT_EQ(report->removed_files, 1);
  EXPECT_GE(report->removed_bytes, kSize);
  EXPECT_LE(report->kept_bytes, 5 * kSize / 2);
  EXPECT_FALSE(has("ff/b"));
  EXPECT_TRUE(has("00/a") && has("80/c"));
}

TEST_F(TrimTest, DropsWhatWasUnusedForTooLong) {
  add("00/a", hours(1));
  add("ff/b", hours(50));
  EXPECT_EQ(trim({.limit = 0, .max_age = hours(48)})->removed_files, 1);
  EXPECT_TRUE(has("00/a"));
  EXPECT_FALSE(has("ff/b"));
  EXPECT_EQ(trim({.limit = 0, .max_age = {}})->removed_files, 0);
}

TEST_F(TrimTest, KeepsWhatMayBeOnItsWay) {
  add("00/a", minutes(5));
  add("ff/b", minutes(-5));
  EXPECT_EQ(trim({.limit = 1, .max_age = std::chrono::seconds(1)}, 1 << 30)->removed_files, 0);
}

TEST_F(TrimTest, MakesRoom) {
  add("00/a", hours(1));
  add("ff/b", hours(3));
  EXPECT_EQ(trim({.limit = 0, .max_age = {}}, kSize)->removed_files, 1);
  EXPECT_TRUE(has("00/a"));
}

TEST_F(TrimTest, RemovesWhatKilledProcessesLeft) {
  add("00/.gopouch-1", hours(2));
  add("00/.gopouch-2", minutes(5));
  add("strange", hours(1000));
  ASSERT_TRUE(base::is_hidden_name(".gopouch-1"));
  trim({.limit = 0, .max_age = {}});
  EXPECT_FALSE(has("00/.gopouch-1"));
  EXPECT_TRUE(has("00/.gopouch-2") && has("strange"));
}

TEST_F(TrimTest, IsForOneAtATime) {
  add("ff/b", hours(50));
  const base::Fd lock(::open((dir_ / "trim").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  EXPECT_FALSE(trim({.limit = 1, .max_age = hours(1)}));
  EXPECT_TRUE(has("ff/b"));
}

}  // namespace
}  // namespace gopouch::keep
