// The shared cache as sessions of a server see it: one remote::Tiers for each scope that is in
// use, so that go commands that want the same fetch it once.
//
// They read their manifests when they begin and leave new ones when they end, and both should be
// of one time: so sessions share them only if they begin within a minute (Options::sharing_time) of
// each other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "base/guarded.h"
#include "serve/serve.h"

namespace gopouch::serve {

// Safe for concurrent use.
class Remotes {
 public:
  using Clock = base::Call::Clock;

  // All must outlive it, and it the seats. REQUIRES: one object store at least.
  Remotes(std::span<object::Remote> objects, store::Store& store, const Options& options)
      : objects_(objects), store_(store), options_(options) {}

  // What all sessions had from the remotes so far.
  remote::Counts counts() const;

 private:
  struct Table;
  struct Sums {
    std::set<const Table*> tables;  // that there are
    remote::Counts ended;           // of those that are no more
  };

  // The remotes, and the sessions at them.
  struct Table {
    Table(Remotes& remotes, const remote::Options& options)
        : of(remotes), remote(remotes.objects_, remotes.store_, options) {
      of.sums_.lock()->tables.insert(this);
    }
    ~Table() {
      auto sums = of.sums_.lock();
      sums->tables.erase(this);
      sums->ended += remote.counts();
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    Remotes& of;
    remote::Tiers remote;
    const Clock::time_point since = Clock::now();
    std::size_t seats = 0;                // under the lock of tables_
    base::Guarded<bool> flushing{false};  // flush() is for one thread
    std::condition_variable flushed;
  };

 public:
  // A session's place at a table.
  class Seat {
   public:
    Seat(Remotes& remotes, const std::optional<protocol::Greeting>& scope);
    ~Seat();  // gives up what end() and finish() were not called for
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    remote::Tiers& remote() { return table_->remote; }

    // The session asks for no more. Waits for uploads while go does.
    void end();

    // Go has its answer. The last one stays until all is uploaded.
    void finish();

   private:
    void flush(std::chrono::milliseconds time, remote::Remote::Flush what);

    Remotes& remotes_;
    std::shared_ptr<Table> table_;
    bool ended_ = false, last_ = false;
  };

 private:
  std::shared_ptr<Table> join(const std::optional<protocol::Greeting>& scope);
  bool leave(const std::shared_ptr<Table>& table);  // true: nobody is left

  const std::span<object::Remote> objects_;
  store::Store& store_;
  const Options& options_;
  mutable base::Guarded<Sums> sums_;
  // The tables that may be joined, by the name of the exact scope; all zeros: none.
  base::Guarded<std::map<base::Hash, std::shared_ptr<Table>>> tables_;
};

}  // namespace gopouch::serve
