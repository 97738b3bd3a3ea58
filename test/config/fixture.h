// An environment of a test's own, and load() with it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/config.h"
#include "test/support/temp_dir.h"

namespace gopouch::test {

using Variables = std::map<std::string, std::string>;
using Args = std::vector<std::string>;

inline config::Environment environment(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// load() where HOME is a folder that is not there, so that there is a default for each setting and
// no config file.
inline config::Settings load(const Args& args, Variables variables = {}) {
  variables.emplace("HOME", "/nowhere");
  return config::load(args, environment(std::move(variables)));
}

// What load() says when it refuses; empty when it does not.
inline std::string refusal(const Args& args, Variables variables = {}) {
  try {
    load(args, std::move(variables));
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "";
}

// A setting's value and origin, "20GB | default".
inline std::string effective(const config::Settings& settings, std::string_view name) {
  for (const auto& one : settings.effective) {
    if (one.name == name) return one.value + " | " + one.origin;
  }
  return "none";
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace gopouch::test
