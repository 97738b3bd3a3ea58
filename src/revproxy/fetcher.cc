#include "revproxy/fetcher.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"

namespace gopouch::revproxy {

namespace {

using base::Fault;
using keep::Outcome;

constexpr std::chrono::milliseconds kSharedTime{60'000};
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr std::size_t kRemembered = 10'000;  // servers that were silent
constexpr std::int64_t kLargestBody = std::int64_t{8} << 30U;

// Those that a reply may stand in for that is old (RFC 5861, 4).
bool is_failure(int status) { return status >= 500 && status <= 504 && status != 501; }

std::optional<std::int64_t> length_of(Headers headers) {
  if (has(headers, "Transfer-Encoding")) return std::nullopt;
  return base::parse_number<std::int64_t>(net::find_header(headers, "Content-Length"));
}

// Of a request that is made anew: what the client asked of us is not what we ask.
std::vector<net::Header> without_conditions(Headers headers) {
  std::vector<net::Header> kept(headers.begin(), headers.end());
  std::erase_if(kept, [](const net::Header& header) {
    const std::string name = base::lower(header.name);
    return name == "if-none-match" || name == "if-modified-since" || name == "if-range" ||
           name == "range";
  });
  return kept;
}

}  // namespace

http::Head head_for(int status, std::vector<net::Header> headers, std::string_view word) {
  headers.push_back({"Via", "1.1 gopouch"});
  headers.push_back({"X-Cache", std::string(word)});
  return {status, std::move(headers)};
}

http::Head failure_head(int status) {
  return {status, {http::kPlainText, {"Cache-Control", "no-store"}}};
}

// What comes of one request of ours.
struct Fetcher::Reception {
  enum class Mode {
    kNothing,  // no head yet
    kKeep,     // into the download
    kPass,     // to the client who began it
    kGood,     // 304: what is held is good still
    kOther,    // 304, of something else than what is held
    kOld,      // what is held will do
  };
  Flight& flight;
  http::Exchange& exchange;
  std::optional<Held> held;
  base::Hash held_name{};
  Time asked{};
  Mode mode = Mode::kNothing;
  Response response = {};
  bool taken = true;  // by the disk, or the client
};

Fetcher::Fetcher(const Options& options, base::Fd folder, keep::Shelf& shelf, Archive& archive,
                 Tally& tally)
    : options_(options),
      folder_(std::move(folder)),
      shelf_(shelf),
      archive_(archive),
      tally_(tally),
      client_(options.net),
      workers_(options.fetches) {}

bool Fetcher::is_quiet(const net::Url& url) const {
  auto silent = silent_.lock();
  const auto found = silent->find(url.scheme + url.authority());
  return found != silent->end() && Clock::now() < found->second;
}

void Fetcher::note_silence(const net::Url& url) {
  auto silent = silent_.lock();
  if (silent->size() >= kRemembered) silent->clear();
  (*silent)[url.scheme + url.authority()] = Clock::now() + options_.quiet_time;
}

Fetcher::Seat Fetcher::join(const Target& target, const base::Hash& name, bool alone,
                            http::Exchange& exchange) {
  auto flights = under_way_.lock();
  if (const auto found = flights->find(name); !alone && found != flights->end()) {
    if (auto reader = keep::Download::join(found->second->download)) {
      ++tally_.joined;
      return {found->second, *std::move(reader), false};
    }
  }
  auto flight = std::make_shared<Flight>();
  flight->target = target;
  flight->request = end_to_end(exchange.request().headers);
  auto reader = keep::Download::join(flight->download);
  if (!alone) (*flights)[name] = flight;
  workers_.add([this, flight, &exchange] {
    keep::Outcome outcome = bring(*flight, exchange);
    if (outcome.status != Flight::kPassed) land(*flight, std::move(outcome));
    flight->left.count_down();
  });
  return {flight, *std::move(reader), true};
}

void Fetcher::land(Flight& flight, Outcome outcome) {
  // Whoever comes after the end asks anew.
  std::erase_if(*under_way_.lock(), [&](const auto& item) { return item.second.get() == &flight; });
  flight.download->finish(std::move(outcome));
}

Outcome Fetcher::bring(Flight& flight, http::Exchange& exchange) {
  const auto call = base::Call::within(options_.fetch_time, stop_.get_token());
  const auto shared = call.at_most(kSharedTime);
  // Somebody else's fetch may have ended since this one was asked for.
  Place place = archive_.look(flight.target.text, flight.request, &shared);
  Reception reception{flight, exchange, std::nullopt, place.name};
  if (place.held) {
    const Use what = use(flight.request, place.held->response, options_.now());
    if (what == Use::kGive) {
      ++(place.borrowed ? tally_.remote_hits : tally_.hits);
      flight.name = place.name;
      return {200, {}, place.borrowed ? kRemote : kLocal, std::move(place.held->kept)};
    }
    if (what == Use::kValidate) reception.held = std::move(place.held);
  }
  if (reception.held && is_quiet(flight.target.url) &&
      may_be_stale(flight.request, reception.held->response, options_.now())) {
    flight.name = reception.held_name;
    return give_old(*reception.held);
  }
  auto reply = ask(reception, true);
  if (reception.mode == Reception::Mode::kOther) {
    reception.mode = Reception::Mode::kNothing;
    reply = ask(reception, false);
  }
  return settle(reception, reply);
}

net::Request Fetcher::request_for(const Target& target, std::string_view method,
                                  Headers headers) const {
  net::Request request;
  request.method = method;
  request.url = target.url;
  for (const net::Header& header : headers) {
    const std::string name = base::lower(header.name);
    if (name != "host" && name != "expect") request.headers.push_back(header);
  }
  request.headers.push_back(via_.header());
  return request;
}

base::Result<net::Reply> Fetcher::ask(Reception& reception, bool whether_good) {
  Flight& flight = reception.flight;
  net::Request request = request_for(flight.target, "GET", without_conditions(flight.request));
  if (whether_good && reception.held) {
    for (net::Header& header : validators(reception.held->response)) {
      request.headers.push_back(std::move(header));
    }
  }
  request.on_head = [&](const net::Reply& head) { take_head(reception, head); };
  request.sink = [&](std::span<const std::uint8_t> bytes) {
    tally_.bytes_up += std::ssize(bytes);
    if (reception.mode == Reception::Mode::kKeep) {
      reception.taken = reception.taken && flight.download->write(shelf_, flight.name, bytes);
    } else if (reception.mode == Reception::Mode::kPass) {
      reception.taken =
          reception.taken &&
          reception.exchange.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    return reception.taken;
  };
  const auto call = base::Call::within(options_.fetch_time, stop_.get_token());
  for (int attempt = 1;; ++attempt) {
    reception.asked = options_.now();
    ++tally_.requests;
    auto reply = client_.send(request, call);
    const bool again = !reply && reply.error().fault == Fault::kUnavailable &&
                       reception.mode == Reception::Mode::kNothing;
    if (!again || attempt >= options_.attempts || !base::pause(call, options_.first_pause)) {
      return reply;
    }
  }
}

// What is done with the body.
void Fetcher::take_head(Reception& reception, const net::Reply& head) {
  using Mode = Reception::Mode;
  Flight& flight = reception.flight;
  const Time now = options_.now();
  Response& response = reception.response;
  response = {head.status, end_to_end(head.headers), reception.asked, now};
  if (head.status == 304 && reception.held) {
    reception.mode =
        confirms(reception.held->response, response.headers) ? Mode::kGood : Mode::kOther;
    return;
  }
  if (is_failure(head.status) && reception.held &&
      may_be_stale(flight.request, reception.held->response, now)) {
    reception.mode = Mode::kOld;
    return;
  }
  if (!flight.unwanted && has_end(head.status, head.headers) &&
      may_store(flight.request, response) && begin_keeping(reception, head)) {
    reception.mode = Mode::kKeep;
    return;
  }
  reception.mode = Mode::kPass;
  land(flight, {Flight::kPassed, {}, {}, {}});  // others need not wait for its end
  ++tally_.passed;
  reception.exchange.note("pass");
  const auto size = head.status == 204 || head.status == 304 ? 0 : length_of(head.headers);
  reception.taken =
      reception.exchange.begin(head_for(head.status, response.headers, kUncached), size);
}

// False: it is passed on, then.
bool Fetcher::begin_keeping(Reception& reception, const net::Reply& head) {
  Flight& flight = reception.flight;
  const auto size = head.status == 204 ? 0 : length_of(head.headers);
  if (size.value_or(0) > kLargestBody) return false;
  flight.name = archive_.place(flight.target.text, flight.request, reception.response);
  flight.response = reception.response;
  flight.size = size;
  const std::string text = head_text(flight.response, flight.name);
  flight.body_at = std::ssize(text);
  {
    auto flights = under_way_.lock();
    const auto found = std::find_if(flights->begin(), flights->end(),
                                    [&](const auto& item) { return item.second.get() == &flight; });
    // Those that come now know what it varies by, and look for it under its own name.
    if (found != flights->end()) flights->emplace(flight.name, found->second);
  }
  return flight.download->write(shelf_, flight.name, base::bytes_of(text));
}

Outcome Fetcher::give_old(const Held& held) {
  ++tally_.stale;
  base::Fd file = base::duplicate(held.kept.file.get());
  return {200, {}, kStale, keep::Kept{std::move(file), held.kept.size, {}}};
}

Outcome Fetcher::settle(Reception& reception, const base::Result<net::Reply>& reply) {
  using Mode = Reception::Mode;
  Flight& flight = reception.flight;
  const Time now = options_.now();
  if (reception.mode == Mode::kPass) {
    if (!reply) reception.exchange.cut();
    return {Flight::kPassed, {}, {}, {}};
  }
  if (reception.mode == Mode::kKeep) {
    if (!reply) {
      ++tally_.faults;
      return {http::gateway_status(reply.error()), http::gateway_text(reply.error()), "fault", {}};
    }
    ++tally_.fetched;
    keep::Draft* const draft = flight.download->draft();
    if (flight.unwanted || draft == nullptr) return {200, {}, kCached, {}};
    return {200, {}, kCached, archive_.keep(*draft, flight.name, now)};
  }
  flight.name = reception.held_name;
  if (reply && reception.mode == Mode::kGood) {
    ++tally_.revalidated;
    Response fresh = reception.held->response;
    update(fresh, reception.response);
    // What may not be kept any more is given once, to those who asked.
    std::optional<keep::Kept> kept;
    if (!flight.unwanted) kept = archive_.renew(*reception.held, fresh, flight.name);
    if (!may_store(flight.request, fresh)) forget(flight.target);
    if (kept) return {200, {}, kRevalidated, std::move(kept)};
    return {200, {}, kRevalidated, std::move(reception.held->kept)};
  }
  if (!reply &&
      (reply.error().fault == Fault::kUnavailable || reply.error().fault == Fault::kTimeout)) {
    note_silence(flight.target.url);
  }
  if (reception.held && may_be_stale(flight.request, reception.held->response, now)) {
    return give_old(*reception.held);
  }
  ++tally_.faults;
  if (reply) return {502, "upstream: a reply that makes no sense\n", "fault", {}};
  return {http::gateway_status(reply.error()), http::gateway_text(reply.error()), "fault", {}};
}

void Fetcher::pass(http::Exchange& exchange, const Target& target) {
  const http::Request& asked = exchange.request();
  const bool safe = asked.method == "GET" || asked.method == "HEAD" || asked.method == "OPTIONS" ||
                    asked.method == "TRACE";
  net::Request request = request_for(target, asked.method, end_to_end(asked.headers));
  auto body = take_body(exchange);
  if (!body)
    return exchange.send(failure_head(body.error().fault == Fault::kFull ? 507 : 400),
                         body.error().message + "\n");
  if (*body) request.body = net::Body{.fd = (*body)->fd(), .size = (*body)->size()};
  bool begun = false, taken = true;
  request.on_head = [&](const net::Reply& head) {
    begun = true;
    if (!safe && head.status < 400) forget(target);  // RFC 9111, 4.4
    ++tally_.passed;
    exchange.note("pass");
    const bool empty = head.status == 204 || head.status == 304;
    taken = exchange.begin(head_for(head.status, end_to_end(head.headers), kUncached),
                           empty ? 0 : length_of(head.headers));
  };
  request.sink = [&](std::span<const std::uint8_t> bytes) {
    tally_.bytes_up += std::ssize(bytes);
    taken = taken && exchange.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return taken;
  };
  ++tally_.requests;
  const auto reply =
      client_.send(request, base::Call::within(options_.fetch_time, stop_.get_token()));
  if (reply) return;
  if (begun) return exchange.cut();
  ++tally_.faults;
  exchange.note("fault");
  exchange.send(failure_head(http::gateway_status(reply.error())),
                http::gateway_text(reply.error()));
}

// In a file without a name, so that a large one costs no memory. None: there is no body.
base::Result<std::optional<base::NewFile>> Fetcher::take_body(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  std::optional<base::NewFile> body;
  if (request.length == 0) {
    const bool wanted = request.method == "POST" || request.method == "PUT";
    if (!wanted) return body;
  }
  auto file = base::NewFile::create(folder_.get(), "passing/body");
  if (!file) return file.error();
  std::string piece(kPiece, '\0');
  while (true) {
    const auto got = exchange.read(piece);
    if (!got) return got.error();
    if (*got == 0) break;
    if (auto done = file->write(base::bytes_of(std::string_view(piece).substr(0, *got))); !done) {
      return done.error();
    }
  }
  if (file->size() > 0 || request.length == 0) body.emplace(*std::move(file));
  return body;
}

void Fetcher::forget(const Target& target) {
  {
    auto flights = under_way_.lock();
    std::erase_if(*flights, [&](const auto& item) {
      if (item.second->target.text != target.text) return false;
      item.second->unwanted = true;
      return true;
    });
  }
  archive_.clear(Archive::first_name(target.text), options_.now());
}

}  // namespace gopouch::revproxy
