// Variables as a go command takes them: the environment, then the file that `go env -w` writes.
//
// A go command hands its children almost all of them as they came out, defaults too; a shell has
// none of that. Both must give the same scope, so defaults are filled in here as go fills them
// (cmd/go/internal/cfg, internal/buildcfg).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scope/scope.h"

namespace gopouch::scope {

// The lines of a file of Go's own settings, names and values.
using EnvFile = std::vector<std::pair<std::string, std::string>>;

// Nothing where there is no such file.
EnvFile read_env_file(const std::filesystem::path& path);

// What the last line of this name says; empty: none does.
std::string value_in(const EnvFile& file, std::string_view name);

// REQUIRES: the environment outlives it.
class Variables {
 public:
  explicit Variables(const Environment& env);

  // As go's cfg.Getenv: empty where it is not set, or to nothing.
  std::string get(std::string_view name) const;

  // Of the environment alone.
  std::string outer(std::string_view name) const;

 private:
  const Environment& env_;
  EnvFile file_;
};

// GOOS, GOARCH and what else every action hangs on; those of the C compiler where cgo is on.
void add_target(std::vector<Fact>& facts, const Variables& go);

// Words between white space, where quotes around a word keep it together: GOFLAGS.
std::vector<std::string> split_quoted(std::string_view text);

}  // namespace gopouch::scope
