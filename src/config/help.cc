// `gopouch help`: what the tables know, in lines of at most 100 columns.
#include <algorithm>
#include <array>

#include "config/commands.h"
#include "config/flags.h"
#include "config/surroundings.h"

namespace gopouch::config {

namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kTextColumn = 30;

// "  <left>    <text>": the text in a column of its own, broken between words.
void add_row(std::string& out, std::string_view left, std::string_view text) {
  std::string line = fmt::format("  {}", left);
  const auto start_line = [&] {
    out += line;
    out += '\n';
    line.clear();
  };
  if (line.size() + 2 > kTextColumn) start_line();
  line.resize(kTextColumn, ' ');
  bool fresh = true;
  for_each_piece(text, ' ', [&](std::string_view word) {
    if (!fresh && line.size() + 1 + word.size() > kColumns) {
      start_line();
      line.resize(kTextColumn, ' ');
      fresh = true;
    }
    line += fresh ? "" : " ";
    line += word;
    fresh = false;
  });
  start_line();
}

std::string flag_of(const Key& key) {
  std::string flag = fmt::format("--{}", key.name);
  if (!placeholder(key).empty()) fmt::format_to(std::back_inserter(flag), " {}", placeholder(key));
  return flag;
}

std::string with_default(const Key& key) {
  return key.initial.empty() || key.kind == Kind::kBool
             ? std::string(key.doc)
             : fmt::format("{} (default {})", key.doc, key.initial);
}

std::string overview() {
  std::string out =
      "gopouch is the Go build cache that a team shares. The go command starts it:\n\n"
      "  GOCACHEPROG=gopouch go build ./...\n\n"
      "Usage: gopouch [flags] [command]\n\nCommands\n";
  add_row(out, "(none)", "speak the protocol on stdin and stdout");
  std::string to_come;
  for (const Command& command : commands()) {
    if (command.lacks.empty()) {
      add_row(out, fmt::format("{} {}", command.name, command.operands), command.doc);
    } else {
      to_come += to_come.empty() ? "" : ", ";
      to_come += command.name;
    }
  }
  add_row(out, "to come", to_come);

  to_come.clear();
  const Topic* topic = nullptr;
  for (const Key& key : keys()) {
    if (key.apply == nullptr) {
      to_come += to_come.empty() ? "--" : ", --";
      to_come += key.name;
      continue;
    }
    if (topic != &key.topic) out += fmt::format("\n{}\n", key.topic.title);
    topic = &key.topic;
    add_row(out, flag_of(key), with_default(key));
  }
  out += "\nTo come, and refused until then\n";
  add_row(out, "", to_come);
  out +=
      "\n-x, --x, --x=VALUE and --x VALUE are the same; a switch takes no separate word. The "
      "variable\n"
      "of --cache-limit is GOPOUCH_CACHE_LIMIT, its key in the config file is cache-limit. A flag\n"
      "counts before a variable, a variable before the file. The flags and variables of "
      "gobuildcache,\n"
      "gocache-s3, go-cache-plugin and gocacheprog are understood: gopouch help environment, and\n"
      "gopouch help with any of these names.\n";
  return out;
}

std::string about(const Command& command) {
  std::string out = fmt::format("gopouch {}{}{}\n\n{}\n", command.name,
                                command.operands.empty() ? "" : " ", command.operands, command.doc);
  if (!command.lacks.empty())
    out += fmt::format("\nTo come: this version has no {} yet.\n", command.lacks);
  return out;
}

std::string about(const Key& key) {
  std::string out = fmt::format("{}: {}\n\n", key.name, key.doc);
  add_row(out, "flag", flag_of(key));
  add_row(out, "variable", variable_of(key));
  add_row(out, "key in the config file", key.name);
  add_row(out, "default", key.initial.empty() ? "none" : key.initial);
  const std::string also = other_names(key.name, ", ");
  if (!also.empty()) add_row(out, "older programs' names", also);
  if (key.apply == nullptr)
    out += fmt::format("\nTo come: this version has no {} yet.\n", key.topic.lacks);
  return out;
}

std::string environment() {
  std::string out = "Variables that are settings of gopouch\n";
  for (const Key& key : keys())
    add_row(out, variable_of(key),
            key.apply == nullptr ? fmt::format("to come: {}", key.doc) : std::string(key.doc));
  out += "\nOther variables that it reads\n";
  for (const auto& [name, doc] : surroundings()) add_row(out, name, doc);
  out += "\nVariables of older programs, and the settings that they stand for\n";
  for (const Name& name : aliases()) {
    if (name.place == Place::kFlag) continue;
    add_row(out, name.name,
            name.words == Words::kIgnored ? fmt::format("ignored: {}", name.meaning)
                                          : std::string(name.key));
  }
  out += fmt::format("\n{}\n", bare_names_rule());
  return out;
}

// What has any of these names: cache-dir, --cache-dir, GOPOUCH_CACHE_DIR, -dir, CACHE_DIR.
std::optional<Name> name_of(std::string_view topic) {
  for (const Key& key : keys()) {
    if (variable_of(key) == topic) return find_flag(key.name);
  }
  for (const Name& alias : aliases()) {
    if (alias.place != Place::kFlag && alias.name == topic) return alias;
  }
  topic.remove_prefix(std::min(topic.find_first_not_of('-'), topic.size()));
  return find_flag(topic);
}

std::string about(const Name& name) {
  if (name.words != Words::kIgnored) return about(*find_key(name.key));
  return fmt::format("{} is accepted and ignored: {}\n", name.name, name.meaning);
}

}  // namespace

std::optional<std::string> help(std::string_view topic) {
  if (topic.empty()) return overview();
  if (topic == "environment") return environment();
  // Some commands and settings share a name.
  const Command* const command = find_command(topic);
  const auto name = name_of(topic);
  if (command != nullptr && name) return about(*command) + "\nThe setting " + about(*name);
  if (command != nullptr) return about(*command);
  if (name) return about(*name);
  return std::nullopt;
}

}  // namespace gopouch::config
