// gopouch scope: under which names sessions share packs, and what these names are made of.
//
// Of the go command whose words are given; else of the one that started us, where one did; else of
// the module alone.
#include "scope/scope.h"

#include <algorithm>

#include "cli/cli.h"

namespace gopouch::cli {

namespace {

scope::Input input_of(const config::Settings& settings) {
  std::vector<std::string> command = settings.operands;
  if (command.empty()) {
    scope::Input started_by = scope::surroundings(settings.object.env);
    if (!started_by.command.empty()) return started_by;
  } else if (command.front() != "go" && !command.front().ends_with("/go")) {
    command.insert(command.begin(), "go");
  }
  return scope::from_shell(settings.object.env, std::move(command));
}

// Fit for one line, whatever is in it.
std::string shown(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return line;
}

void print_names(const scope::Scope& found, bool named) {
  if (found.exact != found.module) fmt::print("exact   {}\n", base::to_hex(found.exact));
  fmt::print("{}  {}\n", named ? "named " : "module", base::to_hex(found.module));
}

void print_facts(const scope::Scope& found) {
  std::size_t width = 0;
  for (const scope::Fact& fact : found.facts) width = std::max(width, fact.name.size());
  const auto print_those = [&](bool of_command) {
    for (const scope::Fact& fact : found.facts) {
      if (fact.of_command != of_command) continue;
      fmt::print("  {:{}}  {}\n", shown(fact.name), width, shown(fact.value));
    }
  };
  fmt::print("\nmade of\n");
  print_those(false);
  if (found.exact == found.module) return;
  fmt::print("the exact one also of\n");
  print_those(true);
}

}  // namespace

int show_scope(const config::Settings& settings) {
  const bool named = !settings.scope.empty();
  const scope::Input input = input_of(settings);
  const scope::Scope found = scope::find(input, settings.scope);
  print_names(found, named);
  print_facts(found);
  if (!named && input.go_version.empty()) {
    base::log(base::LogLevel::kWarning,
              "the go command in PATH does not say which version it is, so a session has other "
              "names; set GOVERSION to what \"go env GOVERSION\" prints");
  }
  return 0;
}

}  // namespace gopouch::cli
