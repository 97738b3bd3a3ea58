// What commands share: the remotes of this run, opened from the settings and waited for at the end,
// and the session that a go command started.
#pragma once

#include <optional>
#include <vector>

#include "base/files.h"
#include "config/config.h"
#include "protocol/protocol.h"
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

// Throws ConfigError where what a setting says is no address.
net::Address address_of(std::string_view setting, const std::string& text);

// How entries are shared; the scope of its packs is that of the go command that started us.
remote::Options sharing(const config::Settings& settings);

// From here on go's signals are go's, and whatever prints to stdout prints to stderr; returns the
// descriptor of the answers.
base::Fd meet_go();

// One session of this process, with stdin and `out` for go, from the hello on; or from where
// another one was cut, of which this is the rest. Returns the exit code.
int converse(const config::Settings& settings, std::vector<object::Remote>& objects, base::Fd out,
             std::optional<protocol::Ledger::Rest> rest = std::nullopt);

// How long go waits for uploads at a close, and for which, as --flush says.
std::chrono::milliseconds close_wait(const config::Settings& settings);
remote::Remote::Flush close_flush(const config::Settings& settings);

// The reverse proxy's, with folders of its own below the cache folder.
revproxy::Options reverse_options(const config::Settings& settings);

// The go command that the operands say, else the one that started us, else none.
scope::Input scope_input(const config::Settings& settings);

// With --require-remote: whether each remote answers. Says why not.
bool reachable(std::vector<object::Remote>& remotes);

// Waits for uploads as --flush says, while go waits for us; a line says so where that takes long.
void flush_before_go(remote::Tiers& shared, const config::Settings& settings);

// The rest of them, when go has gone its way; then gives up. How many that was is for nobody.
void flush_after_go(remote::Tiers& shared, const config::Settings& settings);

}  // namespace gopouch::cli
