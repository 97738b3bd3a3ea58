#include "base/call.h"

#include <condition_variable>
#include <mutex>

namespace gopouch::base {

bool pause(const Call& call, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  const auto until = std::min(call.deadline, Call::Clock::now() + time);
  woken.wait_until(lock, call.stop, until, [] { return false; });
  return !call.over();
}

}  // namespace gopouch::base
