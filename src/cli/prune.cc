// gopouch prune: the trim that otherwise follows a session, now; or a sweep of the remote.
#include <algorithm>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/shared.h"

namespace gopouch::cli {

namespace {

// What nobody has written for a month is used by few, and costs those few one compilation.
constexpr std::chrono::seconds kRemoteAge = std::chrono::hours(30 * 24);

// Where a setting came from.
std::string origin_of(const config::Settings& settings, std::string_view name) {
  const auto found = std::find_if(settings.effective.begin(), settings.effective.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == settings.effective.end() ? "" : found->origin;
}

// `prune remote`, and `prune --remote URL`, which can mean nothing else.
bool means_remote(const config::Settings& settings) {
  if (settings.operands.empty()) return origin_of(settings, "remote").starts_with("flag ");
  if (settings.operands.front() == "remote") return true;
  throw config::ConfigError(
      fmt::format("prune: {}? try gopouch help prune", settings.operands.front()));
}

bool sweep(object::Remote& remote, const config::Settings& settings, bool named) {
  const bool own_age = origin_of(settings, "max-age") != "default";
  const auto report = remote::sweep(
      remote.store(),
      {.max_age = own_age ? settings.store.max_age : kRemoteAge, .dry_run = settings.dry_run}, {});
  if (!report) {
    base::log(base::LogLevel::kError, "{}", report.error().message);
    return false;
  }
  const auto sum = [](const remote::SweepReport::Sum& of, std::string_view what) {
    return fmt::format("{} {} ({})", base::grouped(of.objects), what, base::human_bytes(of.bytes));
  };
  fmt::print("{}{} {}, {}, {}; kept {}\n", named ? remote.name() + ": " : "",
             settings.dry_run ? "Would remove" : "Removed", sum(report->entries, "entries"),
             sum(report->packs, "packs"), sum(report->manifests, "manifests"),
             sum(report->kept, "objects"));
  return true;
}

int prune_remotes(const config::Settings& settings) {
  require_own_layout("prune remote", settings);
  auto remotes = open_writable(settings);
  want_writable(settings, remotes, "prune remote");
  bool done = true;
  for (object::Remote& remote : remotes) done = sweep(remote, settings, remotes.size() > 1) && done;
  return done ? 0 : 1;
}

int prune_local(const config::Settings& settings) {
  store::Store store(settings.store);
  const auto report = store.trim();
  if (!report) {
    base::log(base::LogLevel::kError, "{}: another process is trimming it, or it cannot be written",
              settings.store.dir.native());
    return 1;
  }
  fmt::print("Removed {} files ({}), kept {} ({})\n", base::grouped(report->removed_files),
             base::human_bytes(report->removed_bytes), base::grouped(report->kept_files),
             base::human_bytes(report->kept_bytes));
  return 0;
}

}  // namespace

int prune(const config::Settings& settings) {
  return means_remote(settings) ? prune_remotes(settings) : prune_local(settings);
}

}  // namespace gopouch::cli
