#include "config/flags.h"

#include <algorithm>

namespace gopouch::config {

namespace {

// Longer is the port of `connect`.
constexpr std::size_t kLongestLevel = 3;

bool is_word_of(const Key& key, std::string_view text) {
  return parse_value(key.kind, key.choices, text).ok();
}

// True if `next`, the word behind the flag, is its value. A switch may do without one, so that
// `--compression none`, `--debug 1` and gobuildcache's `-debug clear` all mean what they say.
bool takes_word(const Name& name, std::string_view next) {
  if (name.words == Words::kIgnored) return true;
  const Key& key = *find_key(name.key);
  if (name.words == Words::kSwitch) return is_word_of(key, next);
  if (name.words == Words::kLevel) {
    return next.size() <= kLongestLevel && parse_value(Kind::kNumber, {}, next).ok();
  }
  return key.kind != Kind::kBool;
}

bool needs_word(const Name& name) {
  return takes_word(name, {});  // only what may have any word takes this one
}

[[noreturn]] void refuse_unknown(std::string_view shown, std::string_view name) {
  Nearest nearest(name);
  for (const Key& key : keys()) nearest.consider(key.name);
  for (const Name& alias : aliases()) {
    if (alias.place == Place::kFlag) nearest.consider(alias.name);
  }
  throw ConfigError(
      fmt::format("unknown flag {}{}", quote(shown), nearest.hint(name.size() > 1 ? "--" : "-")));
}

}  // namespace

std::optional<Name> find_flag(std::string_view name) {
  for (const Name& alias : aliases()) {
    if (alias.place == Place::kFlag && alias.name == name) return alias;
  }
  const Key* const key = find_key(name);
  if (key == nullptr) return std::nullopt;
  return Name{key->name, Place::kFlag, key->name, Words::kOwn, ""};
}

CommandLine parse_command_line(std::span<const std::string> args) {
  CommandLine line;
  for (auto arg = args.begin(); arg != args.end(); ++arg) {
    if (*arg == "--") {
      line.words.insert(line.words.end(), arg + 1, args.end());
      break;
    }
    if (arg->size() < 2 || arg->front() != '-') {
      line.words.push_back(*arg);
      continue;
    }
    const std::size_t equals = arg->find('=');
    const std::string shown = arg->substr(0, equals);
    const std::string_view name = std::string_view(shown).substr(shown.starts_with("--") ? 2 : 1);
    if (name == "h" || name == "help") {
      line.help = true;
      continue;
    }
    const auto flag = find_flag(name);
    if (!flag) refuse_unknown(shown, name);

    const bool more = arg + 1 != args.end() && !(arg + 1)->starts_with('-');
    if (equals != std::string::npos) {
      line.flags.push_back({*flag, shown, arg->substr(equals + 1)});
    } else if (more && takes_word(*flag, *(arg + 1))) {
      ++arg;
      line.flags.push_back({*flag, shown, *arg});
    } else if (needs_word(*flag)) {
      throw ConfigError(fmt::format("flag {} needs a value: {}=VALUE", shown, shown));
    } else {
      line.flags.push_back({*flag, shown, "true"});
    }
  }
  return line;
}

}  // namespace gopouch::config
