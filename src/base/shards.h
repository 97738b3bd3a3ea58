// A folder whose files lie in 256 subfolders, "00" to "ff", by the first digits of their names.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace gopouch::base {

// Calls `visit` for every file ("xx/name") that lies so below `dir`. All names of a subfolder are
// read before the first visit, so that a visitor may remove what it sees.
void for_each_in_shards(
    int dir, const std::function<void(const std::string& name, const struct stat& info)>& visit);

// When a file was last written.
std::chrono::sys_time<std::chrono::nanoseconds> mtime_of(const struct stat& info);

// What a file takes of the disk.
std::int64_t bytes_on_disk(const struct stat& info);

}  // namespace gopouch::base
