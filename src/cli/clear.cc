// gopouch clear, clear-local, clear-remote: empties the local store, each remote that is not
// read-only, or both. The words on success are those of the programs that gopouch takes the place
// of: scripts look for them.
//
// In the remote only keys of the layout in use go, under the very prefix of a session; and a remote
// without a prefix, which may be a bucket that others use too, is asked about twice.
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/shared.h"

namespace gopouch::cli {

namespace {

// A line that grows on a terminal, and nothing elsewhere.
class Progress {
 public:
  void show(std::int64_t removed) const {
    if (terminal_) fmt::print(stderr, "\rremoved {} objects", base::grouped(removed));
  }
  void end() const {
    if (terminal_) fmt::print(stderr, "\n");
  }

 private:
  const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
};

bool clear_local(const config::Settings& settings) {
  store::Store store(settings.store);
  if (store.clear()) return true;
  base::log(base::LogLevel::kError, "{}: some files could not be removed",
            settings.store.dir.native());
  return false;
}

bool is_ours(std::string_view key, remote::LayoutKind layout) {
  return remote::is_key_of(layout, key) ||
         (layout == remote::LayoutKind::kGopouch &&
          (proxy::is_module_key(key) || revproxy::is_reply_key(key)));
}

bool clear_remote(object::Remote& remote, remote::LayoutKind layout) {
  const base::Call call;
  const Progress progress;
  std::int64_t removed = 0;
  base::Status done = base::Done{};
  const std::string keys_begin(remote::keys_of(layout));
  const auto listed =
      remote.store().list(keys_begin, call, [&](std::span<const object::Info> page) {
        std::vector<object::Key> keys;
        for (const object::Info& info : page) {
          if (is_ours(info.key, layout)) keys.push_back(info.key);
        }
        if (!keys.empty()) done = remote.store().remove(keys, call);
        removed += std::ssize(keys);
        if (done) progress.show(removed);
        return done.ok();
      });
  progress.end();
  const base::Status& failed = done ? listed : done;
  if (failed) return true;
  base::log(base::LogLevel::kError, "{}", failed.error().message);
  return false;
}

}  // namespace

int clear(const config::Settings& settings) {
  const bool local = settings.command != "clear-remote";
  auto remotes =
      settings.command == "clear-local" ? std::vector<object::Remote>() : open_writable(settings);
  if (!local) want_writable(settings, remotes, settings.command);
  for (const object::Remote& remote : remotes) {
    if (remote.has_prefix() || settings.force_whole_bucket) continue;
    throw config::ConfigError(
        fmt::format("{}: {} has no prefix: this would go through the whole bucket; "
                    "--force-whole-bucket lets it",
                    settings.command, remote.name()));
  }
  if (local && !clear_local(settings)) return 1;
  bool cleared = true;
  for (object::Remote& remote : remotes) {
    const bool done = clear_remote(remote, settings.sharing.layout);
    if (done && remotes.size() > 1) fmt::print("{}: cleared\n", remote.name());
    cleared &= done;
  }
  if (!cleared) return 1;
  std::puts(settings.command == "clear"         ? "Cache cleared successfully"
            : settings.command == "clear-local" ? "Local cache cleared successfully"
                                                : "Remote cache cleared successfully");
  return 0;
}

}  // namespace gopouch::cli
