#include "scope/command.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "scope/flags.h"
#include "scope/variables.h"

namespace gopouch::scope {

namespace {

using Words = std::span<const std::string>;

// Commands that are named by two words.
constexpr std::array<std::string_view, 3> kGroups{"mod", "telemetry", "work"};

std::size_t length_of_name(Words words) {
  if (words.empty() || words.front().starts_with('-')) return 0;
  const bool group = std::find(kGroups.begin(), kGroups.end(), words.front()) != kGroups.end();
  return group && words.size() > 1 && !words[1].starts_with('-') ? 2 : 1;
}

bool is_chdir(std::string_view word) {
  return FlagWord::is_one(word) && FlagWord(word).name == "C";
}

void set_goflags(FlagSet& flags, std::string_view command, std::string_view goflags) {
  for (const std::string& word : split_quoted(goflags)) {
    if (!FlagWord::is_one(word)) continue;
    const FlagWord flag(word);
    const FlagRule* const rule = find_flag(command, flag.name);
    if (rule == nullptr) {
      flags.set_unknown(flag);
    } else {
      flags.set(*rule, flag.has_value ? flag.value : "true");
    }
  }
}

// Reads the words behind a command's name, one after the other.
class Reader {
 public:
  Reader(std::string_view command, Words words, FlagSet& flags)
      : command_(command), is_test_(command == "test"), words_(words), flags_(flags) {}

  // The words that are no flags: packages and files. `go test` takes flags behind them too.
  std::vector<std::string> read() {
    while (!words_.empty()) {
      const std::string& word = words_.front();
      words_ = words_.subspan(1);
      if (word == "--") {
        if (!is_test_) take_rest();
        break;
      }
      if (FlagWord::is_one(word)) {
        if (is_test_ && FlagWord(word).name == "args") break;
        read_flag(FlagWord(word));
      } else if (!is_test_) {
        operands_.push_back(word);
        take_rest();
      } else if (!read_test_operand(word)) {
        break;
      }
    }
    return std::move(operands_);
  }

 private:
  void take_rest() {
    operands_.insert(operands_.end(), words_.begin(), words_.end());
    words_ = {};
  }

  void read_flag(FlagWord flag) {
    list_ended_ = !operands_.empty();
    value_expected_ = false;
    if (is_test_ && flag.name.starts_with("test.")) flag.name.remove_prefix(5);
    const FlagRule* const rule = find_flag(command_, flag.name);
    if (rule == nullptr) {
      read_unknown(flag);
    } else if (flag.has_value || rule->takes != Takes::kWord) {
      flags_.set(*rule, flag.has_value ? flag.value : "true");
    } else if (!words_.empty()) {
      flags_.set(*rule, words_.front());
      words_ = words_.subspan(1);
    }
  }

  // Behind its packages, a test's own flags may stand.
  void read_unknown(const FlagWord& flag) {
    if (!list_ended_ || !is_test_) return flags_.set_unknown(flag);
    value_expected_ = !flag.has_value;
  }

  // False where the test's own words begin.
  bool read_test_operand(const std::string& word) {
    if (!list_ended_) {
      operands_.push_back(word);
      return true;
    }
    return std::exchange(value_expected_, false);
  }

  std::string_view command_;
  bool is_test_;
  Words words_;
  FlagSet& flags_;
  std::vector<std::string> operands_;
  bool list_ended_ = false;      // of a test: a flag stood behind the packages
  bool value_expected_ = false;  // of a test: its own flag stood there, perhaps without its value
};

// What is for the program that is run, and not for go, is dropped.
void drop_arguments(std::string_view command, std::vector<std::string>& operands) {
  if ((command != "run" && command != "tool") || operands.empty()) return;
  auto end = std::find_if(operands.begin(), operands.end(),
                          [](const std::string& word) { return !word.ends_with(".go"); });
  if (command == "tool" || end == operands.begin()) end = operands.begin() + 1;
  operands.erase(end, operands.end());
}

}  // namespace

bool is_go(std::string_view program) {
  program.remove_prefix(program.rfind('/') + 1);
  if (!program.starts_with("go")) return false;
  program.remove_prefix(2);
  return program.empty() || (program.front() == '1' &&
                             program.find_first_not_of(".0123456789abcdefghijklmnopqrstuvwxyz") ==
                                 std::string_view::npos);
}

std::filesystem::path take_chdir(std::vector<std::string>& words, std::filesystem::path cwd) {
  if (words.size() < 2) return cwd;
  const std::size_t at = 1 + length_of_name(Words(words).subspan(1));
  if (at >= words.size() || !is_chdir(words[at])) return cwd;
  const FlagWord flag(words[at]);
  const bool two = !flag.has_value && at + 1 < words.size();
  cwd /= two ? std::string_view(words[at + 1]) : flag.value;
  const auto first = words.begin() + static_cast<std::ptrdiff_t>(at);
  words.erase(first, first + (two ? 2 : 1));

  // As go names the folder that it has entered: without links.
  std::error_code error;
  std::filesystem::path entered = std::filesystem::canonical(cwd, error);
  return error ? cwd.lexically_normal() : entered;
}

std::string canonical_goflags(std::string_view goflags, std::string_view root) {
  FlagSet flags(root);
  set_goflags(flags, {}, goflags);
  std::string text;
  for (const auto& [name, value] : flags.values()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  }
  return text;
}

void add_command(std::vector<Fact>& facts, const std::vector<std::string>& words,
                 const Place& place) {
  Words rest(words);
  if (rest.size() < 2) return;
  rest = rest.subspan(1);
  const std::size_t length = length_of_name(rest);
  if (length == 0) return;
  const std::string command = fmt::format("{}", fmt::join(rest.first(length), " "));

  FlagSet flags(place.root);
  set_goflags(flags, command, place.goflags);
  std::vector<std::string> operands = Reader(command, rest.subspan(length), flags).read();
  drop_arguments(command, operands);
  if (operands.size() == 1 && operands.front() == ".") operands.clear();

  facts.push_back({"command", command, true});
  for (const auto& [name, value] : flags.values()) facts.push_back({name, value, true});
  if (!place.folder.empty() && place.folder != ".") {
    facts.push_back({"folder", place.folder, true});
  }
  for (const std::string& operand : operands) {
    facts.push_back({"package", portable_path(place.root, operand), true});
  }
}

}  // namespace gopouch::scope
