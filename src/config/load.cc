// From words to settings: gather what was said, let the first place win, put it where it belongs.
#include <algorithm>
#include <iterator>

#include "config/aliases.h"
#include "config/commands.h"
#include "config/file.h"
#include "config/flags.h"
#include "config/folders.h"
#include "config/remotes.h"
#include "config/variables.h"

namespace gopouch::config {

namespace {

void append(std::vector<Saying>& to, std::vector<Saying> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// A list's flag may be repeated: each adds to it.
void add_flag(std::vector<Saying>& said, Saying flag) {
  const auto is_list = [](const Saying& one) {
    return one.key->kind == Kind::kList && one.words == Words::kOwn && one.piece.empty();
  };
  const auto before = std::find_if(said.begin(), said.end(), [&](const Saying& one) {
    return is_list(one) && one.key == flag.key;
  });
  if (!is_list(flag) || before == said.end()) {
    said.push_back(std::move(flag));
  } else {
    before->value.text += "," + flag.value.text;
  }
}

// Everything that was said, what counts more before what counts less.
std::vector<Saying> gather(const CommandLine& line, const Environment& env,
                           std::vector<std::string>& notes) {
  std::vector<Saying> said;
  for (const Flag& flag : line.flags) {
    if (auto saying = interpret(flag.name, flag.shown, flag.value, notes))
      add_flag(said, *std::move(saying));
  }
  std::reverse(said.begin(), said.end());  // of two flags the later one counts
  append(said, read_variables(env, notes));
  append(said, read_config_file(env));
  std::stable_sort(said.begin(), said.end(), [](const Saying& a, const Saying& b) {
    return a.place != b.place ? a.place < b.place : a.faint < b.faint;
  });
  return said;
}

std::string_view without_dashes(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  return name;
}

// Names whose value is another than the first one's. The file is not among them: it says what is
// wanted when nobody says more. Nor is the same flag given twice, nor a faint word.
std::string contradicting(std::span<const Saying> said) {
  std::string names;
  const Saying& first = said.front();
  for (const Saying& other : said.subspan(1)) {
    if (other.place == Place::kFile || other.faint ||
        same_value(first.key->kind, first.value, other.value) ||
        without_dashes(other.name) == without_dashes(first.name)) {
      continue;
    }
    names += names.empty() ? "" : ", ";
    names += other.name;
  }
  return names;
}

[[noreturn]] void refuse(const Key& key, const Saying& saying) {
  const std::string name =
      saying.place == Place::kFile ? fmt::format("{}: {}", saying.name, key.name) : saying.name;
  throw ConfigError(
      fmt::format("{}: this version has no {} yet; remove it", name, key.topic.lacks));
}

// The value of a setting whose feature is to come may be the default, in so many words.
bool is_default(const Key& key, const Value& value) {
  if (key.initial.empty()) return value.text.empty();
  return same_value(key.kind, value, *parse_value(key.kind, key.choices, key.initial));
}

// What nobody spoke of.
Effective by_default(const Key& key, const Environment& env) {
  if (key.kind != Kind::kFolder)
    return {std::string(key.name), std::string(key.initial), "default"};
  Folder folder = default_folder(key, env);
  return {std::string(key.name), std::move(folder.path), std::move(folder.origin)};
}

// What `saying` says. A folder's path becomes absolute.
Effective by_word(const Key& key, const Saying& saying, const Environment& env) {
  const bool a_path = key.kind == Kind::kFolder && saying.value.text != key.choices;
  return {std::string(key.name),
          a_path ? absolute_folder(saying.value.text, env) : saying.value.text,
          (saying.place == Place::kFlag ? "flag " : "") + saying.name};
}

void apply(const Key& key, std::span<const Saying> said, const Environment& env,
           Settings& settings) {
  if (!said.empty()) {
    const Saying& first = said.front();
    if (key.apply == nullptr && !is_default(key, first.value)) refuse(key, first);
    if (const std::string others = contradicting(said); !others.empty()) {
      settings.warnings.push_back(fmt::format("{}: {} and {} disagree; {} counts", key.name,
                                              first.name, others, first.name));
    }
  }
  if (key.apply == nullptr) return;
  Effective effective = said.empty() ? by_default(key, env) : by_word(key, said.front(), env);
  // Its words were accepted once, or are the table's own; a path is what it is.
  key.apply(settings, key.kind == Kind::kFolder
                          ? Value{.text = effective.value}
                          : *parse_value(key.kind, key.choices, effective.value));
  effective.value = display(key.kind, effective.value);
  settings.effective.push_back(std::move(effective));
}

}  // namespace

Settings load(std::span<const std::string> args, const Environment& env) {
  Settings settings;
  CommandLine line = parse_command_line(args);
  settings.help = line.help;
  if (!line.words.empty()) {
    settings.command = line.words.front();
    settings.operands.assign(line.words.begin() + 1, line.words.end());
  }
  // Help must be there for whoever has just got it wrong.
  if (settings.help) return settings;
  check_command(line.words);
  if (settings.command == "help" || settings.command == "version") return settings;

  std::vector<Saying> said = gather(line, env, settings.notes);
  join_pieces(said, settings.notes);
  const auto by_key = [](const Saying& a, const Saying& b) { return a.key < b.key; };
  std::stable_sort(said.begin(), said.end(), by_key);
  auto first = said.begin();
  for (const Key& key : keys()) {
    const auto last =
        std::find_if(first, said.end(), [&](const Saying& saying) { return saying.key != &key; });
    apply(key, {first, last}, env, settings);
    first = last;
  }
  finish_remotes(env, settings);
  if (env("GITHUB_ACTIONS").value_or("") == "true") {
    settings.step_summary = env("GITHUB_STEP_SUMMARY").value_or("");
  }
  return settings;
}

}  // namespace gopouch::config
