// Files that go writes by hand or the system makes up: short, and of no use when they are not.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace gopouch::scope {

// No go.mod is longer; of what is, the rest is not read.
constexpr std::size_t kLongest = std::size_t{1} << 20U;

// What the file holds, at most kLongest bytes; empty where there is no regular file or it cannot be
// read. Follows symbolic links, and never waits for another process.
std::string read_small_file(const std::filesystem::path& path);

// A file that is not a folder has this name.
bool is_file(const std::filesystem::path& path);

// The program that a shell runs where `name` is typed; empty: none. `path` is as in PATH.
std::filesystem::path find_program(std::string_view name, std::string_view path);

}  // namespace gopouch::scope
