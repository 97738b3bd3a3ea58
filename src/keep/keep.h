// Files that are kept: on this disk, and in the object stores that machines share; and files on
// their way there, written by one, read by all who want them, while they come.
//
//   <dir>/xx/<sha256 of the name, hex>       on the disk; xx: its first two digits
//   v1/mod/<sha256 of the name, hex>         in the object stores; v1/mod/: Label::shared
//
// A file is the body, then what is known of it, so that it is whole or none (little-endian):
//
//   file  = body  etag  last-modified  foot
//   foot  = "gopouchM"  u32 version (1)  u16 size of etag  u16 size of last-modified
//           u64 size of body  i64 unix seconds of the fetch  sha256 of all before it
//
// On the disk the sizes are believed; what comes from an object store is hashed. The mtime of a
// file is that of its last use, more or less (trim.h). Nothing here knows what the files are.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/guarded.h"
#include "base/hash.h"
#include "base/workers.h"
#include "object/object.h"

namespace gopouch::keep {

class Trimmer;

// What may stay on the disk: a trim, in the background, drops what was unused for longest.
struct Room {
  std::int64_t limit = std::int64_t{10} << 30U;                // bytes on the disk; 0: no limit
  std::chrono::seconds max_age = std::chrono::hours(24 * 90);  // unused; 0: no limit
};

// What a shelf is for.
struct Label {
  std::string_view word;    // in messages: "modules"
  std::string_view shared;  // what its keys in the object stores begin with: "v1/mod/"
};

struct Facts {
  std::string etag, last_modified;  // empty: none
  std::chrono::sys_seconds fetched{};
};

struct Kept {
  base::Fd file;  // the body is its beginning
  std::int64_t size = 0;
  Facts facts;
};

// A file on its way to the shelf. For one thread, but for its descriptor.
class Draft {
 public:
  base::Status write(std::span<const std::uint8_t> bytes);
  int fd() const { return file_->fd(); }
  std::int64_t size() const { return size_; }

 private:
  friend class Shelf;
  std::string name_;  // "xx/<hex>"; the file refers to it, so a Draft stays where it is
  std::optional<base::NewFile> file_;
  base::Sha256 hash_;
  std::int64_t size_ = 0;  // of the body
};

// Safe for concurrent use.
class Shelf {
 public:
  // kDenied, …: the folder cannot be made. `shared` must outlive it.
  static base::Result<std::unique_ptr<Shelf>> open(const std::filesystem::path& dir,
                                                   const Room& room,
                                                   std::span<object::Remote> shared,
                                                   const Label& label);
  Shelf(base::Fd dir, const Room& room, std::span<object::Remote> shared, const Label& label);
  ~Shelf();

  // nullopt: not here, or not whole.
  std::optional<Kept> find(const base::Hash& name) const;

  // The same from the first object store that has it; it is on the disk then, and on its way to the
  // stores before that one. `limit`: bytes of a body.
  std::optional<Kept> fetch(const base::Hash& name, std::int64_t limit, const base::Call& call);

  base::Result<std::unique_ptr<Draft>> begin(const base::Hash& name);

  // Keeps it, here and, later, in the object stores. The draft can still be read after that.
  enum class Sharing { kEverywhere, kHere };
  base::Status keep(Draft& draft, const Facts& facts, Sharing sharing = Sharing::kEverywhere);

  // What is here was seen to be as it is upstream.
  void renew(const base::Hash& name, const Kept& kept, const Facts& facts);

  // The disk did not take something: says so, once for a while, and makes room on one that is full.
  void say_ailing(const base::Error& error);

  // Waits for this long for uploads that are wanted; then there are no more.
  void stop(std::chrono::milliseconds uploads);

 private:
  void share(const std::string& name, std::size_t stores);
  void upload(const std::string& name, object::Remote& remote);

  const base::Fd dir_;
  const std::span<object::Remote> shared_;
  const Label label_;
  const std::unique_ptr<Trimmer> trimmer_;
  std::atomic<std::chrono::steady_clock::rep> said_ = 0;  // when it was said that the disk ails
  std::stop_source stop_;
  base::Guarded<std::int64_t> pending_{0};  // uploads
  std::condition_variable none_pending_;
  base::Workers uploads_{8};  // last: ends first
};

// What came of it.
struct Outcome {
  int status = 0;  // 200: the file; else `text`
  std::string text;
  std::string_view word;     // for the log: "miss", "stale"
  std::optional<Kept> kept;  // of a 200 that was here before
};

// A file on its way. Its bytes lie in the shelf's draft. Where the disk takes no more of them they
// lie in memory, not more than a window of them: the writer waits for the slowest reader then, and
// the file is not kept. Safe for concurrent use by one writer and many readers.
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

// Whether an object's key is that of a file on a shelf with this label.
bool is_key_of(const Label& label, std::string_view key);

}  // namespace gopouch::keep
