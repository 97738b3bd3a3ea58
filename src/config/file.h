// The config file: TOML, with the settings' own names as keys at the top level, and no other names.
//
//   cache-dir = "~/pouch"
//   cache-limit = "50GB"      # a size is text or a number of bytes
//   stats = true
//
// The file is GOPOUCH_CONFIG's, which must then be there; else
// $XDG_CONFIG_HOME/gopouch/config.toml, else $HOME/.config/gopouch/config.toml, which need not be.
#pragma once

#include <string>
#include <vector>

#include "config/aliases.h"

namespace gopouch::config {

// What the config file says; nothing where there is no file. Throws ConfigError, with file and
// line, for a file that cannot be read, is no TOML, has an unknown key or a bad value.
std::vector<Saying> read_config_file(const Environment& env);

}  // namespace gopouch::config
