#include "object/body.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"

namespace gopouch::object {

net::Body slice(const net::Body& body, std::int64_t offset, std::int64_t size) {
  net::Body part = body;
  if (body.fd >= 0) {
    part.offset += offset;
    part.size = size;
  } else {
    part.bytes =
        body.bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }
  return part;
}

base::Status read(const net::Body& body, std::int64_t offset, std::span<char> space) {
  if (body.fd < 0) {
    const auto part = body.bytes.subspan(static_cast<std::size_t>(offset), space.size());
    std::copy(part.begin(), part.end(), space.begin());
    return base::Done{};
  }
  while (!space.empty()) {
    const ssize_t size = ::pread(body.fd, space.data(), space.size(), body.offset + offset);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      return base::Error{base::Fault::kUnavailable, "the file to be stored cannot be read"};
    }
    offset += size;
    space = space.subspan(static_cast<std::size_t>(size));
  }
  return base::Done{};
}

base::Result<base::Hash> hash_of(const net::Body& body, std::string_view known) {
  base::Hash whole{};
  if (known.size() == whole.size()) {
    std::copy(known.begin(), known.end(), whole.begin());
    return whole;
  }
  if (body.fd < 0) return base::sha256(body.bytes);
  base::Sha256 hash;
  std::array<char, std::size_t{64} << 10U> space{};
  for (std::int64_t done = 0; done < body.size;) {
    const auto size = std::min<std::int64_t>(std::ssize(space), body.size - done);
    const auto piece = std::span(space).first(static_cast<std::size_t>(size));
    if (auto got = read(body, done, piece); !got) return got.error();
    hash.update(base::bytes_of({piece.data(), piece.size()}));
    done += size;
  }
  return hash.finish();
}

}  // namespace gopouch::object
