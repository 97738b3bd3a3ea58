// The remotes of this run: opened from the settings, and waited for at the end.
#pragma once

#include <vector>

#include "config/config.h"
#include "scope/scope.h"

namespace gopouch::cli {

// In their order; empty where none is set. Touches no network. Throws ConfigError where a URL is
// wrong.
std::vector<object::Remote> open_remotes(const config::Settings& settings);

// Those of them that may be written, for a command that removes things: says which are left alone.
std::vector<object::Remote> open_writable(const config::Settings& settings);

// Throws ConfigError where such a command has no remote to work on.
void want_writable(const config::Settings& settings, const std::vector<object::Remote>& writable,
                   std::string_view command);

// Throws ConfigError where a layout is asked for that `command` knows nothing of.
void require_own_layout(std::string_view command, const config::Settings& settings);

// How entries are shared; the scope of its packs is that of the go command that started us.
remote::Options sharing(const config::Settings& settings);

// The go command that the operands say, else the one that started us, else none.
scope::Input scope_input(const config::Settings& settings);

// With --require-remote: whether each remote answers. Says why not.
bool reachable(std::vector<object::Remote>& remotes);

// Waits for uploads as --flush says, while go waits for us; a line says so where that takes long.
void flush_before_go(remote::Tiers& shared, const config::Settings& settings);

// The rest of them, when go has gone its way; then gives up. How many that was is for nobody.
void flush_after_go(remote::Tiers& shared, const config::Settings& settings);

}  // namespace gopouch::cli
