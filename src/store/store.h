// The local store: the folder on this machine where outputs are files that the go command opens.
//
// It is a Go build cache in Go's own format, by default in Go's own GOCACHE, so that what the user
// already has is warm, `go clean -cache` cleans it and the toolchain can use the same folder
// without us. Layout, record and rules come from cmd/go/internal/cache/cache.go:
//
//   xx/<action>-a   "v1 <action hex> <output hex> <size, 20 columns> <unix ns, 20 columns>\n"
//   xx/<output>-d   the output's bytes; a directory here is an executable that go put: left alone
//   trim.txt        unix seconds of the last trim, locked with flock while it is changed
//
// and one folder of ours, which neither go nor `go clean -cache` touches:
//
//   gopouch/usage   "<bytes> <unix seconds of the last count>\n"
//
// Nothing here knows of requests, sessions or remotes. Any number of processes share a folder
// without locks: a file gets its name only when it is whole, and an entry only after its output.
// Nothing is synced: a cache may forget, it may not lie. A short or missing file is a miss and is
// healed by the next put; a file that is older than this boot, and so may have lost its bytes to a
// power cut, is hashed once before it is served.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/hash.h"
#include "base/result.h"

namespace gopouch::store {

// The hash of all that goes into a step: the key.
struct ActionId {
  base::Hash hash{};
  auto operator<=>(const ActionId&) const = default;
};

// The SHA-256 of what the step gave.
struct OutputId {
  base::Hash hash{};
  auto operator<=>(const OutputId&) const = default;
};

// For unordered containers of either: an id is a hash already.
struct IdHash {
  template <typename Id>
  std::size_t operator()(const Id& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.hash.data(), sizeof hash);
    return hash;
  }
};

// Nanoseconds since the Unix epoch, as Go writes them.
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

struct Entry {
  OutputId output;
  std::int64_t size = 0;
  Time put_time;  // of the latest put of the action: `go clean -testcache` compares with it
};

// When a local hit is hashed before it is served.
enum class Verify {
  kAuto,    // a file that is older than this boot, once
  kAlways,  // each time
  kNever,
};

struct Options {
  // Must be absolute. Created when missing.
  std::filesystem::path dir;

  // Where outputs go when `dir` has no room or may not be written; made 0700 when first needed.
  // Empty: nowhere, such a put fails.
  std::filesystem::path fallback_dir;

  Verify verify = Verify::kAuto;

  // Unused for longer than this is dropped by a trim. Go's own rule is five days.
  std::chrono::seconds max_age = std::chrono::hours(5 * 24);

  // Bytes on disk that a trim aims at, least recently used first; 0 is no limit. What was used
  // within the last day stays, whatever these two say.
  std::int64_t limit = 20'000'000'000;

  // The clock, an argument so that a test can be in another year.
  std::function<Time()> now = [] { return Time(std::chrono::system_clock::now()); };
};

// An entry together with the file that holds its output.
struct Hit {
  Entry entry;
  std::string path;  // absolute; a regular file of just entry.size bytes when it was looked at
};

// What a trim did, or a count of what is there.
struct TrimReport {
  std::int64_t kept_files = 0, kept_bytes = 0;  // bytes as the disk counts them
  std::int64_t removed_files = 0, removed_bytes = 0;
};

// What a check of every file found.
struct VerifyReport {
  std::int64_t outputs = 0, entries = 0;  // whole ones
  std::int64_t bytes = 0;                 // that were hashed
  std::int64_t bad_outputs = 0;           // bytes that are not what the name says: removed
  std::int64_t bad_entries = 0;           // unreadable, or their output is gone: removed
};

class Folder;
class Store;

// One output on its way into the store. Nothing is visible before commit(), and nothing stays
// behind without it. For one thread at a time; must not outlive its Store.
class Put {
 public:
  Put(Put&&) noexcept;
  ~Put();

  const ActionId& action() const;

  // Takes the next bytes of the output. A disk that fails is remembered for commit().
  void write(std::span<const std::uint8_t> bytes);

  // Checks size and SHA-256, gives the output its name, then writes the entry. kInvalid: the bytes
  // are not what was announced; any other fault: no folder could hold them. REQUIRES: called once,
  // last.
  base::Result<Hit> commit();

 private:
  friend class Store;
  struct Rep;
  explicit Put(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// Safe for concurrent use, by threads and by processes.
class Store {
 public:
  // Opens or makes the folders. One that cannot be used is said once in the log and done without.
  explicit Store(Options options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // The latest entry of the action, if its output is here and whole; nullopt if not. A fault is one
  // of the system's (descriptors, input/output) and says nothing of the entry.
  base::Result<std::optional<Hit>> get(const ActionId& action);

  // Begins a put of `size` bytes. `put_time` is that of an entry which another machine put, and
  // counts as now where it lies in the future; nullopt: now.
  Put put(const ActionId& action, const OutputId& output, std::int64_t size,
          std::optional<Time> put_time = std::nullopt);

  // A put of the same output under one more action: `stored` is what an earlier put of this Store
  // gave. As put() otherwise, but no bytes are needed.
  base::Result<Hit> put_again(const Hit& stored, const ActionId& action,
                              std::optional<Time> put_time = std::nullopt);

  // Adds what this Store has written to the folder's count of itself, then says whether a trim is
  // due: a day after the last one, or when the count has passed the limit.
  bool trim_due();

  // Drops what is too old, then the least recently used above the limit. One process at a time:
  // nullopt when another is at it.
  std::optional<TrimReport> trim();

  // Hashes everything and removes what lies.
  VerifyReport verify();

  // Removes every entry and output. False when some are still there.
  bool clear();

 private:
  friend class Put;
  Folder* fallback();  // made when first asked for; null where there is none
  bool make_room();    // after a full disk: true when something could go

  const Options options_;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace gopouch::store
