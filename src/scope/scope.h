// The scope of a session: the name under which a machine without a cache finds what the same kind
// of go command in the same module asked for last time.
//
// Two names. The exact one is of the go command as it was typed, as far as that changes what is
// looked up; the module's is the same without the command, for commands that nobody has run yet. A
// scope that is too wide or too narrow costs time and never a wrong byte: what it leads to is asked
// for by action, and actions have names of their own. So the rules are plain, and what cannot be
// read is absent. They are those of cmd/go (cfg, modload, base) and stand in docs/scope.md.
//
// Knows nothing of remotes, packs and settings. Every function may be called from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace gopouch::scope {

// The value of a variable, or nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct Input {
  Environment env;                   // that of the go command, or of one that would be started now
  std::filesystem::path cwd;         // where go runs; absolute
  std::vector<std::string> command;  // "go", "build", "-race", "./..."; empty: not known
  std::string go_version;            // "go1.26.8"; empty: not known
};

// One thing that went into the hashes, as people read it.
struct Fact {
  std::string name;   // "GOOS", "module", "-tags"
  std::string value;  // may hold any character that a file's name or a flag can
  bool of_command;    // went into the exact hash only
};

struct Scope {
  base::Hash exact{};  // the same as `module` where the command is not known
  base::Hash module{};
  std::vector<Fact> facts;  // in the order in which they were hashed
};

// The go command that started us, as far as the system tells: the nearest of our ancestors that is
// one. What cannot be told is empty, and `cwd` is ours then. Reads a few files under /proc; never
// fails, blocks or starts a process.
Input surroundings(Environment env);

// The go command that would run if `command` ("go", "build", …, or nothing) were typed here, where
// no go command is our parent.
Input from_shell(Environment env, std::vector<std::string> command);

// The scope of `input`. With a `name`, which a user gave, both hashes are of it alone. Reads go.mod
// or go.work, and the user's GOENV file; what is not there or cannot be read is absent.
Scope find(const Input& input, std::string_view name = {});

}  // namespace gopouch::scope
