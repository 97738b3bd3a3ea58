// Variables of the environment that are settings, under our names and those of older programs.
#pragma once

#include <vector>

#include "config/aliases.h"

namespace gopouch::config {

// What the environment says, an earlier place first. Adds a line to `notes` for what is ignored.
// Throws ConfigError when a value is bad.
std::vector<Saying> read_variables(const Environment& env, std::vector<std::string>& notes);

}  // namespace gopouch::config
