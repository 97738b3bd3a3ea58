// What fuzzers say of what they see: it is right, or this input has found a fault.
#pragma once

#include <cstdlib>
#include <string_view>

inline void check(bool right) {
  if (!right) std::abort();
}

// Text fit for a line of a log, shorter than `most` bytes.
inline void check_line(std::string_view text, std::size_t most = 500) {
  check(text.size() < most);
  for (const char letter : text) {
    check(static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f);
  }
}
