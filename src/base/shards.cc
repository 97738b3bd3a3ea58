#include "base/shards.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace gopouch::base {

void for_each_in_shards(
    int dir, const std::function<void(const std::string& name, const struct stat& info)>& visit) {
  std::vector<std::pair<std::string, struct stat>> files;
  for (unsigned i = 0; i < 256; ++i) {
    const std::string sub = fmt::format("{:02x}", i);
    const int fd = ::openat(dir, sub.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) continue;
    DIR* const names = ::fdopendir(fd);
    if (names == nullptr) {
      ::close(fd);
      continue;
    }
    files.clear();
    while (const dirent* item = ::readdir(names)) {
      const std::string_view name = item->d_name;
      struct stat info {};
      if (name == "." || name == ".." ||
          ::fstatat(fd, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      files.emplace_back(fmt::format("{}/{}", sub, name), info);
    }
    ::closedir(names);
    for (const auto& [name, info] : files) visit(name, info);
  }
}

std::chrono::sys_time<std::chrono::nanoseconds> mtime_of(const struct stat& info) {
  return std::chrono::sys_time<std::chrono::nanoseconds>(
      std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec));
}

// The unit of st_blocks is 512 bytes, whatever the file system's.
std::int64_t bytes_on_disk(const struct stat& info) { return info.st_blocks * 512; }

}  // namespace gopouch::base
