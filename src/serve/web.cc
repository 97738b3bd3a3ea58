// What the server answers over HTTP: how it is, and whatever it stands before.
#include <fcntl.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/log.h"
#include "serve/access_log.h"
#include "serve/dashboard.h"
#include "serve/metrics.h"
#include "serve/serve.h"
#include "serve/status.h"

namespace gopouch::serve {

namespace {

using Kind = MetricsPage::Kind;

const net::Header kNoStore{"Cache-Control", "no-store"};

void add_sessions(MetricsPage& page, const Counts& counts) {
  page.add("gopouch_sessions_open", Kind::kGauge, "Go commands that are connected.", counts.open);
  page.add("gopouch_sessions_total", Kind::kCounter, "Sessions that have ended.", counts.ended);
  const session::Counts& sum = counts.sessions;
  page.begin("gopouch_session_requests_total", Kind::kCounter, "Requests of sessions.");
  page.add(static_cast<double>(sum.hits), R"(fate="hit")");
  page.add(static_cast<double>(sum.misses), R"(fate="miss")");
  page.add(static_cast<double>(sum.puts), R"(fate="put")");
  page.begin("gopouch_session_bytes_total", Kind::kCounter, "Bytes of outputs of those requests.");
  page.add(static_cast<double>(sum.hit_bytes), R"(fate="hit")");
  page.add(static_cast<double>(sum.put_bytes), R"(fate="put")");
  page.add("gopouch_session_faults_total", Kind::kCounter, "Requests that the local disk failed.",
           sum.faults);
}

// Tiers by their place: two of them may have one name.
void add_remotes(MetricsPage& page, std::span<const object::Remote> remotes) {
  const auto each = [&](std::string_view label, std::int64_t (*value)(const object::Counts&)) {
    for (std::size_t i = 0; i < remotes.size(); ++i) {
      page.add(
          static_cast<double>(value(remotes[i].counts())),
          fmt::format("tier=\"{}\",remote={}{}", i + 1, label_value(remotes[i].name()), label));
    }
  };
  page.begin("gopouch_remote_calls_total", Kind::kCounter, "Calls of a remote.");
  each(R"(,call="get")", [](const object::Counts& counts) { return counts.gets; });
  each(R"(,call="put")", [](const object::Counts& counts) { return counts.puts; });
  page.begin("gopouch_remote_faults_total", Kind::kCounter, "Calls of a remote that failed.");
  each("", [](const object::Counts& counts) { return counts.faults; });
  page.begin("gopouch_remote_retries_total", Kind::kCounter, "Calls that were made again.");
  each("", [](const object::Counts& counts) { return counts.retries; });
  page.begin("gopouch_remote_bytes_total", Kind::kCounter, "Bytes from and to a remote.");
  each(R"(,way="down")", [](const object::Counts& counts) { return counts.bytes_down; });
  each(R"(,way="up")", [](const object::Counts& counts) { return counts.bytes_up; });
  page.begin("gopouch_remote_open_breaker", Kind::kGauge,
             "1 while a remote is left alone after faults.");
  each("", [](const object::Counts& counts) { return std::int64_t{counts.open ? 1 : 0}; });
}

}  // namespace

struct Web::Rep {
  explicit Rep(WebOptions how) : options(std::move(how)) {}

  struct State {
    HttpSums sums;
  };

  const WebOptions options;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  base::Guarded<State> state;
  Dashboard dashboard{[this] {
    const HttpSums sums = state.lock()->sums;
    return status_json(options, sums, std::chrono::steady_clock::now() - start);
  }};
  std::atomic<bool> stopping = false;
  std::optional<http::Server> server;  // last: ends first

  std::vector<http::Route> routes();
  void count(const http::Done& done);
  std::string metrics();
};

std::vector<http::Route> Web::Rep::routes() {
  const auto guarded = [this](http::Handler inner) {
    return options.gate == nullptr ? inner : options.gate->guarded(Right::kRead, std::move(inner));
  };
  std::vector<http::Route> all = options.guarded_routes;
  for (const http::Route& route : options.routes) {
    all.push_back({route.prefix, guarded(route.handler)});
  }
  if (options.dashboard) {
    for (http::Route& route : dashboard.routes()) {
      all.push_back({route.prefix, guarded(std::move(route.handler))});
    }
  }
  all.push_back({"/healthz", [](http::Exchange& exchange) {
                   if (http::only_reads(exchange))
                     exchange.send({200, {http::kPlainText, kNoStore}}, "ok\n");
                 }});
  all.push_back({"/readyz", [this](http::Exchange& exchange) {
                   if (!http::only_reads(exchange)) return;
                   exchange.send({stopping ? 503 : 200, {http::kPlainText, kNoStore}},
                                 stopping ? "ending\n" : "ready\n");
                 }});
  all.push_back(
      {"/metrics", guarded([this](http::Exchange& exchange) {
         if (!http::only_reads(exchange)) return;
         exchange.send(
             {200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, kNoStore}},
             metrics());
       })});
  // A gopouch that has this as its remote is told so; to a 404 it would listen as to an empty
  // cache.
  const bool cache = std::any_of(all.begin(), all.end(),
                                 [](const http::Route& route) { return route.prefix == "/cache"; });
  if (!cache) {
    all.push_back({"/cache", [](http::Exchange& exchange) {
                     exchange.send({501, {http::kPlainText, kNoStore}},
                                   "this server has no cache over HTTP: --http-cache\n");
                   }});
  }
  return all;
}

void Web::Rep::count(const http::Done& done) {
  {
    auto now = state.lock();
    HttpSum& sum = now->sums[{std::string(done.route), done.status}];
    ++sum.requests;
    sum.bytes += done.bytes;
    sum.seconds += static_cast<double>(done.time.count()) / 1e6;
  }
  if (options.access_log < 0) return;
  const std::string line = access_line(done, std::chrono::system_clock::now());
  // A log that takes no more is no reason to answer less.
  if (!base::write_all(options.access_log, base::bytes_of(line))) return;
}

std::string Web::Rep::metrics() {
  MetricsPage page;
  page.begin("gopouch_build_info", Kind::kGauge, "The version that runs.");
  page.add(1, fmt::format(R"(version="{}")", GOPOUCH_VERSION));
  if (options.plugin != nullptr) add_sessions(page, options.plugin->counts());
  if (!options.objects.empty()) add_remotes(page, options.objects);
  const auto sums = state.lock()->sums;
  struct Column {
    std::string_view name, help;
    double (*value)(const HttpSum&);
  };
  const std::array columns{
      Column{"gopouch_http_requests_total", "HTTP requests.",
             [](const HttpSum& sum) { return static_cast<double>(sum.requests); }},
      Column{"gopouch_http_bytes_total", "Bytes of replies' bodies.",
             [](const HttpSum& sum) { return static_cast<double>(sum.bytes); }},
      Column{"gopouch_http_seconds_total", "Time from a request to the end of its reply.",
             [](const HttpSum& sum) { return sum.seconds; }}};
  for (const Column& column : columns) {
    page.begin(column.name, Kind::kCounter, column.help);
    for (const auto& [key, sum] : sums) {
      page.add(column.value(sum), fmt::format(R"(route="{}",code="{}")", key.first, key.second));
    }
  }
  for (const Counter& counter : options.counters ? options.counters() : std::vector<Counter>()) {
    page.add(counter.name, Kind::kCounter, counter.help, counter.value);
  }
  return page.text();
}

Web::Web(net::Listener listener, WebOptions options)
    : rep_(std::make_unique<Rep>(std::move(options))) {
  Rep& r = *rep_;
  http::Options how = r.options.http;
  if (r.options.gate != nullptr) how.tls = r.options.gate->tls();
  if (r.options.gate != nullptr && how.forward) {
    // Within what CONNECT led to, CONNECT has been asked who it is.
    how.forward = [all = how.forward, some = r.options.gate->guarded(Right::kRead, how.forward)](
                      http::Exchange& exchange) {
      (exchange.request().scheme == "https" ? all : some)(exchange);
    };
  }
  how.on_done = [&r](const http::Done& done) { r.count(done); };
  r.server.emplace(std::move(listener), r.routes(), std::move(how));
}

Web::~Web() { rep_->dashboard.stop(); }

const net::Address& Web::address() const { return rep_->server->address(); }

void Web::stop(std::chrono::steady_clock::time_point deadline) {
  rep_->stopping = true;
  rep_->dashboard.stop();
  rep_->server->stop(deadline);
}

}  // namespace gopouch::serve
