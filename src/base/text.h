// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace gopouch::base {

// "1,234,567"
std::string grouped(std::int64_t number);

// "0 B", "999 B", "1.2 kB", "34.5 MB": powers of 1000, as disks and networks are sold.
std::string human_bytes(std::int64_t bytes);

}  // namespace gopouch::base
