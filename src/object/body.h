// What the stores do with the bytes of a put, which are in memory or in a file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "net/net.h"

namespace gopouch::object {

inline std::int64_t size_of(const net::Body& body) {
  return body.fd >= 0 ? body.size : std::ssize(body.bytes);
}

// A part of it, in the same place. REQUIRES: it has that many bytes from `offset` on.
net::Body slice(const net::Body& body, std::int64_t offset, std::int64_t size);

// Fills `space` with the bytes from `offset` on. kUnavailable: the file cannot be read, or is
// shorter than it was. REQUIRES: as slice().
base::Status read(const net::Body& body, std::int64_t offset, std::span<char> space);

// Of all of it; `known` where it is 32 bytes long, as PutOptions::sha256 may be. kUnavailable: as
// read().
base::Result<base::Hash> hash_of(const net::Body& body, std::string_view known);

}  // namespace gopouch::object
