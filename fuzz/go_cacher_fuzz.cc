// What go-cacher's first servers say of an action: an entry, or that it is none.
#include <cstdlib>

#include "remote/bare.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto entry = gopouch::remote::parse_action_value(text);
  if (entry && entry->size < 0) std::abort();
  return 0;
}
