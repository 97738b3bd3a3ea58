// APPNOTE.TXT 6.3.10: 4.3.16 (end of central directory), 4.3.14 (zip64), 4.3.12 (entries). At most
// 500 MiB, as go has it.
#include "proxy/zip.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/little_endian.h"

namespace gopouch::proxy {

namespace {

using base::Error;
using base::Fault;

constexpr std::int64_t kEndSize = 22;
constexpr std::int64_t kLongestComment = 65535;
constexpr std::size_t kEntrySize = 46;
constexpr std::int64_t kLargestIndex = std::int64_t{64} << 20U;

Error corrupt(std::string_view why) { return {Fault::kCorrupt, fmt::format("zip: {}", why)}; }

base::Result<std::string> read_at(int fd, std::int64_t offset, std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n = ::pread(fd, bytes.data() + got, bytes.size() - got,
                              offset + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return base::system_error("zip", n < 0 ? errno : EIO);
    got += static_cast<std::size_t>(n);
  }
  return bytes;
}

template <typename T>
T number(std::string_view bytes, std::size_t at) {
  return base::get_number<T>(base::bytes_of(bytes).data() + at);
}
constexpr auto number16 = number<std::uint16_t>;
constexpr auto number32 = number<std::uint32_t>;

base::Status check_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return corrupt("a name outside of the module's folder");
  name.remove_prefix(prefix.size());
  if (name.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) {
    return corrupt("a name with a strange character");
  }
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    if (part.empty() || part == "." || part == "..") return corrupt("a name that leads elsewhere");
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return base::Done{};
}

base::Status check_index(std::string_view index, std::uint32_t entries, std::int64_t end,
                         std::string_view prefix) {
  std::unordered_set<std::string_view> names;
  for (std::uint32_t i = 0; i < entries; ++i) {
    if (index.size() < kEntrySize || !index.starts_with("PK\1\2")) return corrupt("a bad index");
    const std::size_t name = number16(index, 28);
    const std::size_t size = kEntrySize + name + number16(index, 30) + number16(index, 32);
    if (index.size() < size) return corrupt("a bad index");
    const std::int64_t data = number32(index, 42);
    if (data + number32(index, 20) > end) return corrupt("a file behind the end");
    const std::string_view text = index.substr(kEntrySize, name);
    if (auto fine = check_name(text, prefix); !fine) return fine;
    if (!names.insert(text).second) return corrupt("a name that is there twice");
    index.remove_prefix(size);
  }
  return base::Done{};
}

}  // namespace

base::Status check_zip(int fd, std::int64_t size, std::string_view prefix) {
  if (size > kLargestZip) return corrupt("larger than 500 MiB");
  if (size < kEndSize) return corrupt("too short");
  const std::int64_t tail_size = std::min(size, kEndSize + kLongestComment);
  const auto tail = read_at(fd, size - tail_size, tail_size);
  if (!tail) return tail.error();
  const std::size_t at = tail->rfind("PK\5\6", tail->size() - static_cast<std::size_t>(kEndSize));
  if (at == std::string::npos) return corrupt("no index at its end");
  const std::string_view end = std::string_view(*tail).substr(at);
  if (end.size() != static_cast<std::size_t>(kEndSize) + number16(end, 20)) {
    return corrupt("something behind its end");
  }
  const std::uint32_t entries = number16(end, 10);
  const std::int64_t index_size = number32(end, 12);
  const std::int64_t index_at = number32(end, 16);
  // 500 MiB of a module need no zip64 but for more than 65,534 files: those are go's to look at.
  if (entries == 0xffff) return base::Done{};
  if (index_size > kLargestIndex || index_at + index_size > size) return corrupt("a bad index");
  const auto index = read_at(fd, index_at, index_size);
  if (!index) return index.error();
  return check_index(*index, entries, index_at, prefix);
}

}  // namespace gopouch::proxy
