// How long a blocking call may take, and how it is called off.
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

namespace gopouch::base {

// Copied freely. Whoever waits for something outside the process takes one and honours both halves.
struct Call {
  using Clock = std::chrono::steady_clock;

  Clock::time_point deadline = Clock::time_point::max();
  std::stop_token stop = {};

  static Call within(std::chrono::milliseconds time, std::stop_token stop = {}) {
    return {Clock::now() + time, std::move(stop)};
  }

  // The same, but no longer than `time` from now.
  Call at_most(std::chrono::milliseconds time) const {
    return {std::min(deadline, Clock::now() + time), stop};
  }

  bool over() const { return stop.stop_requested() || Clock::now() >= deadline; }
};

// Sleeps for `time`, or less when the call is over before. False when it is.
bool pause(const Call& call, std::chrono::milliseconds time);

}  // namespace gopouch::base
