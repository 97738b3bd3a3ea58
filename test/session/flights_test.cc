#include "session/flights.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gopouch::session {
namespace {

constexpr std::chrono::seconds kTime{30};

store::ActionId action(std::uint8_t number) { return {{number}}; }

TEST(Flights, OneFliesAndTheOthersWait) {
  Flights flights;
  std::atomic<int> first = 0, landed = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Flights::Flight flight(flights, action(1), base::Call::within(kTime));
      if (flight.first()) {
        ++first;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        ++landed;
      } else {
        EXPECT_EQ(landed, first.load());
      }
    });
  }
  threads.clear();
  EXPECT_GE(first, 1);
}

TEST(Flights, OfOtherActionsDoNotWait) {
  Flights flights;
  const Flights::Flight one(flights, action(1), {});
  const Flights::Flight other(flights, action(2), {});
  EXPECT_TRUE(one.first());
  EXPECT_TRUE(other.first());
}

TEST(Flights, NobodyWaitsForLongerThanHisCall) {
  Flights flights;
  const Flights::Flight one(flights, action(1), {});
  const Flights::Flight late(flights, action(1), base::Call::within(std::chrono::milliseconds(20)));
  EXPECT_FALSE(late.first());

  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  const Flights::Flight stopped(flights, action(1), base::Call::within(kTime, stop.get_token()));
  EXPECT_FALSE(stopped.first());
}

}  // namespace
}  // namespace gopouch::session
