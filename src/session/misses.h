// What go compiled since nobody had it, and how long that took: the costliest of late.
//
// The time is that from a miss to the put of the same action: what go needed to make it, and its
// turn. Shared by the sessions of a process.
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "store/store.h"

namespace gopouch::session {

// An output that was missed, and then put.
struct Miss {
  store::ActionId action;
  std::int64_t bytes = 0;
  std::chrono::milliseconds took{0};
  std::chrono::system_clock::time_point put;
};

// Safe for concurrent use.
class Misses {
 public:
  void note_miss(const store::ActionId& action);
  void note_put(const store::ActionId& action, std::int64_t bytes);

  // The costliest first, a few.
  std::vector<Miss> costliest() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct State {
    std::unordered_map<store::ActionId, Clock::time_point, store::IdHash>
        missed;  // and not put yet
    std::vector<Miss> costliest;
  };
  mutable base::Guarded<State> state_;
};

}  // namespace gopouch::session
