// The main module, or the modules of a workspace: what go.mod or go.work above the working folder
// say, found as cmd/go/internal/modload finds them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scope/scope.h"
#include "scope/variables.h"

namespace gopouch::scope {

struct MainModule {
  std::filesystem::path file;      // go.mod or go.work; empty: there is none
  std::filesystem::path root;      // what folders are named from; empty: there is none
  bool workspace = false;          // `file` is a go.work
  std::vector<std::string> paths;  // sorted; one, or any number in a workspace
};

// `cwd` must be absolute and without ".." in it.
MainModule find_main_module(const std::filesystem::path& cwd, const Variables& go);

void add_module(std::vector<Fact>& facts, const MainModule& module);

// `path` from the module's root: "cmd/tool", "." for the root itself. Empty where it lies outside.
std::string below_root(const MainModule& module, const std::filesystem::path& path);

}  // namespace gopouch::scope
