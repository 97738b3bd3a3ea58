// Whether a file from upstream is what its path names, as far as that can be told without its sum,
// which go knows: a login page that came with status 200 is not kept.
#pragma once

#include "base/result.h"
#include "proxy/path.h"

namespace gopouch::proxy {

// kCorrupt: it is not, and why. `size`: bytes of the file.
base::Status inspect(const Path& path, int fd, std::int64_t size);

// The most that a file of this kind may have.
std::int64_t limit_of(const Path& path);

}  // namespace gopouch::proxy
