// The remote of this run: opened from the settings, and waited for at the end.
#pragma once

#include <optional>

#include "config/config.h"
#include "scope/scope.h"

namespace gopouch::cli {

// nullopt where no remote is set. Touches no network. Throws ConfigError where its URL is wrong.
std::optional<object::Remote> open_remote(const config::Settings& settings);

// How entries are shared; the scope of its packs is that of the go command that started us.
remote::Options sharing(const config::Settings& settings);

// The go command that the operands say, else the one that started us, else none.
scope::Input scope_input(const config::Settings& settings);

// With --require-remote: whether the remote answers. Says why not.
bool reachable(object::Remote& remote);

// Waits for uploads as --flush says, while go waits for us; a line says so where that takes long.
void flush_before_go(remote::Remote& shared, const config::Settings& settings);

// The rest of them, when go has gone its way; then gives up. How many that was is for nobody.
void flush_after_go(remote::Remote& shared, const config::Settings& settings);

}  // namespace gopouch::cli
