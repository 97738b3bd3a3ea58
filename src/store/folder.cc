#include "store/folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/shards.h"
#include "store/record.h"

namespace gopouch::store {

namespace {

std::chrono::nanoseconds nanoseconds_of(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

timespec timespec_of(Time time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
}

// When this machine started: its clock now, less the time that it has run.
Time boot_time() {
  timespec now{};
  timespec running{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &running);
  return Time(nanoseconds_of(now) - nanoseconds_of(running));
}

void touch(int dir, const char* name, Time now) {
  const std::array<timespec, 2> times{timespec_of(now), timespec_of(now)};
  // A folder that may not be written still answers.
  if (::utimensat(dir, name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) return;
}

}  // namespace

FileName::FileName(const base::Hash& hash, char kind) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char* out = text_.data();
  const auto put = [&](std::uint8_t byte) {
    *out++ = kDigits[byte >> 4U];
    *out++ = kDigits[byte & 15U];
  };
  put(hash[0]);
  *out++ = '/';
  for (const std::uint8_t byte : hash) put(byte);
  *out++ = '-';
  *out++ = kind;
}

Folder::Folder(std::filesystem::path path, base::Fd dir, Time boot)
    : path_(std::move(path)), dir_(std::move(dir)), boot_(boot) {}

base::Result<std::unique_ptr<Folder>> Folder::open(const std::filesystem::path& dir,
                                                   bool own_only) {
  const auto open_dir = [&] { return ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); };
  base::Fd fd(open_dir());
  if (!fd && errno == ENOENT) {
    std::error_code ignored;  // the next open says what is wrong
    std::filesystem::create_directories(dir.parent_path(), ignored);
    ::mkdir(dir.c_str(), own_only ? 0700 : 0777);
    fd.reset(open_dir());
  }
  if (!fd) return base::system_error(dir.native(), errno);
  if (own_only) {
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || info.st_uid != ::geteuid() || (info.st_mode & 077U) != 0) {
      return base::Error{base::Fault::kDenied,
                         fmt::format("{}: others may write to it", dir.native())};
    }
  }
  return std::unique_ptr<Folder>(new Folder(dir, std::move(fd), boot_time()));
}

std::string Folder::path_of(const OutputId& output) const {
  return fmt::format("{}/{}", path_.native(), FileName(output).c_str());
}

base::Result<std::optional<Hit>> Folder::get(const ActionId& action, Time now,
                                             Verify verify) const {
  const std::optional<Hit> absent;
  auto entry = read_entry(action, now);
  if (!entry) return entry.error();
  if (!*entry) return absent;

  const OutputId& output = (*entry)->output;
  const FileName name(output);
  struct stat info {};
  if (::fstatat(fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return absent;
  if (!S_ISREG(info.st_mode) || info.st_size != (*entry)->size) return absent;

  const bool suspect = verify == Verify::kAuto && Time(nanoseconds_of(info.st_ctim)) < boot_;
  if (suspect || verify == Verify::kAlways) {
    if (!hashes_to(name.c_str(), output)) {
      ::unlinkat(fd(), name.c_str(), 0);
      return absent;
    }
    if (suspect) touch(fd(), name.c_str(), now);  // its ctime is of this boot from here on
  }
  mark_used(name.c_str(), info, now);
  (*entry)->put_time = std::min((*entry)->put_time, now);
  return std::optional(Hit{**entry, path_of(output)});
}

base::Result<std::optional<Entry>> Folder::read_entry(const ActionId& action, Time now) const {
  const std::optional<Entry> absent;
  const FileName name(action);
  const base::Fd file(::openat(fd(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    if (errno == EMFILE || errno == ENFILE || errno == EIO || errno == ENOMEM) {
      return base::system_error(name.c_str(), errno);
    }
    return absent;
  }
  std::array<char, kRecordSize + 1> text{};  // one more, to see whether the file is too long
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return absent;
  auto entry = parse_record({text.data(), static_cast<std::size_t>(size)}, action);
  struct stat info {};
  if (entry && ::fstat(file.get(), &info) == 0) mark_used(name.c_str(), info, now);
  return entry;
}

bool Folder::hashes_to(const char* name, const OutputId& output) const {
  const base::Fd file(::openat(fd(), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return false;
  const auto hash = base::hash_file(file.get());
  return hash.ok() && *hash == output.hash;
}

bool Folder::holds(const OutputId& output, std::int64_t size, Time now) const {
  const FileName name(output);
  struct stat info {};
  if (::fstatat(fd(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISREG(info.st_mode) || info.st_size != size) return false;
  if (size > 0 && !hashes_to(name.c_str(), output)) return false;
  mark_used(name.c_str(), info, now);
  return true;
}

// A new entry appears whole. One that exists is written over in place, as go does: readers see the
// old record, the new one, or a mixture that names no output, which is a miss.
base::Status Folder::write_entry(const ActionId& action, const Entry& entry) const {
  const FileName name(action);
  const std::string text = format_record(action, entry);
  const auto bytes = base::bytes_of(text);

  const base::Fd old(::openat(fd(), name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (old && ::fstat(old.get(), &info) == 0 && S_ISREG(info.st_mode) &&
      info.st_size == static_cast<off_t>(kRecordSize)) {
    return base::write_all(old.get(), bytes);
  }
  auto file = base::NewFile::create(fd(), name.c_str());
  if (!file) return file.error();
  if (auto written = file->write(bytes); !written) return written;
  if (!old) {
    auto published = file->publish();
    if (published.ok() && *published) return base::Done{};
  }
  return file->publish_over();
}

void Folder::mark_used(const char* name, const struct stat& info, Time now) const {
  if (now - base::mtime_of(info) >= kMtimeInterval) touch(fd(), name, now);
}

}  // namespace gopouch::store
