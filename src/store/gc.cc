#include "store/gc.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/shards.h"
#include "store/record.h"

namespace gopouch::store {

namespace {

constexpr const char* kTrimFile = "trim.txt";
constexpr const char* kUsageFolder = "gopouch";
constexpr const char* kUsageFile = "gopouch/usage";
constexpr std::chrono::hours kTrimInterval{24};  // go's
constexpr std::chrono::hours kLimitInterval{1};  // between trims that the limit asks for
constexpr std::chrono::hours kHiddenLifetime{
    1};                                      // of an unpublished file: its process is long dead
constexpr std::chrono::seconds kWriting{1};  // of one output by a go command
constexpr std::int64_t kGoodPiece = std::int64_t{256} << 20U;

enum class Kind { kEntry, kOutput, kHidden };

struct Found {
  std::string name;  // "xx/file"
  Kind kind = Kind::kEntry;
  bool is_dir = false;  // an executable that go put
  Time mtime;
  std::int64_t bytes = 0;  // on disk
};

std::optional<Kind> kind_of(std::string_view file) {
  if (base::is_hidden_name(file)) return Kind::kHidden;
  if (file.ends_with("-a")) return Kind::kEntry;
  if (file.ends_with("-d")) return Kind::kOutput;
  return std::nullopt;
}

// Every file of the cache's own kinds.
void for_each_file(const Folder& folder, const std::function<void(const Found&)>& visit) {
  base::for_each_in_shards(folder.fd(), [&](const std::string& name, const struct stat& info) {
    const auto kind = kind_of(std::string_view(name).substr(name.find('/') + 1));
    if (!kind) return;
    visit({name, *kind, S_ISDIR(info.st_mode), base::mtime_of(info), base::bytes_on_disk(info)});
  });
}

// A small file of numbers that processes change in turn.
class LockedNumbers {
 public:
  // Not locked, and holds nothing, when another process has it or it cannot be opened.
  LockedNumbers(const Folder& folder, const char* name, bool wait)
      : fd_(::openat(folder.fd(), name, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    locked_ = fd_ && ::flock(fd_.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0;
  }

  bool locked() const { return locked_; }

  std::vector<std::int64_t> read() const {
    std::array<char, 64> text{};
    const ssize_t size = ::pread(fd_.get(), text.data(), text.size(), 0);
    std::vector<std::int64_t> numbers;
    const char* at = text.data();
    const char* const end = at + std::max<ssize_t>(size, 0);
    while (at != end) {
      std::int64_t value = 0;
      const auto [stop, error] = std::from_chars(at, end, value);
      if (error != std::errc()) break;
      numbers.push_back(value);
      at = stop != end ? stop + 1 : end;
    }
    return numbers;
  }

  void write(const std::string& text) const {
    const auto size = static_cast<ssize_t>(text.size());
    // A number that is lost costs a trim too many.
    if (::pwrite(fd_.get(), text.data(), text.size(), 0) != size) return;
    if (::ftruncate(fd_.get(), size) != 0) return;
  }

 private:
  base::Fd fd_;
  bool locked_ = false;
};

std::int64_t unix_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// True if `then`, in unix seconds, lies within `interval` before now (or a little ahead of it, as
// go allows for).
bool recent(std::int64_t then, Time now, std::chrono::seconds interval) {
  const auto age = std::chrono::seconds(unix_seconds(now) - then);
  return age < interval && age > -std::chrono::seconds(kMtimeInterval);
}

bool remove_file(const Folder& folder, const Found& file) {
  return base::remove_tree(folder.fd(), file.name.c_str());
}

// Drops the least recently used until `bytes` are gone or only recent ones are left.
void drop_oldest(const Folder& folder, std::vector<Found>& files, std::int64_t bytes, Time now,
                 TrimReport& report) {
  std::sort(files.begin(), files.end(),
            [](const Found& a, const Found& b) { return a.mtime < b.mtime; });
  for (const Found& file : files) {
    if (bytes <= 0 || now - file.mtime < kKeepAtLeast) return;
    if (file.is_dir || !remove_file(folder, file)) continue;
    bytes -= file.bytes;
    report.removed_bytes += file.bytes;
    report.removed_files += 1;
    report.kept_bytes -= file.bytes;
    report.kept_files -= 1;
  }
}

// The hash that a file's name gives: "xx/<hash>-d".
std::optional<base::Hash> hash_in(const Found& file) {
  return file.name.size() == 69 ? base::hash_from_hex(std::string_view(file.name).substr(3, 64))
                                : std::nullopt;
}

// The size of an output whose bytes are what its name says.
std::optional<std::int64_t> whole_size(const Folder& folder, const Found& file) {
  const auto named = hash_in(file);
  const base::Fd fd(
      ::openat(folder.fd(), file.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!fd || !named || ::fstat(fd.get(), &info) != 0) return std::nullopt;
  const auto hash = base::hash_file(fd.get());
  if (!hash.ok() || *hash != *named) return std::nullopt;
  return info.st_size;
}

// True for a record of this action whose output is here in that size.
bool whole_entry(const Folder& folder, const Found& file) {
  const auto named = hash_in(file);
  const auto text = base::read_file(folder.fd(), file.name.c_str(), kRecordSize + 1);
  if (!named || !text || !*text) return false;
  const auto entry = parse_record(**text, {*named});
  struct stat info {};
  return entry &&
         ::fstatat(folder.fd(), FileName(entry->output).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         (S_ISDIR(info.st_mode) || info.st_size == entry->size);
}

}  // namespace

bool trim_due(const Folder& folder, const Options& options, std::int64_t written) {
  const Time now = options.now();
  bool over_limit = false;
  if (options.limit > 0) {
    ::mkdirat(folder.fd(), kUsageFolder, 0777);
    const LockedNumbers usage(folder, kUsageFile, true);
    if (usage.locked()) {
      const auto numbers = usage.read();  // bytes, time of the count
      const bool counted = numbers.size() == 2;
      if (counted && written > 0) {
        usage.write(fmt::format("{} {}\n", numbers[0] + written, numbers[1]));
      }
      over_limit = !counted || (numbers[0] + written > options.limit &&
                                !recent(numbers[1], now, kLimitInterval));
    }
  }
  if (over_limit) return true;
  const auto last = base::read_file(folder.fd(), kTrimFile, 32);
  if (!last || !*last) return true;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars((*last)->data(), (*last)->data() + (*last)->size(), seconds);
  return parsed.ec != std::errc() || !recent(seconds, now, kTrimInterval);
}

std::optional<TrimReport> trim(const Folder& folder, const Options& options) {
  const LockedNumbers lock(folder, kTrimFile, false);
  if (!lock.locked()) return std::nullopt;
  const Time now = options.now();
  // Written first, so that a go command that ends now does not begin a trim of its own.
  lock.write(fmt::format("{}", unix_seconds(now)));

  const auto max_age =
      std::max(options.max_age + kMtimeInterval, std::chrono::seconds(kKeepAtLeast));
  TrimReport report;
  std::vector<Found> kept;
  for_each_file(folder, [&](const Found& file) {
    const auto age = now - file.mtime;
    const bool old = file.kind == Kind::kHidden ? age > kHiddenLifetime : age > max_age;
    if (old && remove_file(folder, file)) {
      report.removed_files += 1;
      report.removed_bytes += file.bytes;
      return;
    }
    report.kept_files += 1;
    report.kept_bytes += file.bytes;
    if (options.limit > 0) kept.push_back(file);
  });
  if (options.limit > 0) {
    if (report.kept_bytes > options.limit) {
      // A tenth below, so that the next few sessions need no trim.
      drop_oldest(folder, kept, report.kept_bytes - (options.limit / 10 * 9), now, report);
    }
    ::mkdirat(folder.fd(), kUsageFolder, 0777);
    const LockedNumbers usage(folder, kUsageFile, true);
    if (usage.locked()) {
      usage.write(fmt::format("{} {}\n", report.kept_bytes, unix_seconds(now)));
    }
  }
  return report;
}

bool free_some(const Folder& folder, Time now) {
  std::vector<Found> files;
  for_each_file(folder, [&](const Found& file) { files.push_back(file); });
  TrimReport report;
  drop_oldest(folder, files, kGoodPiece, now, report);
  return report.removed_bytes > 0;
}

void verify(const Folder& folder, Time now, VerifyReport& report) {
  // Outputs first, so that the entries of those that lied are found without one.
  for_each_file(folder, [&](const Found& file) {
    if (file.kind != Kind::kOutput || file.is_dir) return;
    auto size = whole_size(folder, file);
    if (!size && now - file.mtime < kWriting) {
      // go writes in place: look again when it must have ended.
      std::this_thread::sleep_for(kWriting);
      size = whole_size(folder, file);
    }
    if (size) {
      report.outputs += 1;
      report.bytes += *size;
    } else if (remove_file(folder, file)) {
      report.bad_outputs += 1;
    }
  });
  for_each_file(folder, [&](const Found& file) {
    if (file.kind != Kind::kEntry) return;
    if (whole_entry(folder, file)) {
      report.entries += 1;
    } else if (remove_file(folder, file)) {
      report.bad_entries += 1;
    }
  });
}

bool clear(const Folder& folder) {
  bool all = true;
  for_each_file(folder, [&](const Found& file) { all = remove_file(folder, file) && all; });
  ::unlinkat(folder.fd(), kUsageFile, 0);  // the count begins anew
  return all;
}

}  // namespace gopouch::store
