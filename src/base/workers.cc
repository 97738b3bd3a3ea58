#include "base/workers.h"

#include <sys/resource.h>
#include <unistd.h>

namespace gopouch::base {

Workers::~Workers() {
  std::vector<std::jthread> threads;
  {
    auto state = state_.lock();
    state->ending = true;
    state->jobs.clear();
    threads.swap(state->threads);
  }
  added_.notify_all();
}

void Workers::add(Job job) {
  auto state = state_.lock();
  state->jobs.push_back(std::move(job));
  if (state->jobs.size() > state->waiting && state->threads.size() < most_) {
    state->threads.emplace_back([this] { run(); });
  } else {
    added_.notify_one();
  }
}

std::size_t Workers::drop() {
  std::deque<Job> dropped;
  auto state = state_.lock();
  dropped.swap(state->jobs);
  if (state->running == 0) idle_.notify_all();
  return dropped.size();
}

bool Workers::wait_idle(std::chrono::steady_clock::time_point until) {
  return state_.lock().wait_until(
      idle_, until, [](const State& state) { return state.jobs.empty() && state.running == 0; });
}

void Workers::run() {
  // Linux keeps a priority for each thread.
  if (nice_ > 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_);
  auto state = state_.lock();
  while (true) {
    ++state->waiting;
    state.wait(added_, [](const State& s) { return s.ending || !s.jobs.empty(); });
    --state->waiting;
    if (state->ending) return;
    const Job job = std::move(state->jobs.front());
    state->jobs.pop_front();
    ++state->running;
    state.unlocked(job);
    --state->running;
    if (state->jobs.empty() && state->running == 0) idle_.notify_all();
  }
}

}  // namespace gopouch::base
