// Threads that take jobs from a queue.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace gopouch::base {

// Safe for concurrent use. Threads come into being as jobs do, up to `most` of them, and end with
// the Workers. A job must not throw.
class Workers {
 public:
  using Job = std::function<void()>;

  // With `nice` above 0 the threads give way to everything else on the machine.
  explicit Workers(std::size_t most, int nice = 0) : most_(most), nice_(nice) {}
  ~Workers();  // drops what has not begun and waits for what has

  void add(Job job);

  // Drops what has not begun; how many jobs that was.
  std::size_t drop();

  // Waits until nothing is queued or running, `until` at the latest. False when something is.
  bool wait_idle(std::chrono::steady_clock::time_point until);

 private:
  struct State {
    std::deque<Job> jobs;
    std::size_t running = 0, waiting = 0;  // threads in a job, threads without one
    bool ending = false;
    std::vector<std::jthread> threads;
  };

  void run();

  const std::size_t most_;
  const int nice_;
  std::condition_variable added_, idle_;
  Guarded<State> state_;
};

}  // namespace gopouch::base
