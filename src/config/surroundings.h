// What help and docs/settings.md both say, once.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gopouch::config {

struct Variable {
  std::string_view name;
  std::string_view doc;
};

// Variables that are read and are no settings.
std::span<const Variable> surroundings();

// The names that older programs have for the setting, between `separator`s; those that are ignored
// for an empty `key`.
std::string other_names(std::string_view key, std::string_view separator);

// When gobuildcache's names without a prefix count.
std::string_view bare_names_rule();

}  // namespace gopouch::config
