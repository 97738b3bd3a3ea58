// A session: what one go command asks for, answered from the local store.
//
// The one place where a fault becomes a miss: from here on there are only answers that go can use.
// Knows nothing of how requests arrive.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace gopouch::session {

// What a session did so far.
struct Counts {
  std::int64_t hits = 0, hit_bytes = 0;
  std::int64_t misses = 0;
  std::int64_t puts = 0, put_bytes = 0;
  std::int64_t faults = 0;  // gets that the disk failed, and puts that no folder could hold
};

// Safe for concurrent use.
class Session {
 public:
  // `store` must outlive the session.
  explicit Session(store::Store& store) : store_(store) {}

  // The hit for an action, or nullopt: a miss.
  std::optional<store::Hit> get(const store::ActionId& action);

  // Begins a put; finish it with end_put().
  store::Put put(const store::ActionId& action, const store::OutputId& output, std::int64_t size) {
    return store_.put(action, output, size);
  }

  // The stored file; or why go must be told that the put failed.
  base::Result<store::Hit> end_put(store::Put put);

  Counts counts() const;

 private:
  void say_fault(std::string_view what, const base::Error& error);

  store::Store& store_;
  std::atomic<std::int64_t> hits_ = 0, hit_bytes_ = 0, misses_ = 0;
  std::atomic<std::int64_t> puts_ = 0, put_bytes_ = 0, faults_ = 0;
};

}  // namespace gopouch::session
