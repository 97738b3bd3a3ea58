// The record of an entry: what parses is bounded, and formats back to a record of the same meaning.
#include <cstdlib>

#include "store/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gopouch::store;
  const std::string text(data, data + size);
  // The action that the text itself names, so that the fuzzer gets past the first check.
  ActionId action;
  if (const auto named =
          text.size() > 67 ? gopouch::base::hash_from_hex(text.substr(3, 64)) : std::nullopt) {
    action.hash = *named;
  }
  const auto entry = parse_record(text, action);
  if (!entry) return 0;
  if (entry->size < 0 || entry->put_time.time_since_epoch().count() < 0) std::abort();
  const auto again = parse_record(format_record(action, *entry), action);
  if (!again || again->output != entry->output || again->size != entry->size ||
      again->put_time != entry->put_time) {
    std::abort();
  }
  return 0;
}
