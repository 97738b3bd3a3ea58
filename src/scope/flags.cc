#include "scope/flags.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

namespace gopouch::scope {

namespace {

using enum Takes;
using enum Counts;

constexpr std::array kRules{
    // Of commands, where the same name means something else elsewhere.
    FlagRule{"fix", "c", kWord},
    FlagRule{"get", "d", kMaybe},
    FlagRule{"get", "u", kMaybe, kYes},
    FlagRule{"list", "f", kWord, kYes},  // with json: whether staleness is looked up
    FlagRule{"list", "json", kMaybe, kYes},
    FlagRule{"test", "c", kNothing, kYes},
    FlagRule{"test", "json"},
    FlagRule{"vet", "c", kWord},
    FlagRule{"vet", "fix", kNothing, kYes},

    // What a build is made of.
    FlagRule{"", "asan", kNothing, kYes},
    FlagRule{"", "asmflags", kWord, kEach},
    FlagRule{"", "buildmode", kWord, kYes, "default"},
    FlagRule{"", "buildvcs", kMaybe},  // only the main package, like -ldflags
    FlagRule{"", "compiler", kWord, kYes, "gc"},
    FlagRule{"", "cover", kNothing, kYes},
    FlagRule{"", "covermode", kWord, kYes, "", "cover"},
    FlagRule{"", "coverpkg", kWord, kYes, "", "cover"},
    FlagRule{"", "coverprofile", kWord, kNo, "", "cover"},
    FlagRule{"", "fuzz", kWord, kPresence},
    FlagRule{"", "gccgoflags", kWord, kEach},
    FlagRule{"", "gcflags", kWord, kEach},
    FlagRule{"", "installsuffix", kWord, kYes},
    // Often a version or a commit; nothing but links and main packages hangs on it.
    FlagRule{"", "ldflags", kWord},
    FlagRule{"", "linkshared", kNothing, kYes},
    FlagRule{"", "mod", kWord, kYes},
    FlagRule{"", "modfile", kWord, kPath},
    FlagRule{"", "msan", kNothing, kYes},
    FlagRule{"", "overlay", kWord, kPresence},  // a new file each time, where an editor asks
    FlagRule{"", "pgo", kWord, kPath, "auto"},
    FlagRule{"", "pkgdir", kWord, kPath},
    FlagRule{"", "race", kNothing, kYes},
    FlagRule{"", "tags", kWord, kTags},
    FlagRule{"", "toolexec", kWord, kYes},
    FlagRule{"", "trimpath", kNothing, kYes},
    FlagRule{"", "vet", kWord, kYes},
    FlagRule{"", "vettool", kWord, kPath},

    // What list, get and fix are asked for.
    FlagRule{"", "compiled", kNothing, kYes},
    FlagRule{"", "deps", kNothing, kYes},
    FlagRule{"", "e"},
    FlagRule{"", "export", kNothing, kYes},
    FlagRule{"", "find", kNothing, kYes},
    FlagRule{"", "fixtool", kWord, kPath},
    FlagRule{"", "m", kNothing, kYes},
    FlagRule{"", "retracted", kNothing, kYes},
    FlagRule{"", "reuse", kWord},
    FlagRule{"", "t", kNothing, kYes},
    FlagRule{"", "test", kNothing, kYes},
    FlagRule{"", "tool", kNothing, kYes},
    FlagRule{"", "u", kNothing, kYes},
    FlagRule{"", "versions", kNothing, kYes},

    // How the work is done and shown, and what a test does when it is built.
    FlagRule{"", "a"},
    FlagRule{"", "artifacts"},
    FlagRule{"", "bench", kWord},
    FlagRule{"", "benchmem"},
    FlagRule{"", "benchtime", kWord},
    FlagRule{"", "blockprofile", kWord},
    FlagRule{"", "blockprofilerate", kWord},
    FlagRule{"", "count", kWord},
    FlagRule{"", "cpu", kWord},
    FlagRule{"", "cpuprofile", kWord},
    FlagRule{"", "debug-actiongraph", kWord},
    FlagRule{"", "debug-runtime-trace", kWord},
    FlagRule{"", "debug-trace", kWord},
    FlagRule{"", "diff"},
    FlagRule{"", "exec", kWord},
    FlagRule{"", "failfast"},
    FlagRule{"", "fullpath"},
    FlagRule{"", "fuzzminimizetime", kWord},
    FlagRule{"", "fuzztime", kWord},
    FlagRule{"", "json"},
    FlagRule{"", "list", kWord},
    FlagRule{"", "memprofile", kWord},
    FlagRule{"", "memprofilerate", kWord},
    FlagRule{"", "modcacherw"},
    FlagRule{"", "mutexprofile", kWord},
    FlagRule{"", "mutexprofilefraction", kWord},
    FlagRule{"", "n"},
    FlagRule{"", "o", kWord},
    FlagRule{"", "outputdir", kWord},
    FlagRule{"", "p", kWord},
    FlagRule{"", "parallel", kWord},
    FlagRule{"", "run", kWord},
    FlagRule{"", "short"},
    FlagRule{"", "shuffle", kWord},
    FlagRule{"", "skip", kWord},
    FlagRule{"", "timeout", kWord},
    FlagRule{"", "trace", kWord},
    FlagRule{"", "v"},
    FlagRule{"", "work"},
    FlagRule{"", "x"},
};

// strconv.ParseBool; what is neither stays as it is.
std::string canonical_bool(std::string_view value) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return "true";
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return {};
  }
  return std::string(value);
}

// Separated by commas, or by spaces and perhaps in quotes, as they were before Go 1.13.
std::string canonical_tags(std::string_view value) {
  constexpr std::string_view kBetween = ", \t\n\r'\"";
  std::vector<std::string> tags;
  while (true) {
    value.remove_prefix(std::min(value.find_first_not_of(kBetween), value.size()));
    if (value.empty()) break;
    tags.emplace_back(value.substr(0, value.find_first_of(kBetween)));
    value.remove_prefix(tags.back().size());
  }
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
  return fmt::format("{}", fmt::join(tags, ","));
}

}  // namespace

const FlagRule* find_flag(std::string_view command, std::string_view name) {
  for (const FlagRule& rule : kRules) {
    if (rule.name == name && (rule.command.empty() || rule.command == command)) return &rule;
  }
  return nullptr;
}

bool FlagWord::is_one(std::string_view word) {
  if (word.starts_with("--")) word.remove_prefix(1);
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && word[1] != '=';
}

FlagWord::FlagWord(std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const std::size_t equals = word.find('=');
  name = word.substr(0, equals);
  has_value = equals != std::string_view::npos;
  if (has_value) value = word.substr(equals + 1);
}

void FlagSet::set(const FlagRule& rule, std::string_view value) {
  if (!rule.implies.empty()) values_[fmt::format("-{}", rule.implies)] = "true";
  std::string form(value);
  if (rule.takes == kNothing) form = canonical_bool(value);
  if (rule.counts == kTags) form = canonical_tags(value);
  if (rule.counts == kPath) form = portable_path(root_, value);
  if (rule.counts == kPresence && !value.empty()) form = "true";
  if (form == rule.initial) form.clear();

  const std::string name = fmt::format("-{}", rule.name);
  if (rule.counts == kNo) return;
  if (rule.counts == kEach) {
    std::string& all = values_[name];
    all += fmt::format("{}{}", all.empty() ? "" : " ", form);
  } else if (form.empty()) {
    values_.erase(name);
  } else {
    values_[name] = form;
  }
}

void FlagSet::set_unknown(const FlagWord& flag) {
  std::string& all = values_[fmt::format("-{}", flag.name)];
  all += fmt::format("{}{}", all.empty() ? "" : " ", flag.has_value ? flag.value : "true");
}

std::string portable_path(std::string_view root, std::string_view path) {
  const std::filesystem::path given(path);
  if (!given.is_absolute()) return std::string(path);
  if (!root.empty()) {
    const std::string relative = given.lexically_relative(root).native();
    if (relative != ".." && !relative.starts_with("../")) {
      return fmt::format("<module>/{}", relative);
    }
  }
  return given.filename().native();
}

}  // namespace gopouch::scope
