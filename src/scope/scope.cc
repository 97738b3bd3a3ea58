// From an input to facts, and from facts to the two hashes.
//
// What is hashed, version 1: "gopouch scope 1\n", then of each fact its name and its value, each as
// "<length in decimal>:<bytes>\n". A new rule that changes what others know under a name needs a
// new version.
#include "scope/scope.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "scope/command.h"
#include "scope/main_module.h"
#include "scope/variables.h"

namespace gopouch::scope {

namespace {

constexpr std::string_view kVersion = "gopouch scope 1\n";

base::Hash hash_of(const std::vector<Fact>& facts, bool with_command) {
  std::string text(kVersion);
  for (const Fact& fact : facts) {
    if (fact.of_command && !with_command) continue;
    text +=
        fmt::format("{}:{}\n{}:{}\n", fact.name.size(), fact.name, fact.value.size(), fact.value);
  }
  return base::sha256(base::bytes_of(text));
}

Scope hashed(std::vector<Fact> facts) {
  Scope scope;
  scope.exact = hash_of(facts, true);
  scope.module = hash_of(facts, false);
  scope.facts = std::move(facts);
  return scope;
}

}  // namespace

Scope find(const Input& input, std::string_view name) {
  if (!name.empty()) return hashed({{"scope", std::string(name), false}});

  std::vector<std::string> command = input.command;
  const std::filesystem::path cwd = take_chdir(command, input.cwd);
  const Variables go(input.env);
  const MainModule module = find_main_module(cwd, go);
  const std::string goflags = go.get("GOFLAGS");

  std::vector<Fact> facts;
  if (!input.go_version.empty()) facts.push_back({"GOVERSION", input.go_version, false});
  add_target(facts, go);
  const std::string flags = canonical_goflags(goflags, module.root.native());
  if (!flags.empty()) facts.push_back({"GOFLAGS", flags, false});
  add_module(facts, module);
  add_command(facts, command,
              {.root = module.root, .folder = below_root(module, cwd), .goflags = goflags});
  return hashed(std::move(facts));
}

}  // namespace gopouch::scope
