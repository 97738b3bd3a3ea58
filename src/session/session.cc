#include "session/session.h"

#include "base/log.h"

namespace gopouch::session {

namespace {

// Tells the fate of a request and how long that took, where debug lines are wanted.
class Timer {
 public:
  Timer() : wanted_(base::log_enabled(base::LogLevel::kDebug)) {
    if (wanted_) start_ = Clock::now();
  }
  void log(std::string_view what, const store::ActionId& action, std::string_view fate) const {
    if (!wanted_) return;
    const std::chrono::duration<double, std::micro> time = Clock::now() - start_;
    base::log(base::LogLevel::kDebug, "{} {}: {} in {:.0f} µs", what, base::to_hex(action.hash),
              fate, time.count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool wanted_;
  Clock::time_point start_;
};

}  // namespace

std::optional<store::Hit> Session::get(const store::ActionId& action) {
  const Timer timer;
  auto found = store_.get(action);
  timer.log("get", action, found && *found ? "hit" : "miss");
  if (!found) say_fault("local get", found.error());
  if (!found || !*found) {
    ++misses_;
    return std::nullopt;
  }
  ++hits_;
  hit_bytes_ += (*found)->entry.size;
  return std::move(*found);
}

base::Result<store::Hit> Session::end_put(store::Put put) {
  const Timer timer;
  auto stored = put.commit();
  timer.log("put", put.action(), stored ? "stored" : stored.error().message);
  if (stored) {
    ++puts_;
    put_bytes_ += stored->entry.size;
  } else if (stored.error().fault != base::Fault::kInvalid) {
    say_fault("local put", stored.error());
  }
  return stored;
}

Counts Session::counts() const { return {hits_, hit_bytes_, misses_, puts_, put_bytes_, faults_}; }

// One line for the first fault; the rest are in the count.
void Session::say_fault(std::string_view what, const base::Error& error) {
  if (faults_++ == 0) base::log(base::LogLevel::kWarning, "{}: {}", what, error.message);
}

}  // namespace gopouch::session
