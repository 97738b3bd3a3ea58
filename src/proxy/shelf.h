// Files that are kept: on this disk, and in the object stores that machines share.
//
//   <dir>/xx/<sha256 of the name, hex>       on the disk; xx: its first two digits
//   v1/mod/<sha256 of the name, hex>         in the object stores
//
// A file is the body, then what is known of it, so that it is whole or none (little-endian):
//
//   file  = body  etag  last-modified  foot
//   foot  = "gopouchM"  u32 version (1)  u16 size of etag  u16 size of last-modified
//           u64 size of body  i64 unix seconds of the fetch  sha256 of all before it
//
// On the disk the sizes are believed; what comes from an object store is hashed. The mtime of a
// file is that of its last use, more or less (trim.h).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/files.h"
#include "base/guarded.h"
#include "base/hash.h"
#include "base/workers.h"
#include "object/object.h"

namespace gopouch::proxy {

struct Room;
class Trimmer;

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
                                                   std::span<object::Remote> shared);
  Shelf(base::Fd dir, const Room& room, std::span<object::Remote> shared);
  ~Shelf();

  // nullopt: not here, or not whole.
  std::optional<Kept> find(const base::Hash& name) const;

  // The same from the first object store that has it; it is on the disk then, and on its way to the
  // stores before that one. `limit`: bytes of a body.
  std::optional<Kept> fetch(const base::Hash& name, std::int64_t limit, const base::Call& call);

  base::Result<std::unique_ptr<Draft>> begin(const base::Hash& name);

  // Keeps it, here and, later, in the object stores. The draft can still be read after that.
  base::Status keep(Draft& draft, const Facts& facts);

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
  const std::unique_ptr<Trimmer> trimmer_;
  std::atomic<std::chrono::steady_clock::rep> said_ = 0;  // when it was said that the disk ails
  std::stop_source stop_;
  base::Guarded<std::int64_t> pending_{0};  // uploads
  std::condition_variable none_pending_;
  base::Workers uploads_{8};  // last: ends first
};

object::Key shared_key(const base::Hash& name);

}  // namespace gopouch::proxy
