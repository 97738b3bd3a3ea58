#include "base/files.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

namespace gopouch::base {

namespace {

constexpr std::string_view kHiddenPrefix = ".gopouch-";
constexpr std::size_t kReadSize = 4096;
constexpr std::int64_t kPiece = std::int64_t{128} << 10U;
constexpr mode_t kFileMode = 0666;    // less the umask, as go's own cache
constexpr mode_t kFolderMode = 0777;  // less the umask

std::string_view folder_of(std::string_view name) { return name.substr(0, name.rfind('/')); }

// A name in the folder of `name` that no other process or thread is likely to use.
std::string hidden_beside(std::string_view name) {
  static std::atomic<unsigned> counter = 0;
  return fmt::format("{}/{}{}-{}", folder_of(name), kHiddenPrefix, ::getpid(), ++counter);
}

// Opens a file without a name in the folder of `name`; -1 and errno where that fails.
int open_unnamed(int dir, const char* name) {
  const std::string folder(folder_of(name));
  const int fd = ::openat(dir, folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kFileMode);
  if (fd >= 0 || errno != ENOENT) return fd;
  if (::mkdirat(dir, folder.c_str(), kFolderMode) != 0 && errno != EEXIST) return -1;
  return ::openat(dir, folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kFileMode);
}

// After a failed call: true when it should be made again, at once or, as now, when `fd` is ready.
bool may_go_on(int fd, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd wanted{.fd = fd, .events = events, .revents = 0};
  return ::poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

bool in_the_way(int error_number) {
  return error_number == EISDIR || error_number == ENOTEMPTY || error_number == EEXIST;
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Fd duplicate(int fd) { return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)); }

Error system_error(std::string_view what, int error_number) {
  Fault fault = Fault::kUnavailable;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      fault = Fault::kFull;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      fault = Fault::kDenied;
      break;
    default:
      break;
  }
  return {fault, fmt::format("{}: {}", what, std::strerror(error_number))};
}

Status write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && may_go_on(fd, POLLOUT)) continue;
    if (n < 0) return system_error("write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Done{};
}

std::ptrdiff_t read_some(int fd, std::span<char> space) {
  while (true) {
    const ssize_t n = ::read(fd, space.data(), space.size());
    if (n >= 0 || !may_go_on(fd, POLLIN)) return n;
  }
}

Status each_piece(int fd, std::int64_t from, std::int64_t to, std::string_view name,
                  const UsePiece& use) {
  std::vector<std::uint8_t> space(
      static_cast<std::size_t>(std::clamp<std::int64_t>(to - from, 0, kPiece)));
  while (from < to) {
    const auto wanted = static_cast<std::size_t>(std::min(to - from, kPiece));
    const ssize_t n = ::pread(fd, space.data(), wanted, from);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(name, n < 0 ? errno : EIO);
    if (auto done = use({space.data(), static_cast<std::size_t>(n)}); !done) return done;
    from += n;
  }
  return Done{};
}

Result<std::optional<std::string>> read_file(int dir, const char* path, std::size_t limit,
                                             Links links) {
  const int follow = links == Links::kFollow ? 0 : O_NOFOLLOW;
  const Fd fd(::openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return system_error(path, errno);
  }
  std::string text;
  while (text.size() < limit) {
    const std::size_t size = text.size();
    text.resize(std::min(limit, size + kReadSize));
    const std::ptrdiff_t n = read_some(fd.get(), std::span(text).subspan(size));
    if (n < 0) return system_error(path, errno);
    text.resize(size + static_cast<std::size_t>(n));
    if (n == 0) break;
  }
  return std::optional(std::move(text));
}

Result<NewFile> NewFile::create(int dir, const char* name) {
  Fd fd(open_unnamed(dir, name));
  if (fd) return NewFile(dir, name, std::move(fd), "");
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
    return system_error(name, errno);
  }
  // This file system has no files without a name.
  while (true) {
    std::string hidden = hidden_beside(name);
    fd.reset(::openat(dir, hidden.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, kFileMode));
    if (fd) return NewFile(dir, name, std::move(fd), std::move(hidden));
    if (errno != EEXIST) return system_error(name, errno);
  }
}

NewFile::NewFile(NewFile&& other) noexcept
    : dir_(other.dir_),
      name_(other.name_),
      fd_(std::move(other.fd_)),
      size_(other.size_),
      hidden_(std::exchange(other.hidden_, {})) {}

NewFile::~NewFile() {
  if (!hidden_.empty()) ::unlinkat(dir_, hidden_.c_str(), 0);
}

Status NewFile::write(std::span<const std::uint8_t> bytes) {
  std::int64_t at = size_;
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(name_, errno);
    at += n;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  size_ = at;
  return Done{};
}

Status NewFile::write_copy_of(const NewFile& other) {
  return each_piece(other.fd_.get(), 0, other.size_, other.name_,
                    [this](std::span<const std::uint8_t> piece) { return write(piece); });
}

// linkat(2) says 0, or -1 and errno. The first way needs a privilege or a recent kernel, the second
// /proc.
int NewFile::link_as(const char* name) const {
  if (::linkat(fd_.get(), "", dir_, name, AT_EMPTY_PATH) == 0) return 0;
  if (errno == EEXIST) return -1;
  std::array<char, 32> self{};
  std::snprintf(self.data(), self.size(), "/proc/self/fd/%d", fd_.get());
  return ::linkat(AT_FDCWD, self.data(), dir_, name, AT_SYMLINK_FOLLOW);
}

Result<bool> NewFile::publish() {
  if (hidden_.empty()) {
    if (link_as(name_) == 0) return true;
  } else {
    if (::renameat2(dir_, hidden_.c_str(), dir_, name_, RENAME_NOREPLACE) == 0) {
      hidden_.clear();
      return true;
    }
    if (errno == EINVAL) {  // this file system replaces always
      if (auto done = publish_over(); !done) return done.error();
      return true;
    }
  }
  if (errno == EEXIST) return false;
  return system_error(name_, errno);
}

Status NewFile::publish_over() {
  while (hidden_.empty()) {
    std::string hidden = hidden_beside(name_);
    if (link_as(hidden.c_str()) == 0) {
      hidden_ = std::move(hidden);
    } else if (errno != EEXIST) {
      return system_error(name_, errno);
    }
  }
  if (::renameat(dir_, hidden_.c_str(), dir_, name_) != 0) {
    if (!in_the_way(errno)) return system_error(name_, errno);
    remove_tree(dir_, name_);
    if (::renameat(dir_, hidden_.c_str(), dir_, name_) != 0) return system_error(name_, errno);
  }
  hidden_.clear();
  return Done{};
}

bool is_hidden_name(std::string_view file) { return file.starts_with(kHiddenPrefix); }

bool remove_tree(int dir, const char* name) {
  if (::unlinkat(dir, name, 0) == 0) return true;
  if (errno != EISDIR && errno != EPERM) return false;
  std::error_code error;
  std::filesystem::remove_all(fmt::format("/proc/self/fd/{}/{}", dir, name), error);
  return !error;
}

Result<Hash> hash_file(int fd) {
  std::vector<std::uint8_t> buffer(kPiece);
  Sha256 hasher;
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read", errno);
    if (n == 0) return hasher.finish();
    hasher.update({buffer.data(), static_cast<std::size_t>(n)});
  }
}

}  // namespace gopouch::base
