// Reading folders. Rules: walk.h.
#include "object/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/files.h"
#include "object/backend.h"

namespace gopouch::object {

namespace {

struct Close {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, Close>;

// Null and errno where that fails.
Folder open_folder(int at, const char* name) {
  const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return nullptr;
  Folder folder(::fdopendir(fd));
  if (!folder) ::close(fd);
  return folder;
}

// To the end before anything is told of: what is removed meanwhile may hide its neighbours.
std::vector<std::string> names_in(const Folder& folder, std::string_view start) {
  std::vector<std::string> names;
  while (const dirent* const item = ::readdir(folder.get())) {
    const std::string_view name = static_cast<const char*>(item->d_name);
    if (name.starts_with(start) && !base::is_hidden_name(name)) names.emplace_back(name);
  }
  return names;
}

}  // namespace

base::Result<bool> walk(int fd, std::string_view path, std::string_view start,
                        const OnFile& on_file) {
  const Folder folder = open_folder(fd, ".");
  if (!folder) return base::system_error("reading the folder", errno);
  for (const std::string& name : names_in(folder, start)) {
    Key key = path.empty() ? name : fmt::format("{}/{}", path, name);
    if (!is_key(key)) continue;  // ".", "..", or nothing of ours; so depth is bounded, too
    struct stat info {};
    if (::fstatat(::dirfd(folder.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    base::Result<bool> go_on = true;
    if (S_ISREG(info.st_mode)) {
      go_on = on_file(std::move(key), info);
    } else if (S_ISDIR(info.st_mode)) {
      const Folder below = open_folder(::dirfd(folder.get()), name.c_str());
      if (below) go_on = walk(::dirfd(below.get()), key, {}, on_file);
    }
    if (!go_on || !*go_on) return go_on;
  }
  return true;
}

}  // namespace gopouch::object
