// gopouch serve: one process for many go commands, and for what they fetch.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "cli/cli.h"
#include "cli/shared.h"
#include "proxy/proxy.h"
#include "revproxy/revproxy.h"

namespace gopouch::cli {

namespace {

using Clock = std::chrono::steady_clock;

// What requests get to be answered when the server ends.
constexpr std::chrono::seconds kDrain{5};

// SIGTERM and SIGINT end the server, SIGHUP makes it read its files again; they are waited for by
// one thread, and no other gets any.
class EndSignals {
 public:
  EndSignals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    ::sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait(const std::function<void()>& on_reload) const {
    while (true) {
      int signal = 0;
      ::sigwait(&set_, &signal);
      if (signal != SIGHUP) return;
      on_reload();
    }
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

void check_plugin_address(const config::Settings& settings, const net::Address& address) {
  if (!settings.allow_remote_plugin && !net::is_local(address)) {
    throw config::ConfigError(fmt::format(
        "plugin: {} can be reached by other machines; a session gets paths of this machine's "
        "files, so only those that share its disk may, with --allow-remote-plugin",
        address.text()));
  }
}

// Where a setting's clients are taken: a socket of the service manager's, else one of ours; not
// opened yet.
struct Place {
  std::optional<net::Listener> given;
  std::optional<net::Address> address;  // nullopt: nobody asked for it

  explicit operator bool() const { return address.has_value(); }
};

Place place_of(std::string_view setting, const std::string& text, serve::Manager& manager) {
  Place place;
  if (!text.empty()) place.address = address_of(setting, text);
  if (text.empty() && !manager.has(setting)) return place;
  if (auto socket = manager.take(setting)) {
    auto given = net::Listener::adopt(*std::move(socket));
    if (!given) throw config::ConfigError(fmt::format("{}: {}", setting, given.error().message));
    place.given.emplace(*std::move(given));
    place.address = place.given->address();
  }
  return place;
}

// Who may, at an address that others can reach, must be said.
void check_http_address(const config::Settings& settings, const net::Address& address) {
  const serve::GateOptions& gate = settings.gate;
  if (gate.certificate_file.empty() != gate.key_file.empty()) {
    throw config::ConfigError("http-certificate and http-key: one without the other");
  }
  if (!gate.client_ca_file.empty() && gate.certificate_file.empty()) {
    throw config::ConfigError("http-client-ca: needs http-certificate and http-key");
  }
  if (net::is_local(address)) return;
  if (gate.tokens_file.empty() && gate.client_ca_file.empty() && !settings.allow_remote_http) {
    throw config::ConfigError(fmt::format(
        "http: {} can be reached by other machines; say who may, with --http-tokens FILE or "
        "--http-client-ca FILE, or let all of them, with --allow-remote-http",
        address.text()));
  }
  if (!gate.tokens_file.empty() && gate.certificate_file.empty()) {
    base::log(base::LogLevel::kWarning,
              "http: tokens for {} cross the network in the open; --http-certificate and "
              "--http-key are for TLS",
              address.text());
  }
}

std::unique_ptr<serve::Gate> open_gate(const config::Settings& settings) {
  serve::GateOptions options = settings.gate;
  options.net.ca_file = settings.object.net.ca_file;
  auto gate = serve::Gate::open(std::move(options));
  if (gate) return *std::move(gate);
  throw config::ConfigError(gate.error().message);
}

std::unique_ptr<serve::HttpCache> open_http_cache(const config::Settings& settings,
                                                  const serve::Gate& gate) {
  if (!settings.http_cache) return nullptr;
  serve::HttpCache::Options options;
  options.dir = settings.http_cache_dir.empty() ? settings.store.dir / "gopouch" / "http"
                                                : std::filesystem::path(settings.http_cache_dir);
  options.max_body = settings.sharing.max_body;
  auto cache = serve::HttpCache::open(std::move(options), gate);
  if (cache) return *std::move(cache);
  throw config::ConfigError(cache.error().message);
}

serve::Options plugin_options(const config::Settings& settings) {
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

// What the go command of this machine would ask; empty where there is none.
std::string proxy_of_go() {
  std::string said;
  std::FILE* const go = ::popen("go env GOPROXY 2>/dev/null", "re");
  if (go == nullptr) return said;
  std::array<char, 256> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), go)) {
    said.append(piece.data(), size);
  }
  ::pclose(go);
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.pop_back();
  return said;
}

proxy::ModuleOptions module_options(const config::Settings& settings) {
  proxy::ModuleOptions options = settings.modules;
  if (options.dir.empty()) options.dir = settings.store.dir / "gopouch" / "modules";
  if (options.upstream.empty() && !options.offline) {
    options.upstream = proxy_of_go();
    if (options.upstream.empty()) {
      throw config::ConfigError(
          "modproxy: no go command says which proxy to ask; name it with --modproxy-upstream");
    }
  }
  options.net.ca_file = settings.object.net.ca_file;
  return options;
}

std::optional<proxy::Modules> open_modules(const config::Settings& settings,
                                           std::span<object::Remote> shared) {
  if (!settings.modproxy) return std::nullopt;
  // A bucket of another program gets none of our keys.
  if (settings.sharing.layout != remote::LayoutKind::kGopouch) shared = {};
  auto modules = proxy::Modules::open(module_options(settings), shared);
  if (modules) return *std::move(modules);
  throw config::ConfigError("modproxy: " + modules.error().message);
}

std::vector<serve::Counter> counters_of(const proxy::Modules& modules) {
  const proxy::ModuleCounts counts = modules.counts();
  return {
      {"gopouch_modules_hits_total", "Files of modules that were here.", counts.hits},
      {"gopouch_modules_remote_hits_total", "Files from the remote.", counts.remote_hits},
      {"gopouch_modules_fetched_total", "Files from upstream.", counts.fetched},
      {"gopouch_modules_absent_total", "Files that are nowhere.", counts.absent},
      {"gopouch_modules_stale_total", "Old answers, since upstream gave none.", counts.stale},
      {"gopouch_modules_joined_total", "Requests that waited for another's fetch.", counts.joined},
      {"gopouch_modules_faults_total", "Requests that upstream failed.", counts.faults},
      {"gopouch_modules_damaged_total", "Files that were not kept, being damaged.", counts.damaged},
      {"gopouch_modules_unkept_total", "Files that the disk did not take.", counts.unkept},
      {"gopouch_modules_upstream_requests_total", "Requests to upstream.", counts.requests},
      {"gopouch_modules_upstream_bytes_total", "Bytes from upstream.", counts.bytes_up},
  };
}

bool stands_before_others(const config::Settings& settings) {
  return !settings.reverse.hosts.empty() || !settings.reverse.passthrough.empty();
}

std::optional<revproxy::ReverseProxy> open_reverse(const config::Settings& settings,
                                                   std::span<object::Remote> shared) {
  if (!stands_before_others(settings)) return std::nullopt;
  if (settings.sharing.layout != remote::LayoutKind::kGopouch) shared = {};
  revproxy::Options options = reverse_options(settings);
  auto reverse = revproxy::ReverseProxy::open(std::move(options), shared);
  if (reverse) return *std::move(reverse);
  throw config::ConfigError("revproxy: " + reverse.error().message);
}

void add_counters(std::vector<serve::Counter>& all, const revproxy::ReverseProxy& reverse) {
  const revproxy::Counts counts = reverse.counts();
  const std::array<serve::Counter, 11> more{{
      {"gopouch_reverse_hits_total", "Replies that were here.", counts.hits},
      {"gopouch_reverse_remote_hits_total", "Replies from the remote.", counts.remote_hits},
      {"gopouch_reverse_revalidated_total", "Replies that their servers said are good.",
       counts.revalidated},
      {"gopouch_reverse_stale_total", "Old replies, since their servers failed.", counts.stale},
      {"gopouch_reverse_fetched_total", "Replies that were fetched and kept.", counts.fetched},
      {"gopouch_reverse_passed_total", "Replies that were not kept.", counts.passed},
      {"gopouch_reverse_joined_total", "Requests that waited for another's fetch.", counts.joined},
      {"gopouch_reverse_refused_total", "Requests for hosts not on the list.", counts.refused},
      {"gopouch_reverse_faults_total", "Requests that their servers failed.", counts.faults},
      {"gopouch_reverse_upstream_requests_total", "Requests to servers.", counts.requests},
      {"gopouch_reverse_upstream_bytes_total", "Bytes from servers.", counts.bytes_up},
  }};
  all.insert(all.end(), more.begin(), more.end());
}

base::Fd open_access_log(const config::Settings& settings) {
  if (settings.access_log.empty()) return {};
  if (settings.access_log == "-") return base::duplicate(STDOUT_FILENO);
  base::Fd file(
      ::open(settings.access_log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!file) {
    throw config::ConfigError(
        base::system_error("access-log: " + settings.access_log, errno).message);
  }
  return file;
}

// A listener where one is wanted; what is wrong is said.
bool listen(std::string_view setting, Place place, std::optional<net::Listener>& listener) {
  if (place.given) listener.emplace(*std::move(place.given));
  if (!place || listener) return true;
  auto opened = net::Listener::open(*place.address);
  if (opened) {
    listener.emplace(*std::move(opened));
  } else {
    base::log(base::LogLevel::kError, "{}: {}", setting, opened.error().message);
  }
  return listener.has_value();
}

}  // namespace

int serve(const config::Settings& settings) {
  serve::Manager manager(settings.object.env);
  Place plugin_at = place_of("plugin", settings.plugin, manager);
  Place http_at = place_of("http", settings.http, manager);
  if (plugin_at) check_plugin_address(settings, *plugin_at.address);
  if (http_at) check_http_address(settings, *http_at.address);
  if (manager.left() > 0) {
    throw config::ConfigError(
        "serve: the service manager gave a socket that no setting asks for; name them plugin and "
        "http (FileDescriptorName=), or set --plugin and --http");
  }
  if (!plugin_at && !http_at) {
    throw config::ConfigError(
        "serve: what? --plugin PORT|unix:PATH is where sessions connect, --http ADDRESS where HTTP "
        "is served");
  }
  if (settings.modproxy && !http_at) {
    throw config::ConfigError("modproxy: needs --http ADDRESS, where it is served under /mod");
  }
  if (settings.http_cache && !http_at) {
    throw config::ConfigError("http-cache: needs --http ADDRESS, where it is served under /cache");
  }
  if (stands_before_others(settings) && !http_at) {
    throw config::ConfigError("revproxy: needs --http ADDRESS, which clients have as their proxy");
  }
  const auto gate = open_gate(settings);
  const auto cache = open_http_cache(settings, *gate);
  auto objects = open_remotes(settings);
  auto modules = open_modules(settings, objects);
  auto reverse = open_reverse(settings, objects);
  const base::Fd access_log = open_access_log(settings);
  if (settings.require_remote && !reachable(objects)) return 1;

  const EndSignals signals;
  allow_many_descriptors();
  std::optional<net::Listener> plugin_listener;
  std::optional<net::Listener> http_listener;
  if (!listen("plugin", std::move(plugin_at), plugin_listener) ||
      !listen("http", std::move(http_at), http_listener)) {
    return 1;
  }
  store::Store store(settings.store);
  std::optional<serve::Plugin> plugin;
  std::optional<serve::Web> web;
  if (plugin_listener) {
    plugin.emplace(*std::move(plugin_listener), store, objects, plugin_options(settings));
    base::write_log_line(fmt::format("sessions at {}", plugin->address().text()));
  }
  if (http_listener) {
    serve::WebOptions options;
    options.plugin = plugin ? &*plugin : nullptr;
    options.objects = objects;
    options.access_log = access_log.get();
    options.gate = gate.get();
    options.guarded_routes.push_back(
        {"/auth/oidc", [&](http::Exchange& exchange) { gate->exchange_token(exchange); }});
    if (cache) {
      options.guarded_routes.push_back(
          {"/cache", [&](http::Exchange& exchange) { cache->answer(exchange, "/cache"); }});
      options.guarded_routes.push_back({"/go-cacher", [&](http::Exchange& exchange) {
                                          cache->answer_go_cacher(exchange, "/go-cacher");
                                        }});
    }
    options.counters = [&] {
      std::vector<serve::Counter> all;
      if (modules) all = counters_of(*modules);
      if (reverse) add_counters(all, *reverse);
      return all;
    };
    if (reverse) {
      options.http.forward = [&](http::Exchange& exchange) { reverse->answer(exchange); };
    }
    options.dashboard = settings.dashboard;
    options.modules = modules ? &*modules : nullptr;
    if (modules) {
      options.routes.push_back(
          {"/mod", [&](http::Exchange& exchange) { modules->answer(exchange, "/mod"); }});
    }
    web.emplace(*std::move(http_listener), std::move(options));
    base::write_log_line(fmt::format("http at {}", web->address().text()));
  }
  manager.ready();
  signals.wait([&] { gate->reload(); });

  manager.stopping();
  if (reverse) reverse->end_tunnels();
  if (web) web->stop(Clock::now() + kDrain);
  if (modules) modules->stop(settings.flush_timeout);
  if (reverse) reverse->stop(settings.flush_timeout);
  web.reset();
  if (plugin) plugin->stop();
  if (store.trim_due()) store.trim();
  return 0;
}

}  // namespace gopouch::cli
