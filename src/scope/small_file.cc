#include "scope/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"

namespace gopouch::scope {

namespace {

// Files under /proc say that they are empty.
constexpr std::size_t kFirstRead = 4096;

}  // namespace

std::string read_small_file(const std::filesystem::path& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return {};

  std::string text(std::clamp(static_cast<std::size_t>(about.st_size) + 1, kFirstRead, kLongest),
                   '\0');
  std::size_t size = 0;
  while (true) {
    const std::ptrdiff_t n = base::read_some(fd.get(), {text.data() + size, text.size() - size});
    if (n < 0) return {};
    size += static_cast<std::size_t>(n);
    if (n == 0 || size == kLongest) break;
    if (size == text.size()) text.resize(std::min(2 * size, kLongest));
  }
  text.resize(size);
  return text;
}

bool is_file(const std::filesystem::path& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && !S_ISDIR(about.st_mode);
}

std::filesystem::path find_program(std::string_view name, std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    std::filesystem::path file = std::filesystem::path(path.substr(0, end)) / name;
    if (is_file(file) && ::access(file.c_str(), X_OK) == 0) return file;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return {};
}

}  // namespace gopouch::scope
