// gopouch help, config, version: what the program says of itself. The words are config's.
#include <algorithm>
#include <cstdio>

#include "cli/cli.h"

namespace gopouch::cli {

int show_help(const config::Settings& settings) {
  // "gopouch help prune" and "gopouch prune --help" ask the same.
  std::string topic = settings.command;
  if (topic == "help") topic = settings.operands.empty() ? "" : settings.operands.front();
  const auto text = config::help(topic);
  if (!text)
    throw config::ConfigError("help: there is no topic \"" + topic + "\"; try gopouch help");
  fmt::print("{}", *text);
  return 0;
}

int show_config(const config::Settings& settings) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const auto& one : settings.effective) {
    name_width = std::max(name_width, one.name.size());
    value_width = std::max(value_width, one.value.size());
  }
  for (const auto& one : settings.effective) {
    fmt::print("{:{}}  {:{}}  {}\n", one.name, name_width, one.value, value_width, one.origin);
  }
  return 0;
}

int show_version() {
  fmt::print("gopouch {}\n", GOPOUCH_VERSION);
  return 0;
}

}  // namespace gopouch::cli
