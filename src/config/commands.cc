#include "config/commands.h"

#include <algorithm>
#include <array>

#include "config/value.h"

namespace gopouch::config {

namespace {

constexpr std::array kCommands{
    Command{"ca", "", "print the certificate of the reverse proxy, for clients to trust", ""},
    Command{"clear", "", "remove everything from the local store and from the remote", ""},
    Command{"clear-local", "", "remove everything from the local store", ""},
    Command{"clear-remote", "", "remove everything of ours from the remote", ""},
    Command{"config", "", "the settings in effect, and where each came from", ""},
    Command{"connect", "[PORT|unix:PATH]",
            "lead a go command to the server there: what GOCACHEPROG names then", ""},
    Command{"doctor", "", "check cache folder, credentials and remote, and say what to do", ""},
    Command{"help", "[TOPIC]", "this; or a command, a setting by any of its names, environment",
            ""},
    Command{"prefetch", "[GO-COMMAND...]", "fetch what a go command will ask for, ahead of it", ""},
    Command{"prune", "[remote]",
            "trim the local store now, by max-age and cache-limit; or the remote", ""},
    Command{"scope", "[GO-COMMAND...]", "what makes sessions share packs, and why", ""},
    Command{"serve", "", "one server for many go commands: their sessions, and modules over HTTP",
            ""},
    Command{"verify", "", "hash everything in the local store and drop what is damaged", ""},
    Command{"version", "", "which version this is", ""},
    Command{"keygen", "", "make a pair of keys", "signatures"},
    Command{"stats", "", "what the sessions on this machine did", "statistics"},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : found;
}

CommandState command_state(std::string_view name) {
  const Command* const command = find_command(name);
  if (command == nullptr) return CommandState::kUnknown;
  return command->lacks.empty() ? CommandState::kHere : CommandState::kToCome;
}

void check_command(std::span<const std::string> words) {
  if (words.empty()) return;
  const Command* const command = find_command(words.front());
  if (command == nullptr) {
    Nearest nearest(words.front());
    for (const Command& one : kCommands) nearest.consider(one.name);
    throw ConfigError(fmt::format("unknown command {}{}", quote(words.front()),
                                  nearest.word().empty() ? "; try gopouch help" : nearest.hint()));
  }
  if (!command->lacks.empty()) {
    throw ConfigError(fmt::format("{}: this version has no {} yet", command->name, command->lacks));
  }
  const bool any_number = command->operands.find("...") != std::string_view::npos;
  const std::size_t allowed = command->operands.empty() ? 0 : 1;
  if (words.size() - 1 > allowed && !any_number) {
    throw ConfigError(fmt::format("{}: what is {} for? try gopouch help {}", command->name,
                                  quote(words[allowed + 1]), command->name));
  }
}

}  // namespace gopouch::config
