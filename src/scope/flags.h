// The flags of the go command, and what each of them means to a scope.
//
// From the flag sets of cmd/go of Go 1.24 to 1.26. A flag that a later go has and this table lacks
// counts as it stands: the worst that comes of it is a name that nobody else uses.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gopouch::scope {

enum class Takes {
  kNothing,  // a bool: a value only behind "="
  kMaybe,    // as a bool, but the value is a text
  kWord,     // a value behind "=", or the next word
};

enum class Counts {
  kNo,        // what is looked up does not hang on it
  kYes,       // the last one wins
  kEach,      // all of them, in order
  kPresence,  // that it is there
  kTags,      // a list that has no order
  kPath,      // a file or folder
};

struct FlagRule {
  std::string_view command;  // it is that command's own; empty: any command's
  std::string_view name;
  Takes takes = Takes::kNothing;
  Counts counts = Counts::kNo;
  std::string_view initial = {};  // the value that is the same as no flag
  std::string_view implies = {};  // a bool that it sets
};

// Null where the command has no such flag, or none that this table knows. `name` is without dashes.
const FlagRule* find_flag(std::string_view command, std::string_view name);

// A word that looks like a flag: "-tags=a", "--tags=a", "-tags".
struct FlagWord {
  std::string_view name;
  std::string_view value;
  bool has_value = false;

  // False for "x", "-" and "--".
  static bool is_one(std::string_view word);
  // REQUIRES: is_one(word). `word` must outlive it.
  explicit FlagWord(std::string_view word);
};

// The flags of one command, as far as they count, under the names and in the form that is the same
// for all ways to write them.
class FlagSet {
 public:
  // `root` is what absolute paths in values are named from.
  explicit FlagSet(std::string_view root) : root_(root) {}

  void set(const FlagRule& rule, std::string_view value);
  void set_unknown(const FlagWord& flag);

  // By name ("-race"), those that count.
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::string root_;
  std::map<std::string, std::string> values_;
};

// A path that is the same on another machine: from `root` where it lies below, by its last name
// where it lies elsewhere. A relative one stays.
std::string portable_path(std::string_view root, std::string_view path);

}  // namespace gopouch::scope
