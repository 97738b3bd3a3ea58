// A go command line, as far as what it looks up in the cache hangs on it.
//
// Reads the words as go does (cmd/go/main.go, internal/cmdflag, internal/test/testflag.go), but
// refuses nothing: what is wrong ends go, and its scope is of no use to anybody.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "scope/scope.h"

namespace gopouch::scope {

// "go", "go1.26.8" and "/usr/local/go/bin/go", but not "gofmt": the go command, or a wrapper of it.
bool is_go(std::string_view program);

// Takes "-C DIR" out of the words, where go looks for it: behind "go" or behind the command.
// Returns where that leads from `cwd`; `cwd` itself where there is none.
std::filesystem::path take_chdir(std::vector<std::string>& words, std::filesystem::path cwd);

// The flags in GOFLAGS, in the form that is the same for all ways to write them.
std::string canonical_goflags(std::string_view goflags, std::string_view root);

// Where a command runs, as far as its words hang on it.
struct Place {
  std::string root;    // the main module's folder; empty: there is none
  std::string folder;  // the working folder from there: "cmd/tool"; "." or empty: no more to say
  std::string goflags;
};

// What the command is, its flags and its packages. Nothing where `words`, which begin with "go" and
// have no -C, name no command.
void add_command(std::vector<Fact>& facts, const std::vector<std::string>& words,
                 const Place& place);

}  // namespace gopouch::scope
