// A file on its way from upstream: written by one, read by all who want it, while it comes.
#pragma once

#include <condition_variable>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "proxy/shelf.h"

namespace gopouch::proxy {

// What came of it.
struct Outcome {
  int status = 0;  // 200: the file; else `text`
  std::string text;
  std::string_view word;     // for the log: "miss", "stale"
  std::optional<Kept> kept;  // of a 200 that was here before
};

// Safe for concurrent use by one writer and many readers.
class Download {
 public:
  // The writer's side.

  // A new attempt: what comes next begins at the first byte. Bytes that are here already must come
  // again as they were.
  void begin() { at_ = 0; }
  // False: the disk is full, or the bytes are others than those before.
  bool write(Shelf& shelf, const base::Hash& name, std::span<const std::uint8_t> bytes);
  Draft* draft() { return draft_.get(); }
  void finish(Outcome outcome);
  bool started() const { return draft_ != nullptr; }

  // The readers' side.

  // Waits until the first bytes are here, or all is over. Null: not over yet.
  const Outcome* wait_for_start();
  // More than `from` bytes of the body, or the end: how many are here.
  std::int64_t wait_for_more(std::int64_t from);
  // Waits until all is over.
  const Outcome& wait_for_end();
  // The bytes that are here: of the draft's file. REQUIRES: started.
  int fd() const { return draft_->fd(); }

 private:
  struct State {
    std::int64_t size = 0;
    std::optional<Outcome> outcome;
  };
  std::unique_ptr<Draft> draft_;  // set before the first byte is told of
  std::int64_t at_ = 0;
  base::Guarded<State> state_;
  std::condition_variable moved_;
};

}  // namespace gopouch::proxy
