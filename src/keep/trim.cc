#include "keep/trim.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <vector>

#include "base/files.h"
#include "base/log.h"
#include "base/shards.h"

namespace gopouch::keep {

namespace {

using std::chrono::system_clock;

constexpr const char* kLockFile = "trim";
constexpr std::chrono::hours kInterval{1};         // between trims for age's sake
constexpr std::chrono::minutes kLimitInterval{1};  // between those that the limit asks for
constexpr std::chrono::hours kHiddenLifetime{1};   // of what a killed process left
constexpr std::int64_t kGoodPiece = std::int64_t{256} << 20U;

struct Found {
  std::string name;
  system_clock::time_point used;
  std::int64_t bytes = 0;
};

}  // namespace

std::optional<TrimReport> trim_shelf(int dir, const Room& room, std::int64_t free,
                                     system_clock::time_point now) {
  const base::Fd lock(::openat(dir, kLockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  // Where even that cannot be made nothing can be removed, unless the disk is full.
  if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  TrimReport report;
  std::vector<Found> files;
  const auto remove = [&](const Found& file) {
    if (!base::remove_tree(dir, file.name.c_str())) return false;
    report.removed_bytes += file.bytes;
    report.removed_files += 1;
    return true;
  };
  base::for_each_in_shards(dir, [&](const std::string& name, const struct stat& info) {
    Found file{name, base::mtime_of(info), base::bytes_on_disk(info)};
    const auto age = now - file.used;
    const bool hidden = base::is_hidden_name(std::string_view(name).substr(name.find('/') + 1));
    const bool old = hidden ? age > kHiddenLifetime
                            : room.max_age.count() > 0 && age > room.max_age + kUseInterval;
    if (old && age > kKeepAtLeast && remove(file)) return;
    report.kept_bytes += file.bytes;
    if (!hidden) files.push_back(std::move(file));
  });
  // A tenth below, so that the next few files need no trim.
  if (room.limit > 0 && report.kept_bytes > room.limit) {
    free = std::max(free, report.kept_bytes - room.limit / 10 * 9);
  }
  if (free <= 0) return report;
  std::sort(files.begin(), files.end(),
            [](const Found& a, const Found& b) { return a.used < b.used; });
  for (const Found& file : files) {
    if (free <= 0 || now - file.used < kKeepAtLeast) break;
    if (!remove(file)) continue;
    free -= file.bytes;
    report.kept_bytes -= file.bytes;
  }
  return report;
}

void Trimmer::look(std::int64_t written) {
  const std::int64_t held = held_ += written;
  const auto last = Clock::time_point(Clock::duration(last_));
  const bool over = room_.limit > 0 && held > room_.limit;
  if (last_ == 0 || Clock::now() - last >= (over ? Clock::duration(kLimitInterval) : kInterval)) {
    begin(0);
  }
}

void Trimmer::make_room() {
  const auto now = Clock::now();
  const auto last = last_room_.load();
  if (last != 0 && now - Clock::time_point(Clock::duration(last)) < kLimitInterval) return;
  last_room_ = now.time_since_epoch().count();
  begin(kGoodPiece);
}

void Trimmer::begin(std::int64_t free) {
  if (busy_.exchange(true)) return;
  last_ = Clock::now().time_since_epoch().count();
  worker_.add([this, free] {
    const std::int64_t before = held_;
    if (const auto report = trim_shelf(dir_, room_, free, system_clock::now())) {
      // What was written meanwhile may have been counted already: a trim too many, at worst.
      held_ += report->kept_bytes - before;
      if (report->removed_files > 0) {
        base::log(base::LogLevel::kInfo, "{}: trimmed {} files, {} bytes; {} bytes are kept", word_,
                  report->removed_files, report->removed_bytes, report->kept_bytes);
      }
    }
    busy_ = false;
  });
}

}  // namespace gopouch::keep
