// gopouch prefetch: fills the local store ahead of time, for an image or before a flight.
//
// With what the last session of the go command whose words are given used; without words, with what
// the sessions of this module did.
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/shared.h"
#include "pack/pack.h"

namespace gopouch::cli {

namespace {

// One after another: what the first has brought the next leaves alone.
std::optional<pack::Packs::Progress> fetch(object::Remote& remote, store::Store& store,
                                           const pack::Options& options) {
  pack::Packs packs(remote, store, options);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto show = [](const pack::Packs::Progress& now) {
    fmt::print(stderr, "\r{} of {} outputs, {} fetched ", base::grouped(now.done),
               base::grouped(now.all), base::human_bytes(now.bytes));
  };
  const auto fetched = packs.fetch_all({}, [&](const auto& now) {
    if (terminal) show(now);
  });
  if (terminal && fetched) fmt::print(stderr, "\n");
  return fetched;
}

}  // namespace

int prefetch(const config::Settings& settings) {
  require_own_layout("prefetch", settings);
  auto remotes = open_remotes(settings);
  if (remotes.empty()) {
    throw config::ConfigError("prefetch: no remote is set; name it with --remote");
  }
  store::Store store(settings.store);
  pack::Options options = settings.sharing.packs;
  options.prefetch = pack::Prefetch::kAll;
  options.max_body = settings.sharing.max_body;
  const scope::Scope names = scope::find(scope_input(settings), settings.scope);
  options.scope = [&] { return std::pair(names.exact, names.module); };
  const bool several = remotes.size() > 1;
  bool any = false, all = true;
  for (object::Remote& remote : remotes) {
    const auto fetched = fetch(remote, store, options);
    if (!fetched) continue;
    fmt::print("{}{} of {} outputs are here, {} fetched\n", several ? remote.name() + ": " : "",
               base::grouped(fetched->done), base::grouped(fetched->all),
               base::human_bytes(fetched->bytes));
    any = true;
    all &= fetched->done == fetched->all;
  }
  if (any) return all ? 0 : 1;
  base::log(base::LogLevel::kError,
            "{}: nothing there for this; gopouch scope shows the names that were asked for",
            several ? "the remotes" : remotes.front().name());
  return 1;
}

}  // namespace gopouch::cli
