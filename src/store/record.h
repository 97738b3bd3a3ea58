// The record of an entry: the text of an "-a" file.
//
// Grammar (cmd/go/internal/cache/cache.go, DiskCache.get and putIndexEntry):
//
//   record = "v1 " action " " output " " size " " time "\n"
//   action, output = 64 hex digits
//   size, time = decimal, at least 0, right-aligned with spaces in 20 columns
//   time = nanoseconds since the Unix epoch
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace gopouch::store {

constexpr std::size_t kRecordSize = 2 + 1 + 64 + 1 + 64 + 1 + 20 + 1 + 20 + 1;

std::string format_record(const ActionId& action, const Entry& entry);

// nullopt unless `text` is a whole record of `action`.
std::optional<Entry> parse_record(std::string_view text, const ActionId& action);

}  // namespace gopouch::store
