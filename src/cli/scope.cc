// gopouch scope: under which names sessions share packs, and what these names are made of.
//
// Of the go command whose words are given; else of the one that started us, where one did; else of
// the module alone.
#include <algorithm>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/shared.h"
#include "pack/pack.h"

namespace gopouch::cli {

namespace {

constexpr std::chrono::seconds kAskTime{10};

// Fit for one line, whatever is in it.
std::string shown(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return line;
}

// What a remote holds under a name.
std::string held(object::Remote& remote, const base::Hash& name) {
  const auto reply = object::get_one(remote.store(),
                                     {.key = pack::manifest_key(name), .limit = pack::kMaxManifest},
                                     base::Call::within(kAskTime));
  if (!reply) return "  " + reply.error().message;
  if (!*reply) return "  nothing in the remote";
  const auto summary = pack::summary_of((*reply)->bytes);
  if (!summary) return "  " + summary.error().message;
  return fmt::format("  {} actions, {} outputs ({}) in {} packs", base::grouped(summary->actions),
                     base::grouped(summary->outputs), base::human_bytes(summary->bytes),
                     summary->packs.size());
}

// On the line of the name; of several remotes each has a line of its own.
std::string held(std::vector<object::Remote>& remotes, const base::Hash& name) {
  if (remotes.size() == 1) return held(remotes.front(), name);
  std::string lines;
  for (object::Remote& remote : remotes) {
    lines += fmt::format("\n  {}{}", remote.name(), held(remote, name));
  }
  return lines;
}

void print_names(const scope::Scope& found, bool named, std::vector<object::Remote> remotes) {
  if (found.exact != found.module) {
    fmt::print("exact   {}{}\n", base::to_hex(found.exact), held(remotes, found.exact));
  }
  fmt::print("{}  {}{}\n", named ? "named " : "module", base::to_hex(found.module),
             held(remotes, found.module));
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

scope::Input scope_input(const config::Settings& settings) {
  std::vector<std::string> command = settings.operands;
  if (command.empty()) {
    scope::Input started_by = scope::surroundings(settings.object.env);
    if (!started_by.command.empty()) return started_by;
  } else if (command.front() != "go" && !command.front().ends_with("/go")) {
    command.insert(command.begin(), "go");
  }
  return scope::from_shell(settings.object.env, std::move(command));
}

int show_scope(const config::Settings& settings) {
  const bool named = !settings.scope.empty();
  const scope::Input input = scope_input(settings);
  const scope::Scope found = scope::find(input, settings.scope);
  print_names(found, named, open_remotes(settings));
  print_facts(found);
  if (!named && input.go_version.empty()) {
    base::log(base::LogLevel::kWarning,
              "the go command in PATH does not say which version it is, so a session has other "
              "names; set GOVERSION to what \"go env GOVERSION\" prints");
  }
  return 0;
}

}  // namespace gopouch::cli
