// Text as the bytes that it is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gopouch::base {

// In the same place: `text` must outlive them.
inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace gopouch::base
