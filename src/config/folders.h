// Folders that a setting names, and those that are used where it names none.
#pragma once

#include <string>
#include <string_view>

#include "config/keys.h"

namespace gopouch::config {

struct Folder {
  std::string path;    // absolute
  std::string origin;  // "default", and the variable that it came from
};

// `text` as an absolute path: "~/" is the home folder, anything relative is in the working folder.
// Throws ConfigError where that is unknown.
std::string absolute_folder(std::string_view text, const Environment& env);

// Where the folder of this key is when nobody says. Throws ConfigError where no variable tells.
Folder default_folder(const Key& key, const Environment& env);

}  // namespace gopouch::config
