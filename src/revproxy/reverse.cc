// What is answered, from what is kept or from what comes.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <atomic>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "revproxy/ca.h"
#include "revproxy/fetcher.h"
#include "revproxy/hosts.h"
#include "revproxy/revproxy.h"
#include "revproxy/tunnel.h"

namespace gopouch::revproxy {

namespace {

constexpr keep::Label kLabel{"reverse proxy", "v1/rev/"};
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr std::size_t kShownOfName = 12;  // hex digits in X-Cache-Id, as go-cache-plugin has them
constexpr std::chrono::milliseconds kSharedTime{60'000};

// A 304 says again what may have changed (RFC 9110, 15.4.5).
bool is_for_not_modified(const net::Header& header) {
  constexpr std::array<std::string_view, 8> kNames{"cache-control", "content-location", "date",
                                                   "etag",          "expires",          "vary",
                                                   "last-modified", "cdn-cache-control"};
  return std::find(kNames.begin(), kNames.end(), base::lower(header.name)) != kNames.end();
}

constexpr std::string_view kWithinTls = "CONNECT within TLS is not for this proxy";

std::string refusal(const net::Url& url) {
  return fmt::format("{}:{} is not on the list of this proxy (--revproxy)", url.host, port_of(url));
}

// For the log: "hit, local" is "hit".
std::string_view log_word(std::string_view word) {
  if (word == kLocal) return "hit";
  if (word == kRemote) return "remote";
  if (word == kRevalidated) return "revalidated";
  if (word == kStale) return "stale";
  return "miss";
}

}  // namespace

net::Options Options::upstream_times() {
  net::Options options;
  options.connect_timeout = std::chrono::milliseconds(10'000);
  options.first_byte_timeout = std::chrono::milliseconds(60'000);
  options.body_taken_timeout = std::chrono::milliseconds(60'000);
  options.stall_timeout = std::chrono::milliseconds(30'000);
  options.stall_bytes = 1;
  options.connections = 512;
  return options;
}

struct ReverseProxy::Rep {
  Rep(Options how, Hosts before, Hosts unseen, std::unique_ptr<Ca> vouching, base::Fd folder,
      std::unique_ptr<keep::Shelf> on)
      : options(std::move(how)),
        hosts(std::move(before)),
        passthrough(std::move(unseen)),
        ca(std::move(vouching)),
        shelf(std::move(on)),
        fetcher(options, std::move(folder), *shelf, archive, tally) {}

  const Options options;
  const Hosts hosts, passthrough;
  const std::unique_ptr<Ca> ca;
  std::stop_source stopping;
  std::atomic<std::size_t> tunnels = 0;
  const std::unique_ptr<keep::Shelf> shelf;
  Tally tally;
  Archive archive{*shelf};
  Fetcher fetcher;  // last: ends first

  std::optional<net::Url> url_of(http::Exchange& exchange, std::string_view scheme);
  std::optional<Target> target_of(http::Exchange& exchange);
  void connect(http::Exchange& exchange);
  void lead_through(http::Exchange& exchange, const net::Url& url);
  void refuse(http::Exchange& exchange, int status, std::string_view why);
  void answer_from_cache(http::Exchange& exchange, const Target& target);
  bool answer_flight(http::Exchange& exchange, const Target& target, const base::Hash& name,
                     bool alone);
  bool stream(http::Exchange& exchange, const Flight& flight, keep::Download::Reader& reader) const;
  void give(http::Exchange& exchange, const Held& held, const base::Hash& name,
            std::string_view word) const;
  std::vector<net::Header> headers_of(const Response& response, const base::Hash& name) const;
};

base::Result<ReverseProxy> ReverseProxy::open(Options options, std::span<object::Remote> shared) {
  auto hosts = Hosts::parse(options.hosts);
  if (!hosts) return hosts.error();
  auto passthrough = Hosts::parse(options.passthrough);
  if (!passthrough) return passthrough.error();
  auto ca = Ca::open(options.ca_dir);
  if (!ca) return ca.error();
  auto shelf = keep::Shelf::open(options.dir, options.room, shared, kLabel);
  if (!shelf) return shelf.error();
  base::Fd folder(::open(options.dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return base::system_error(options.dir.string(), errno);
  return ReverseProxy(std::make_unique<Rep>(std::move(options), *std::move(hosts),
                                            *std::move(passthrough), *std::move(ca),
                                            std::move(folder), *std::move(shelf)));
}

ReverseProxy::ReverseProxy(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
ReverseProxy::ReverseProxy(ReverseProxy&&) noexcept = default;
ReverseProxy::~ReverseProxy() {
  if (rep_) stop();
}

void ReverseProxy::end_tunnels() { rep_->stopping.request_stop(); }

void ReverseProxy::stop(std::chrono::milliseconds uploads) {
  end_tunnels();
  rep_->fetcher.stop();
  rep_->shelf->stop(uploads);
}

void ReverseProxy::answer(http::Exchange& exchange) {
  Rep& r = *rep_;
  const http::Request& request = exchange.request();
  if (r.fetcher.is_ours(request)) {
    return r.refuse(exchange, 508, "this proxy is its own upstream");
  }
  if (request.method == "CONNECT") return r.connect(exchange);
  const auto target = r.target_of(exchange);
  if (!target) return;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && request.length == 0 && !leads_past(request.headers)) {
    return r.answer_from_cache(exchange, *target);
  }
  r.fetcher.pass(exchange, *target);
}

void ReverseProxy::Rep::refuse(http::Exchange& exchange, int status, std::string_view why) {
  ++tally.refused;
  exchange.note("refused");
  exchange.send(failure_head(status), fmt::format("{}\n", why));
}

// Whose it is. None: that is no URL, and it has been refused.
std::optional<net::Url> ReverseProxy::Rep::url_of(http::Exchange& exchange,
                                                  std::string_view scheme) {
  auto url = net::parse_url(fmt::format("{}://{}", scheme, exchange.request().authority));
  const bool web = scheme == "http" || scheme == "https";
  if (url && web && !url->host.empty() && url->user.empty() && url->password.empty() &&
      url->path.empty() && url->query.empty()) {
    return *std::move(url);
  }
  refuse(exchange, 400, "no URL that this proxy understands");
  return std::nullopt;
}

// The URL counts, whatever a Host header says (RFC 9112, 3.2.2). None: it has been refused.
std::optional<Target> ReverseProxy::Rep::target_of(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  auto url = url_of(exchange, request.scheme);
  if (!url) return std::nullopt;
  if (!hosts.cover(*url)) {
    refuse(exchange, 403, refusal(*url));
    return std::nullopt;
  }
  if (url->scheme == "https") {  // within what CONNECT led to: there Host would count
    const auto said =
        net::parse_url(fmt::format("https://{}", net::find_header(request.headers, "Host")));
    if (!said || said->host != url->host || port_of(*said) != port_of(*url)) {
      refuse(exchange, 421, "Host is another than CONNECT named");
      return std::nullopt;
    }
  }
  url->path = request.path;
  url->query = request.query;
  net::Url whole = *url;
  whole.port = port_of(*url);
  return Target{*std::move(url), whole.text()};
}

// To a host of the list, as that host; to others only where that is asked for, and unseen.
void ReverseProxy::Rep::connect(http::Exchange& exchange) {
  const auto url = url_of(exchange, "https");
  if (!url) return;
  if (!hosts.cover(*url)) {
    if (passthrough.cover(*url)) return lead_through(exchange, *url);
    return refuse(exchange, 403, refusal(*url));
  }
  auto greeting = ca->greeting(url->host);
  if (!greeting) return refuse(exchange, 502, greeting.error().message);
  if (!exchange.secure(*std::move(greeting))) refuse(exchange, 501, kWithinTls);
}

void ReverseProxy::Rep::lead_through(http::Exchange& exchange, const net::Url& url) {
  struct Count {
    explicit Count(std::atomic<std::size_t>& of) : all(of), number(++of) {}
    ~Count() { --all; }
    std::atomic<std::size_t>& all;
    const std::size_t number;
  } const count(tunnels);
  if (count.number > options.tunnels) return refuse(exchange, 503, "too many tunnels");
  const auto call = base::Call::within(options.net.connect_timeout, stopping.get_token());
  const auto there = net::dial({.host = url.host, .port = port_of(url), .path = {}}, call);
  if (!there) {
    ++tally.faults;
    exchange.note("fault");
    return exchange.send(failure_head(http::gateway_status(there.error())),
                         http::gateway_text(there.error()));
  }
  const base::Fd client = exchange.take_over();
  if (!client) return refuse(exchange, 501, kWithinTls);
  ++tally.passed;
  exchange.note("tunnel");
  pump(client.get(), there->get(), options.tunnel_idle, options.tunnel_time, stopping.get_token());
}

// From the cheapest to the dearest.
void ReverseProxy::Rep::answer_from_cache(http::Exchange& exchange, const Target& target) {
  const http::Request& request = exchange.request();
  const Headers headers = request.headers;
  // Those that name somebody are not answered together with others'.
  bool alone = has(headers, "Authorization") || has(headers, "Cookie");
  while (true) {
    Place place = archive.look(target.text, headers);
    const bool only_here = parse_directives(headers).only_if_cached;
    const bool of_a_part = has(headers, "Range") || has(headers, "If-None-Match") ||
                           has(headers, "If-Modified-Since") || request.method == "HEAD";
    if (!place.held && (only_here || of_a_part)) {
      const auto call = base::Call::within(kSharedTime);
      place = archive.look(target.text, headers, &call);
    }
    if (place.held && use(headers, place.held->response, options.now()) == Use::kGive) {
      ++(place.borrowed ? tally.remote_hits : tally.hits);
      return give(exchange, *place.held, place.name, place.borrowed ? kRemote : kLocal);
    }
    if (only_here) {
      exchange.note("absent");
      return exchange.send(failure_head(504), "it is not kept, and nobody is to be asked\n");
    }
    // What would not fill the cache goes straight to its server.
    if (of_a_part && (!place.held || request.method == "HEAD")) {
      return fetcher.pass(exchange, target);
    }
    if (answer_flight(exchange, target, place.name, alone)) return;
    alone = true;
  }
}

// False: what came is not for this request.
bool ReverseProxy::Rep::answer_flight(http::Exchange& exchange, const Target& target,
                                      const base::Hash& name, bool alone) {
  const Headers headers = exchange.request().headers;
  Fetcher::Seat seat = fetcher.join(target, name, alone, exchange);
  const std::shared_ptr<Flight>& flight = seat.flight;
  const bool began = seat.began;
  const auto fits = [&](const Response& response) {
    const auto names = vary_names(response.headers);
    return began || (names && selection(*names, headers) == selection(*names, flight->request));
  };
  const keep::Outcome* const over = seat.reader.wait_for_start();
  if (over == nullptr) {
    // All of it, whatever part is wanted: nobody shall wait for the end.
    return fits(flight->response) && stream(exchange, *flight, seat.reader);
  }
  if (over->status == Flight::kPassed) {
    if (began) flight->left.wait();
    return began;
  }
  if (over->status != 200) {
    exchange.note("fault");
    exchange.send(failure_head(over->status), over->text);
    return true;
  }
  if (!over->kept) return stream(exchange, *flight, seat.reader);
  base::Fd file = base::duplicate(over->kept->file.get());
  const auto held =
      Archive::open({std::move(file), over->kept->size, over->kept->facts}, flight->name);
  if (!held && began) {
    exchange.send(failure_head(502), "what was kept cannot be read\n");
    return true;
  }
  if (!held || !fits(held->response)) return false;
  give(exchange, *held, flight->name, over->word);
  return true;
}

bool ReverseProxy::Rep::stream(http::Exchange& exchange, const Flight& flight,
                               keep::Download::Reader& reader) const {
  exchange.note("miss");
  const Response& response = flight.response;
  http::Head head = head_for(response.status, headers_of(response, flight.name), kCached);
  if (!exchange.begin(std::move(head), flight.size)) return true;
  std::string piece(kPiece, '\0');
  std::int64_t at = -flight.body_at;  // in the body
  while (true) {
    const auto size = reader.read(piece);
    if (!size) exchange.cut();
    if (!size || *size == 0) break;
    const auto skipped = std::clamp<std::int64_t>(-at, 0, static_cast<std::int64_t>(*size));
    at += static_cast<std::int64_t>(*size);
    // Who has all of it and asks again finds it kept.
    if (at == flight.size) reader.wait_for_end();
    const auto part = std::string_view(piece).substr(0, *size);
    if (!exchange.write(part.substr(static_cast<std::size_t>(skipped)))) return true;
  }
  if (reader.wait_for_end().status != 200) exchange.cut();
  return true;
}

std::vector<net::Header> ReverseProxy::Rep::headers_of(const Response& response,
                                                       const base::Hash& name) const {
  std::vector<net::Header> headers = response.headers;
  std::erase_if(headers, [](const net::Header& one) { return net::same_name(one.name, "Age"); });
  headers.push_back({"Age", std::to_string(age(response, options.now()).count())});
  headers.push_back({"X-Cache-Id", base::to_hex(name).substr(0, kShownOfName)});
  return headers;
}

void ReverseProxy::Rep::give(http::Exchange& exchange, const Held& held, const base::Hash& name,
                             std::string_view word) const {
  exchange.note(log_word(word));
  const http::Request& request = exchange.request();
  const Verdict verdict = judge(request.method, request.headers, held.response, held.size());
  std::vector<net::Header> headers = headers_of(held.response, name);
  const auto send_file = [&](int status, std::int64_t offset, std::int64_t size) {
    base::Fd file = base::duplicate(held.kept.file.get());
    exchange.send_file(head_for(status, std::move(headers), word), std::move(file),
                       held.body_at + offset, size);
  };
  switch (verdict.kind) {
    case Verdict::Kind::kWhole:
      return send_file(held.response.status, 0, held.size());
    case Verdict::Kind::kNotModified:
      std::erase_if(headers, [](const net::Header& header) {
        const std::string name_of = base::lower(header.name);
        return name_of != "age" && name_of != "x-cache-id" && !is_for_not_modified(header);
      });
      return exchange.send(head_for(304, std::move(headers), word), "");
    case Verdict::Kind::kPart:
      headers.push_back(http::content_range(verdict.part, held.size()));
      return send_file(206, verdict.part.offset, verdict.part.size);
    case Verdict::Kind::kNoSuchPart:
      headers = {http::content_range(verdict.part, held.size()), http::kPlainText};
      return exchange.send(head_for(416, std::move(headers), word), "no such part\n");
  }
}

Counts ReverseProxy::counts() const {
  const Tally& t = rep_->tally;
  return {t.hits,   t.remote_hits, t.revalidated, t.stale,    t.fetched, t.passed,
          t.joined, t.refused,     t.faults,      t.requests, t.bytes_up};
}

bool is_reply_key(std::string_view key) { return keep::is_key_of(kLabel, key); }

}  // namespace gopouch::revproxy
