// Surroundings that a test makes up, and facts as text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "scope/scope.h"
#include "test/support/temp_dir.h"

namespace gopouch::scope::test {

using gopouch::test::TempDir;
using gopouch::test::write;
using Vars = std::map<std::string, std::string, std::less<>>;
using Words = std::vector<std::string>;

inline Environment environment(Vars vars) {
  return [vars = std::move(vars)](std::string_view name) -> std::optional<std::string> {
    const auto found = vars.find(name);
    return found == vars.end() ? std::nullopt : std::optional(found->second);
  };
}

// "go build  -race" as words; no quotes.
inline Words split(std::string_view line) {
  Words words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) return words;
    words.emplace_back(line.substr(0, line.find(' ')));
    line.remove_prefix(words.back().size());
  }
}

// "name=value" lines joined by "; ".
inline std::string text_of(const std::vector<Fact>& facts) {
  std::string text;
  for (const Fact& fact : facts) {
    text += (text.empty() ? "" : "; ") + fact.name + "=" + fact.value;
  }
  return text;
}

inline std::string value_of(const Scope& scope, std::string_view name) {
  for (const Fact& fact : scope.facts) {
    if (fact.name == name) return fact.value;
  }
  return {};
}

}  // namespace gopouch::scope::test
