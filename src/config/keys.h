// The table of settings: one row each, and all that follows from a row.
//
// A new setting is a field in the Options of the module that uses it, and a row in keys.cc. What
// older programs call it is in aliases.cc; what it means to a module is that module's business.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/config.h"
#include "config/value.h"

namespace gopouch::config {

// What a setting is about: a heading in help, and what this version lacks while it is to come.
struct Topic {
  std::string_view title;
  std::string_view lacks;  // "remotes"
};

struct Key {
  std::string_view name;  // in the config file; "--" before it is the flag
  Kind kind;
  std::string_view choices;  // of a kEnum; of a kFolder, a word that is no path
  std::string_view initial;  // the default, as a user would write it; of a kFolder, a description
  std::string_view doc;      // one line, no full stop
  const Topic& topic;
  // Puts a value where it belongs. Null: the feature is to come, and nothing but the default is
  // accepted.
  void (*apply)(Settings& settings, const Value& value);
};

// In the order of help and docs.
std::span<const Key> keys();

// Null where there is none of this name.
const Key* find_key(std::string_view name);

// GOPOUCH_CACHE_LIMIT for cache-limit. `key` must be one of keys().
std::string_view variable_of(const Key& key);

// What a value of this key looks like: "SIZE", "auto|always|never"; empty for a bool.
std::string_view placeholder(const Key& key);

}  // namespace gopouch::config
