// Files: descriptors that close themselves, whole-file helpers, and the file that has no name until
// it is whole.
//
// POSIX and Linux calls in the shape that the rest of the program wants; nothing here knows what is
// in a file. Every function may be called from any thread.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/result.h"

namespace gopouch::base {

// Owns a descriptor; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1);
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Another descriptor of the same file, never one of the standard three; none and errno where there
// are no more.
Fd duplicate(int fd);

// "<what>: <the system's text for errno>" with the Fault that errno stands for.
Error system_error(std::string_view what, int error_number);

// Writes all of `bytes`, also through signals and short writes, and where `fd` does not block.
Status write_all(int fd, std::span<const std::uint8_t> bytes);

// read(2), but it waits for bytes where `fd` does not block, and through signals. 0 is the end, -1
// an error.
std::ptrdiff_t read_some(int fd, std::span<char> space);

// Gives `use` the bytes of a file from `from` to `to`, in pieces, until it fails. The position of
// `fd` stays; a file that ends before is an error, which says `name`.
using UsePiece = std::function<Status(std::span<const std::uint8_t>)>;
Status each_piece(int fd, std::int64_t from, std::int64_t to, std::string_view name,
                  const UsePiece& use);

// The bytes of the file at `path` relative to `dir`, at most `limit` of them; nullopt where there
// is no file. A pipe that nobody writes to is an empty file.
enum class Links { kRefuse, kFollow };  // where `path` is a symbolic link
Result<std::optional<std::string>> read_file(int dir, const char* path, std::size_t limit,
                                             Links links = Links::kRefuse);

// A new file that nobody can see before publish(): where the system can (O_TMPFILE), it has no name
// at all, so that even SIGKILL leaves nothing behind; elsewhere it is a hidden name beside its
// target.
class NewFile {
 public:
  // A file that will be published as `name`, a path relative to `dir` of the form "folder/file".
  // Makes the folder when it is missing. `dir` and `name` must outlive the NewFile.
  static Result<NewFile> create(int dir, const char* name);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();  // what was not published is gone

  // Appends `bytes`. After a failure the file is as long as before, and the same write may be tried
  // again.
  Status write(std::span<const std::uint8_t> bytes);

  // What was written, for whoever wants to read it meanwhile; closed with the NewFile.
  int fd() const { return fd_.get(); }
  std::int64_t size() const { return size_; }

  // Appends all that `other` holds.
  Status write_copy_of(const NewFile& other);

  // Gives the file its name. False, and the file goes, when something has that name already.
  Result<bool> publish();

  // Gives the file its name, in place of whatever has it: a file, a link, a folder with all in it.
  Status publish_over();

 private:
  NewFile(int dir, const char* name, Fd fd, std::string hidden)
      : dir_(dir), name_(name), fd_(std::move(fd)), hidden_(std::move(hidden)) {}

  int link_as(const char* name) const;

  int dir_;
  const char* name_;
  Fd fd_;
  std::int64_t size_ = 0;  // bytes written
  std::string hidden_;     // the name it has meanwhile; empty: none
};

// True for the names that unpublished files may have had in a process that was killed.
bool is_hidden_name(std::string_view file);

// Removes a file, a link or a folder with all in it. False when it is still there.
bool remove_tree(int dir, const char* name);

// The SHA-256 of what `fd` gives from its position on.
Result<Hash> hash_file(int fd);

}  // namespace gopouch::base
