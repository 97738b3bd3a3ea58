#include "serve/dashboard.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace gopouch::serve {

// dashboard.html, made into C++ by the build.
extern const std::string_view kDashboardPage;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostWatchers = 16;
constexpr std::chrono::seconds kBetween{2};
constexpr std::chrono::minutes kVisit{5};  // of a watcher; then it comes again by itself

const net::Header kNoStore{"Cache-Control", "no-store"};
const net::Header kNoSniff{"X-Content-Type-Options", "nosniff"};

// What stands in the page's only element of that name, as a source of a policy (CSP 3, 2.3.1).
std::string hash_of(std::string_view element) {
  const std::string_view page = kDashboardPage;
  const std::size_t from = page.find(fmt::format("<{}>", element)) + element.size() + 2;
  const std::size_t to = page.find(fmt::format("</{}>", element));
  std::string text = "'sha256-";
  base::append_base64(text, base::sha256(base::bytes_of(page.substr(from, to - from))));
  return text + "'";
}

}  // namespace

Dashboard::Dashboard(std::function<std::string()> status)
    : status_(std::move(status)),
      policy_(fmt::format("default-src 'none'; style-src {}; script-src {}; img-src data:; "
                          "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                          "frame-ancestors 'none'",
                          hash_of("style"), hash_of("script"))) {}

std::vector<http::Route> Dashboard::routes() {
  return {{"/", [this](http::Exchange& exchange) { page(exchange); }},
          {"/status.json",
           [this](http::Exchange& exchange) {
             if (!http::only_reads(exchange)) return;
             exchange.send({200, {{"Content-Type", "application/json"}, kNoStore, kNoSniff}},
                           status_() + "\n");
           }},
          {"/events", [this](http::Exchange& exchange) { events(exchange); }}};
}

void Dashboard::page(http::Exchange& exchange) const {
  if (!http::only_reads(exchange)) return;
  if (exchange.request().path != "/") {
    return exchange.send({404, {http::kPlainText, kNoStore}}, "not found\n");
  }
  exchange.send({200,
                 {{"Content-Type", "text/html; charset=utf-8"},
                  {"Cache-Control", "no-cache"},
                  {"Content-Security-Policy", policy_},
                  {"Referrer-Policy", "no-referrer"},
                  kNoSniff}},
                std::string(kDashboardPage));
}

void Dashboard::events(http::Exchange& exchange) {
  if (!http::only_reads(exchange)) return;
  {
    auto state = state_.lock();
    if (state->watchers >= kMostWatchers || state->stopped) {
      return exchange.send({503, {http::kPlainText, kNoStore, {"Retry-After", "30"}}},
                           "enough watch already; ask for /status.json\n");
    }
    ++state->watchers;
  }
  send_events(exchange);
  --state_.lock()->watchers;
}

void Dashboard::send_events(http::Exchange& exchange) {
  const auto end = Clock::now() + kVisit;
  if (!exchange.begin({200, {{"Content-Type", "text/event-stream"}, kNoStore, kNoSniff}},
                      std::nullopt) ||
      exchange.request().method == "HEAD") {
    return;
  }
  while (exchange.write(fmt::format("data: {}\n\n", status_())) && Clock::now() < end) {
    auto state = state_.lock();
    const auto next = Clock::now() + kBetween;
    if (state.wait_until(stopped_, next, [](const State& now) { return now.stopped; })) return;
  }
}

void Dashboard::stop() {
  state_.lock()->stopped = true;
  stopped_.notify_all();
}

}  // namespace gopouch::serve
