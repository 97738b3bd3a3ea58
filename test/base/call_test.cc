#include "base/call.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/secret.h"

namespace gopouch::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Call, IsOverAtItsDeadlineOrWhenStopped) {
  EXPECT_FALSE(Call().over());
  EXPECT_TRUE(Call::within(milliseconds(0)).over());
  EXPECT_FALSE(Call::within(seconds(60)).over());
  EXPECT_TRUE(Call::within(seconds(60)).at_most(milliseconds(0)).over());
  std::stop_source stop;
  const Call call = Call::within(seconds(60), stop.get_token());
  stop.request_stop();
  EXPECT_TRUE(call.over());
}

TEST(Call, APauseEndsWithIt) {
  const auto start = Call::Clock::now();
  EXPECT_TRUE(pause(Call(), milliseconds(10)));
  EXPECT_GE(Call::Clock::now() - start, milliseconds(10));
  EXPECT_FALSE(pause(Call::within(milliseconds(10)), seconds(60)));

  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(20));
    stop.request_stop();
  });
  EXPECT_FALSE(pause(Call::within(seconds(60), stop.get_token()), seconds(60)));
  EXPECT_LT(Call::Clock::now() - start, seconds(30));
}

TEST(Secret, PrintsAsStars) {
  EXPECT_EQ(fmt::format("key {}", Secret("hunter2")), "key ***");
  EXPECT_EQ(Secret("hunter2").reveal(), "hunter2");
  EXPECT_TRUE(Secret().empty());
}

}  // namespace
}  // namespace gopouch::base
