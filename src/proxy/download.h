// A file on its way from upstream: written by one, read by all who want it, while it comes.
//
// Its bytes lie in the shelf's draft. Where the disk takes no more of them they lie in memory, not
// more than a window of them: the writer waits for the slowest reader then, and the file is not
// kept.
#pragma once

#include <condition_variable>
#include <map>
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
  // False: nobody wants it any more, or the bytes are others than those before.
  bool write(Shelf& shelf, const base::Hash& name, std::span<const std::uint8_t> bytes);
  // What can be kept; null: nothing was written, or the disk did not take all of it.
  Draft* draft() { return memory_ ? nullptr : draft_.get(); }
  void finish(Outcome outcome);
  bool started() const { return draft_ != nullptr || memory_; }

  // A reader's side. For one thread.
  class Reader {
   public:
    Reader(Reader&&) noexcept = default;
    Reader& operator=(Reader&&) = delete;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader();

    // Waits until the first bytes are here, or all is over. Null: not over yet.
    const Outcome* wait_for_start();
    // Waits until all is over.
    const Outcome& wait_for_end();
    // The next bytes, once they are here; 0: there are no more.
    base::Result<std::size_t> read(std::span<char> space);
    bool started() const { return download_->started(); }

   private:
    friend class Download;
    explicit Reader(std::shared_ptr<Download> download) : download_(std::move(download)) {}
    std::shared_ptr<Download> download_;  // with the writer and the other readers
    std::int64_t at_ = 0;
  };

  // nullopt: its beginning is gone.
  static std::optional<Reader> join(const std::shared_ptr<Download>& download);

 private:
  struct State {
    std::int64_t size = 0;     // bytes that came
    std::int64_t on_disk = 0;  // of them, in the draft; the rest is in memory
    std::int64_t gone = 0;     // bytes in memory before this one are there no more; 0: none were
    std::map<std::int64_t, std::size_t> readers;  // by the byte that is next for them
    std::optional<Outcome> outcome;
  };

  bool keep_in_memory(std::span<const std::uint8_t> bytes);
  bool make_room(std::int64_t bytes);
  bool came_before(std::span<const std::uint8_t> bytes);
  std::int64_t copy(std::int64_t at, std::int64_t on_disk, std::span<char> space) const;

  std::unique_ptr<Draft> draft_;  // this and memory_ are set before their first byte is told of
  base::Fd memory_;
  std::int64_t at_ = 0;
  base::Guarded<State> state_;
  std::condition_variable moved_;
};

}  // namespace gopouch::proxy
