// The table of commands: what there is, what is to come, and a line on each.
//
// What a command does is the business of cli; a new one is a row here and a file there.
#pragma once

#include <span>
#include <string_view>

#include "config/config.h"

namespace gopouch::config {

struct Command {
  std::string_view name;
  std::string_view operands;  // as help shows them; empty: it takes none
  std::string_view doc;       // one line, no full stop
  std::string_view lacks;     // of one to come, what this version does not have: "server"
};

// In the order of help.
std::span<const Command> commands();

// Null where there is none of this name.
const Command* find_command(std::string_view name);

// Throws ConfigError unless `words`, a command and its operands, are those of a command that is
// here. No words are the protocol.
void check_command(std::span<const std::string> words);

}  // namespace gopouch::config
