#include "proxy/inspect.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "proxy/zip.h"

namespace gopouch::proxy {

namespace {

using base::Error;
using base::Fault;

constexpr std::int64_t kLargestOther = std::int64_t{16} << 20U;
constexpr std::int64_t kJsonBegins = 64 << 10;  // before these bytes have gone by

// The beginning of a file; empty where it cannot be read.
std::string beginning(int fd, std::int64_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  return ::pread(fd, text.data(), text.size(), 0) == size ? text : "";
}

bool is_mod_text(const std::string& text) {
  return text.find('\0') == std::string::npos &&
         (text.starts_with("module") || text.find("\nmodule") != std::string::npos);
}

// An upstream's own folders may stand before the module's path.
base::Status inspect_zip(const Path& path, int fd, std::int64_t size) {
  const auto module = unescape(path.module), version = unescape(path.version);
  if (!module || !version) return Error{Fault::kCorrupt, "zip: of no module"};
  const std::string prefix = fmt::format("{}@{}/", *module, *version);
  auto fine = check_zip(fd, size, prefix);
  for (std::size_t at = prefix.find('/'); !fine && at < prefix.rfind('@');
       at = prefix.find('/', at + 1)) {
    fine = check_zip(fd, size, std::string_view(prefix).substr(at + 1));
  }
  return fine;
}

}  // namespace

base::Status inspect(const Path& path, int fd, std::int64_t size) {
  if (path.kind == Kind::kZip) return inspect_zip(path, fd, size);
  if (path.kind == Kind::kMod && !is_mod_text(beginning(fd, size))) {
    return Error{Fault::kCorrupt, "go.mod: no module line"};
  }
  if (path.kind == Kind::kInfo &&
      beginning(fd, std::min(size, kJsonBegins)).find('{') == std::string::npos) {
    return Error{Fault::kCorrupt, "info: no JSON"};
  }
  return base::Done{};
}

std::int64_t limit_of(const Path& path) {
  return path.kind == Kind::kZip ? kLargestZip : kLargestOther;
}

}  // namespace gopouch::proxy
