// Which version of Go a `go` that is typed in a shell would be.
//
// The one in PATH, unless GOTOOLCHAIN, go.work or go.mod send it to another
// (https://go.dev/doc/toolchain, cmd/go/internal/toolchain). What needs the network to know, the
// toolchain of `go install example.com/tool@version`, is not known here.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "scope/scope.h"

namespace gopouch::scope {

// "go1.26.8": the first line of VERSION in the GOROOT of `program`, a path to its bin/go. Empty
// where there is none.
std::string version_beside(const std::filesystem::path& program);

// Empty where PATH has no go, or a script of that name.
std::string version_from_shell(const Environment& env, const std::filesystem::path& cwd);

// What `local`, a go, runs when GOTOOLCHAIN is `setting` and go.mod has these lines; empty: none.
std::string selected_version(std::string_view local, std::string_view setting,
                             std::string_view go_line, std::string_view toolchain_line);

}  // namespace gopouch::scope
