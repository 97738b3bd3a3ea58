// Whether a file is the zip of a module: its index is there and whole, and every name in it lies
// below "<module>@<version>/" (golang.org/x/mod/zip). The contents are go's to check, which knows
// their sum.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace gopouch::proxy {

constexpr std::int64_t kLargestZip = std::int64_t{500} << 20U;  // as go has it

// `prefix` is "<module>@<version>/", unescaped. kCorrupt: it is none, and why.
base::Status check_zip(int fd, std::int64_t size, std::string_view prefix);

}  // namespace gopouch::proxy
