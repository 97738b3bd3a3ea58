// Settings: what the user asked for, gathered from flags, environment and config file.
//
// One table (keys.cc) has a row for each setting: its flag, variable, default and sentence of help.
// It feeds the parsing, `gopouch help`, `gopouch config` and docs/settings.md. The names of the
// programs that gopouch takes the place of are aliases of those rows (aliases.cc). Order: flag >
// GOPOUCH_X > GOBUILDCACHE_X > the other programs' names > bare names > config file > default; an
// empty value falls through to the next.
//
// Nothing below this module reads an environment variable.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "object/object.h"
#include "proxy/proxy.h"
#include "remote/remote.h"
#include "revproxy/revproxy.h"
#include "serve/serve.h"
#include "session/session.h"
#include "store/store.h"

namespace gopouch::config {

// Wrong words in a flag, a variable or the config file. what() is one line: what, where, what to
// do. It ends the program with exit code 2, before the protocol starts.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The value of a variable, or nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// One setting as it came out, for `gopouch config`.
struct Effective {
  std::string name;    // as in the config file: "cache-limit"
  std::string value;   // as the user would write it; a secret is "***"
  std::string origin;  // "default", "flag --cache-limit", "GOPOUCH_CACHE_LIMIT", "<file>:3"
};

// Who waits for uploads at the end of a session.
enum class Flush {
  kAuto,        // go does, for two seconds; then nobody
  kWait,        // go does
  kBackground,  // nobody: they go on when go has gone its way
};

// Everything that a command may ask. Each module's Options are filled here and nowhere else.
struct Settings {
  std::string command;                // "" speaks the protocol; else the first word that is no flag
  std::vector<std::string> operands;  // the words after it
  bool help = false;                  // -h, -help, --help anywhere

  store::Options store;
  std::vector<std::string> remotes;  // URLs of object stores, in the order of looking them up
  object::Options object;
  remote::Options sharing;
  session::Options session;
  Flush flush = Flush::kAuto;
  std::chrono::milliseconds flush_timeout{60'000};
  bool require_remote = false;
  std::string scope;  // the name under which sessions share packs; empty: found out
  bool force_whole_bucket = false;
  bool json = false;     // doctor
  bool dry_run = false;  // prune
  base::LogLevel log_level = base::LogLevel::kWarning;
  bool stats = false;          // the end-of-session line even where stderr is no terminal
  bool log_requests = false;   // each request on stderr, never a body
  bool log_responses = false;  // each answer on stderr
  std::string plugin;          // where sessions connect; empty: nowhere
  bool allow_remote_plugin = false;
  bool modproxy = false;  // serve: stand before module proxies
  bool dashboard = true;  // serve: a page that shows how it is
  proxy::ModuleOptions modules;
  revproxy::Options reverse;   // without hosts: there is none
  std::string http;            // where HTTP is served; empty: nowhere
  bool http_cache = false;     // serve: keep objects for other machines
  std::string http_cache_dir;  // empty: below the store's
  serve::GateOptions gate;     // who may over HTTP
  bool allow_remote_http = false;
  std::string access_log;    // a file, or "-" for stdout; empty: none
  bool no_fallback = false;  // connect: without a server, fail
  std::string step_summary;  // GITHUB_STEP_SUMMARY, where GITHUB_ACTIONS is "true"; else empty

  std::vector<Effective> effective;   // in the table's order
  std::vector<std::string> warnings;  // one line each: two names of one setting that disagree, …
  std::vector<std::string> notes;     // for --log-level debug: accepted and ignored names
};

// Reads everything once. `args` are the program's arguments without its name; `env` is kept for the
// credentials of a remote, which are looked for when it is first used. Throws ConfigError.
Settings load(std::span<const std::string> args, const Environment& env);

// Whether a word is a command: known, and here or to come. load() refuses those that are not here,
// so that what it returns has none of them.
enum class CommandState { kUnknown, kHere, kToCome };
CommandState command_state(std::string_view name);

// `gopouch help`: the commands and the flags, from the tables. `topic` is a command, a setting or
// empty; nullopt for a topic that nobody knows.
std::optional<std::string> help(std::string_view topic);

// The whole of docs/settings.md, from the table.
std::string settings_page();

}  // namespace gopouch::config
