// What every store gets, whichever it is: each a Store around another one. stack() puts them on.
//
// What they count and find out goes to one Gauges, which the Remote shows. Time and chance come in
// as arguments, so that tests need neither.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "base/guarded.h"
#include "object/object.h"

namespace gopouch::object {

// One for each Remote; outlives its decorators. Counters are exact, flags are as of a moment ago.
struct Gauges {
  std::atomic<std::int64_t> gets = 0, hits = 0, misses = 0, puts = 0, faults = 0;
  std::atomic<std::int64_t> bytes_down = 0, bytes_up = 0, retries = 0;
  std::atomic<std::int64_t> moved = 0;  // see Remote::moved
  std::atomic<bool> open = false;       // the breaker is
  std::atomic<bool> refused = false;    // reads are, for good
  std::atomic<bool> read_only = false;

  Counts counts() const;
};

// Numbers in [0, 1). Safe for concurrent use.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}
  double roll() { return std::uniform_real_distribution<double>()(*generator_.lock()); }

 private:
  base::Guarded<std::mt19937_64> generator_;
};

// Refuses what is no Key, no Range or no prefix, with kInvalid, so that no store sees one; and
// metadata, unless the store keeps any.
std::unique_ptr<Store> check_keys(std::unique_ptr<Store> inner, bool metadata = false);

// Refuses writes with kDenied once gauges.read_only is set, and sets it when a write is refused,
// with one line for the user. `name` begins its messages.
std::unique_ptr<Store> guard_writes(std::unique_ptr<Store> inner, std::string name, Gauges& gauges);

// Counts calls and bytes.
std::unique_ptr<Store> meter(std::unique_ptr<Store> inner, Gauges& gauges);

struct BreakerOptions {
  std::string name;  // begins its messages
  int faults = 5;    // in a row open it
  std::chrono::milliseconds first_pause{1000}, pause{15'000};
  // How long reads may have failed, in sum and without a success between, before it opens however
  // few they were: somebody waits for each.
  std::chrono::milliseconds patience{2000};
  std::chrono::milliseconds probe_time{5000};
  std::function<base::Call::Clock::time_point()> now = base::Call::Clock::now;
};

// Switches off what does not work; breaker.cc has the rules.
std::unique_ptr<Store> break_circuit(std::unique_ptr<Store> inner, BreakerOptions options,
                                     Gauges& gauges);

struct RetryOptions {
  int attempts = 3;
  std::chrono::milliseconds first_pause{100};
  // No attempt of a read begins later than this after its first.
  std::chrono::milliseconds patience{2000};
  std::function<double()> random;  // in [0, 1)
};

// Tries again what was kUnavailable, unless gauges.open; retry.cc has the rules.
std::unique_ptr<Store> retry(std::unique_ptr<Store> inner, RetryOptions options, Gauges& gauges);

// Lets `rate` of the calls fail: half of them before the store sees them, half after it has done
// its part, as when a reply is lost.
std::unique_ptr<Store> fail_at_random(std::unique_ptr<Store> inner, double rate,
                                      std::uint64_t seed);

// All of them, in their order.
std::unique_ptr<Store> stack(std::unique_ptr<Store> backend, const std::string& name,
                             const Features& features, const Options& options, Gauges& gauges);

}  // namespace gopouch::object
