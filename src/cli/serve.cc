// gopouch serve: one process for many go commands.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "cli/cli.h"
#include "cli/shared.h"

namespace gopouch::cli {

namespace {

// SIGTERM and SIGINT end the server, and are waited for by one thread: no other gets any.
class EndSignals {
 public:
  EndSignals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    ::sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int signal = 0;
    ::sigwait(&set_, &signal);
  }

 private:
  sigset_t set_{};
};

// A session needs one descriptor, and a few while it stores.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

net::Address plugin_address(const config::Settings& settings) {
  auto address = net::parse_address(settings.plugin);
  if (!address) throw config::ConfigError("plugin: " + address.error().message);
  if (!settings.allow_remote_plugin && !net::is_local(*address)) {
    throw config::ConfigError(fmt::format(
        "plugin: {} can be reached by other machines; a session gets paths of this machine's "
        "files, so only those that share its disk may, with --allow-remote-plugin",
        address->text()));
  }
  return *std::move(address);
}

serve::Options options_of(const config::Settings& settings) {
  serve::Options options;
  options.sharing = sharing(settings);
  options.sharing.packs.scope = nullptr;
  if (!settings.scope.empty()) {
    const scope::Scope named = scope::find({}, settings.scope);
    options.sharing.packs.scope = [names = std::pair(named.exact, named.module)] { return names; };
  }
  options.session = settings.session;
  options.protocol = {.log_requests = settings.log_requests,
                      .log_responses = settings.log_responses};
  options.close_wait = close_wait(settings);
  options.close_flush = close_flush(settings);
  options.flush_timeout = settings.flush_timeout;
  return options;
}

}  // namespace

int serve(const config::Settings& settings) {
  if (settings.plugin.empty()) {
    throw config::ConfigError("serve: what? --plugin PORT|unix:PATH says where sessions connect");
  }
  const net::Address address = plugin_address(settings);
  auto objects = open_remotes(settings);
  if (settings.require_remote && !reachable(objects)) return 1;

  const EndSignals signals;
  allow_many_descriptors();
  auto listener = net::Listener::open(address);
  if (!listener) {
    base::log(base::LogLevel::kError, "plugin: {}", listener.error().message);
    return 1;
  }
  store::Store store(settings.store);
  serve::Plugin plugin(*std::move(listener), store, objects, options_of(settings));
  base::write_log_line(fmt::format("sessions at {}", plugin.address().text()));
  signals.wait();

  plugin.stop();
  if (store.trim_due()) store.trim();
  return 0;
}

}  // namespace gopouch::cli
