// Integers as the formats of this program hold them: little-endian, of a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gopouch::base {

// `at` has room for, or holds, sizeof(T) bytes.
template <typename T>
void put_number(std::uint8_t* at, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

template <typename T>
T get_number(const std::uint8_t* at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) number |= std::uint64_t{at[i]} << (8 * i);
  return static_cast<T>(number);
}

}  // namespace gopouch::base
