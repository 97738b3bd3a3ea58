// Sends what the local store holds to one object store, in the background.
//
// Knows how an output is made ready and sent (by a layout) and when that must end; not which
// actions are worth it, nor what a session is.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/workers.h"
#include "remote/entry.h"
#include "remote/layout.h"
#include "remote/remote.h"

namespace gopouch::remote {

// Safe for concurrent use, but for flush().
class Uploads {
 public:
  using Done = std::function<void()>;

  // All must outlive the Uploads.
  Uploads(object::Remote& objects, store::Store& local, Layout& layout, const Options& options);

  // What shall see the body of an entry on its way. Before the first put.
  using Keep =
      std::function<void(const store::Entry& entry, bool compressed, const net::Body& body)>;
  void keep_for(Keep keep) { keep_ = std::move(keep); }

  // Uploads the file of an action; with `check` only where it is not there. `done`, if any, is
  // called when that was done or given up.
  void put(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost_ms, bool check,
           Done done = {});
  // The same, of what the local store has for the action when its turn comes.
  void put_stored(const store::ActionId& action, const store::Entry& entry, std::uint32_t cost_ms,
                  bool check);

  // Does some other work among the uploads. It is told when it is to end, and says when it moves.
  using Work = std::function<void(const base::Call& call, const std::function<void()>& moved)>;
  void add(Work work);
  void note_given_up() { ++given_up_; }

  // As Remote has them.
  bool flush(std::chrono::steady_clock::time_point until, std::chrono::milliseconds stall,
             Remote::Flush what);
  std::int64_t pending() const { return queue_.lock()->all; }
  std::int64_t give_up();
  bool stopped() const { return stop_.stop_requested(); }

  struct Counts {
    std::int64_t uploads = 0, faults = 0, bytes = 0;
  };
  Counts counts() const { return {uploads_, faults_, bytes_}; }

 private:
  // Uploads that are queued or on their way.
  struct Queue {
    std::int64_t all = 0, empty = 0;  // empty: of outputs of no bytes
    std::int64_t left(Remote::Flush what) const {
      return what == Remote::Flush::kAll ? all : all - empty;
    }
  };

  void put_later(bool empty, std::function<void()> job, Done done);
  void run_later(bool empty, std::function<void()> job, Done done);
  void end_one(bool empty);
  base::Result<Encoded> encode(const Header& header, const std::string& path);
  void upload(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost_ms,
              bool check);
  base::Call call(std::chrono::milliseconds time) const {
    return base::Call::within(time, stop_.get_token());
  }

  object::Remote& objects_;
  store::Store& local_;
  Layout& layout_;
  const Options& options_;
  Keep keep_;

  // Few compressors, and whoever needs one waits for it: memory is bounded, and so is the load.
  base::Guarded<std::vector<std::unique_ptr<Encoder>>> encoders_;
  std::condition_variable encoder_free_;
  std::size_t encoders_made_ = 0;  // under the lock of encoders

  std::atomic<std::int64_t> uploads_ = 0, faults_ = 0, bytes_ = 0;
  std::atomic<std::int64_t> given_up_ = 0;  // dropped
  std::atomic<std::int64_t> moved_ = 0;     // grows while something does
  mutable base::Guarded<Queue> queue_;
  std::condition_variable shorter_;              // the queue is
  std::int64_t seen_ = -1;                       // by flush(), of what moves
  std::chrono::steady_clock::time_point since_;  // when it last saw that grow
  std::stop_source stop_;
  base::Workers workers_;  // last: ends first
};

}  // namespace gopouch::remote
