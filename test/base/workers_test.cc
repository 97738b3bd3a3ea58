#include "base/workers.h"

#include <atomic>
#include <set>

#include <gtest/gtest.h>

namespace gopouch::base {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Workers, DoEachJobOnce) {
  std::atomic<int> done = 0;
  {
    Workers workers(4);
    for (int i = 0; i < 1000; ++i) workers.add([&] { ++done; });
    EXPECT_TRUE(workers.wait_idle(Clock::now() + seconds(30)));
    EXPECT_EQ(done, 1000);
  }
  EXPECT_EQ(done, 1000);
}

TEST(Workers, AreAsManyAsTheyMayBe) {
  Guarded<std::set<std::thread::id>> ids;
  std::atomic<int> inside = 0, most = 0;
  Workers workers(3);
  for (int i = 0; i < 30; ++i) {
    workers.add([&] {
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      ids.lock()->insert(std::this_thread::get_id());
      std::this_thread::sleep_for(milliseconds(5));
      --inside;
    });
  }
  ASSERT_TRUE(workers.wait_idle(Clock::now() + seconds(30)));
  EXPECT_EQ(most, 3);
  EXPECT_EQ(ids.lock()->size(), 3U);
}

TEST(Workers, DropWhatHasNotBegun) {
  std::atomic<bool> go_on = false;
  std::atomic<int> done = 0;
  Workers workers(1);
  workers.add([&] {
    while (!go_on) std::this_thread::yield();
    ++done;
  });
  for (int i = 0; i < 9; ++i) workers.add([&] { ++done; });
  EXPECT_FALSE(workers.wait_idle(Clock::now() + milliseconds(20)));
  EXPECT_GE(workers.drop(), 9U);
  go_on = true;
  EXPECT_TRUE(workers.wait_idle(Clock::now() + seconds(30)));
  EXPECT_LE(done, 1);
}

TEST(Workers, EndWithoutWhatHasNotBegun) {
  std::atomic<int> done = 0;
  {
    Workers workers(1);
    for (int i = 0; i < 100; ++i) {
      workers.add([&] {
        std::this_thread::sleep_for(milliseconds(10));
        ++done;
      });
    }
  }
  EXPECT_LT(done, 100);
}

}  // namespace
}  // namespace gopouch::base
