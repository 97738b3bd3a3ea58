// The command line, in the style of Go's flag package: -x, --x, -x=v and -x v are the same; a bool
// takes no separate word; "--" ends the flags. Flags may also stand behind the command.
//
// Knows which names there are (aliases.h), and of their values only whether the next word is one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/aliases.h"

namespace gopouch::config {

struct Flag {
  Name name;
  std::string shown;  // with its dashes, as it was written
  std::string value;
};

struct CommandLine {
  std::vector<Flag> flags;         // in the order written
  std::vector<std::string> words;  // what is no flag: the command and its operands
  bool help = false;               // -h, -help
};

// Throws ConfigError for a flag that nobody knows or that lacks its value.
CommandLine parse_command_line(std::span<const std::string> args);

// The flag of this name, without dashes; a setting's own or an older program's.
std::optional<Name> find_flag(std::string_view name);

}  // namespace gopouch::config
