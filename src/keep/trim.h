// Keeping the shelf small: what was unused for longest goes, in the background.
//
// The time of a file's last use is its mtime, moved by those that read it, but not at each use.
// What was used a short while ago stays, whatever the limit: it may be on its way to somebody. (A
// file that is dropped while it is sent is still sent whole.) Several servers may share a folder:
// one of them trims at a time.
//
// Knows the folder's layout (keep.h) and nothing of what is in a file.
#pragma once

#include <atomic>

#include "base/workers.h"
#include "keep/keep.h"

namespace gopouch::keep {

// A file's mtime moves on use, if it is older than this.
constexpr std::chrono::minutes kUseInterval{10};

// What was used within this time stays: longer than a fetch may take, and the lag of a mtime.
constexpr std::chrono::minutes kKeepAtLeast{30};

struct TrimReport {
  std::int64_t kept_bytes = 0, removed_bytes = 0, removed_files = 0;
};

// Drops what is older than `room` allows, and then, least recently used first, until the rest is
// within its limit, and `free` bytes have gone. Nullopt: another process is at it.
std::optional<TrimReport> trim_shelf(int dir, const Room& room, std::int64_t free,
                                     std::chrono::system_clock::time_point now);

// Says when, and trims on a thread of its own. Safe for concurrent use.
class Trimmer {
 public:
  // `dir` and `word`, which messages begin with, must outlive it.
  Trimmer(int dir, Room room, std::string_view word) : dir_(dir), room_(room), word_(word) {}

  // So many bytes were written, or none: a moment to see whether a trim is due.
  void look(std::int64_t written = 0);

  // The disk is full: drops a good piece of what was unused for longest.
  void make_room();

 private:
  using Clock = std::chrono::steady_clock;

  void begin(std::int64_t free);

  const int dir_;
  const Room room_;
  const std::string_view word_;
  std::atomic<std::int64_t> held_ = 0;     // bytes: counted by the last trim, and written since
  std::atomic<Clock::rep> last_ = 0;       // when a trim began; 0: never
  std::atomic<Clock::rep> last_room_ = 0;  // when room was last made
  std::atomic<bool> busy_ = false;
  base::Workers worker_{1, 19};  // last: ends first
};

}  // namespace gopouch::keep
