// Keeping a folder small and true: when a trim is due, what it drops, and the check of every file.
//
// Go's rules (cmd/go/internal/cache/cache.go, Trim) and one of ours, the limit. All of it may run
// beside any number of sessions of ours and go's.
#pragma once

#include "store/folder.h"
#include "store/store.h"

namespace gopouch::store {

// What was used within this time stays, whatever the limit and max_age: a DiskPath must outlive the
// go command that was given it, and a mtime may lag by kMtimeInterval.
constexpr auto kKeepAtLeast = std::chrono::hours(24) + kMtimeInterval;

// Adds `written` bytes to the folder's count; true when a trim should follow (Store::trim_due).
bool trim_due(const Folder& folder, const Options& options, std::int64_t written);

// As Store::trim.
std::optional<TrimReport> trim(const Folder& folder, const Options& options);

// For a disk that is full: drops the least recently used until a good piece is free. False when
// everything was used too recently.
bool free_some(const Folder& folder, Time now);

// As Store::verify; adds to `report`.
void verify(const Folder& folder, Time now, VerifyReport& report);

// As Store::clear.
bool clear(const Folder& folder);

}  // namespace gopouch::store
