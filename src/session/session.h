// A session: what one go command asks for, answered from the local store, then from the remote.
//
// The one place where a fault becomes a miss: from here on there are only answers that go can use.
// Knows nothing of how requests arrive.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/workers.h"
#include "remote/remote.h"
#include "session/flights.h"
#include "session/misses.h"
#include "store/store.h"

namespace gopouch::session {

struct Options {
  std::size_t fetches = 64;   // gets that may wait for the remote at once
  bool sync_uploads = false;  // a put is answered after its upload
};

// What a session did so far.
struct Counts {
  Counts& operator+=(const Counts& other);

  std::int64_t hits = 0, hit_bytes = 0;  // local and remote
  std::int64_t misses = 0;
  std::int64_t puts = 0, put_bytes = 0;
  std::int64_t faults = 0;  // gets that the disk failed, and puts that no folder could hold
};

// Safe for concurrent use.
class Session {
 public:
  // All must outlive the session; no remote: null. `flights` are what sessions of one store share,
  // so that what two of them want is fetched once; `misses` are told what go had to make.
  explicit Session(store::Store& store, remote::Tiers* remote = nullptr, Options options = {},
                   Flights* flights = nullptr, Misses* misses = nullptr);
  ~Session();  // cancels what is still fetched

  // Calls `done` with the hit for an action, or nullopt, a miss: at once and on this thread where
  // the local store tells, else later and on another.
  using OnGet = std::function<void(std::optional<store::Hit>)>;
  void get(const store::ActionId& action, OnGet done);

  // Begins a put; finish it with end_put().
  store::Put put(const store::ActionId& action, const store::OutputId& output, std::int64_t size) {
    return store_.put(action, output, size);
  }

  // Calls `done` with the stored file, or with why go must be told that the put failed: at once, or
  // after the upload where that was asked for.
  using OnPut = std::function<void(const base::Result<store::Hit>&)>;
  void end_put(store::Put put, OnPut done);

  // Returns when every get and put has its answer.
  void wait();

  // Nobody wants the answers any more: what waits for the remote is a miss now.
  void cancel();

  Counts counts() const;

 private:
  void fetch(const store::ActionId& action, const OnGet& done);
  void count_miss(const store::ActionId& action);
  base::Result<std::optional<store::Hit>> fetch_once(const store::ActionId& action,
                                                     const base::Call& call);
  void say_fault(std::string_view what, const base::Error& error);
  void begin() { ++*pending_.lock(); }
  void end();

  store::Store& store_;
  remote::Tiers* const remote_;
  const Options options_;
  Flights* const flights_;
  Misses* const misses_;
  std::atomic<std::int64_t> hits_ = 0, hit_bytes_ = 0, missed_ = 0;
  std::atomic<std::int64_t> puts_ = 0, put_bytes_ = 0, faults_ = 0;
  std::stop_source stop_;
  base::Guarded<std::int64_t> pending_{0};  // answers that are to come
  std::condition_variable none_pending_;
  base::Workers fetchers_;  // last: ends first
};

}  // namespace gopouch::session
