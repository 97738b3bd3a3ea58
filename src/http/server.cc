// The loop: one thread of Asio, on which each connection is a coroutine.
//
// While a handler works on its request, the coroutine waits; what the handler reads and writes is
// handed to the loop, and the handler waits for that. Every step of the loop has a time limit, so
// no handler waits for ever.
#include <atomic>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/workers.h"
#include "http/exchange.h"
#include "http/text.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>

namespace gopouch::http {

namespace {

constexpr std::chrono::milliseconds kLook{5};
constexpr std::int64_t kDrained = std::int64_t{64} << 10U;  // of a body that nobody read

// The client has gone, or asked for nothing.
bool is_end(const Code& code) {
  return code == beast::http::error::end_of_stream || code == asio::error::eof ||
         code == beast::error::timeout || code == asio::error::operation_aborted ||
         code == asio::error::connection_reset;
}

}  // namespace

struct Server::Rep {
  Rep(net::Listener at, std::vector<Route> with, Options how)
      : listener(std::move(at)),
        routes(std::move(with)),
        options(std::move(how)),
        forward{"proxy", options.forward},
        handlers(options.threads) {}

  struct Connection {
    explicit Connection(asio::io_context& loop) : stream(loop) {}
    Stream stream;
    bool busy = false;   // with a request
    std::string inside;  // what a CONNECT named that led to TLS
  };

  void accept_all();
  Task<void> converse(std::shared_ptr<Connection> connection);
  Task<bool> next(Connection& connection, beast::flat_buffer& buffer, const std::string& peer);
  Task<void> handle(Exchange::Rep& exchange);
  bool take_target(Exchange::Rep& exchange, const std::string& inside) const;
  Task<bool> drain(Exchange::Rep& exchange);
  void hang_up(bool all);

  const net::Listener listener;
  const std::vector<Route> routes;
  const Options options;
  const Route forward;  // its prefix is the word for it
  asio::io_context loop{1};
  asio::executor_work_guard<Executor> work{loop.get_executor()};
  std::set<std::shared_ptr<Connection>> connections;  // the loop's
  std::atomic<std::size_t> open = 0;
  std::atomic<bool> stopping = false;
  base::Guarded<bool> stopped{false};
  base::Workers handlers;
  std::jthread runner;
  std::jthread acceptor;
};

Server::Server(net::Listener listener, std::vector<Route> routes, Options options)
    : rep_(std::make_unique<Rep>(std::move(listener), std::move(routes), std::move(options))) {
  Rep& r = *rep_;
  r.runner = std::jthread([&r] { r.loop.run(); });
  r.acceptor = std::jthread([&r] { r.accept_all(); });
}

Server::~Server() {
  stop(Clock::now());
  Rep& r = *rep_;
  // Handlers see that nobody listens, and every step of the loop ends.
  while (r.open > 0) std::this_thread::sleep_for(kLook);
  r.work.reset();
  r.runner.join();
}

const net::Address& Server::address() const { return rep_->listener.address(); }

void Server::Rep::accept_all() {
  const int family = listener.address().path.empty() ? AF_INET : AF_UNIX;
  while (base::Fd socket = listener.accept()) {
    if (open >= options.connections) continue;  // closed at once
    ++open;
    asio::post(loop, [this, family, shared = std::make_shared<base::Fd>(std::move(socket))] {
      auto connection = std::make_shared<Connection>(loop);
      if (!connection->stream.assign(family, *shared)) {
        --open;
        return;
      }
      connections.insert(connection);
      asio::co_spawn(
          loop.get_executor(), [this, connection] { return converse(connection); },
          [this, connection](const std::exception_ptr&) {
            connections.erase(connection);
            --open;
          });
    });
  }
}

Task<void> Server::Rep::converse(std::shared_ptr<Connection> connection) {
  beast::flat_buffer buffer(options.header_limit + kPiece);
  Stream& stream = connection->stream;
  const std::string peer = stream.peer();
  if (options.tls) {
    stream.expires_after(options.header_time);
    if (!co_await stream.shake_hands(options.tls())) {
      co_await stream.end();
      co_return;
    }
  }
  while (!stopping && co_await next(*connection, buffer, peer)) {
  }
  co_await stream.end();
}

// One request. False: it was the last one.
Task<bool> Server::Rep::next(Connection& connection, beast::flat_buffer& buffer,
                             const std::string& peer) {
  Exchange::Rep exchange(loop, connection.stream, buffer, options);
  connection.busy = false;
  const Code code = co_await exchange.read_head();
  if (is_end(code)) co_return false;
  connection.busy = true;
  const auto start = Clock::now();
  exchange.request.peer = peer;
  if (code == beast::http::error::header_limit || code == beast::http::error::buffer_overflow) {
    exchange.answer(431, "no request that this server understands\n");
  } else if (code) {
    exchange.answer(400, "no request that this server understands\n");
  } else if (!take_target(exchange, connection.inside)) {
    exchange.answer(400, "no path; this is no forward proxy\n");
  } else {
    co_await handle(exchange);
  }
  exchange.keep = exchange.keep && co_await drain(exchange);
  exchange.keep = exchange.keep && !stopping;
  const bool whole = co_await exchange.finish();
  if (options.on_done) {
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    options.on_done({exchange.request, exchange.head.status, exchange.sent, whole, exchange.route,
                     exchange.note, time});
  }
  if (exchange.greeting) connection.inside = exchange.request.authority;
  co_return whole&& exchange.keep;
}

// Whose the request is. False: nobody's here.
bool Server::Rep::take_target(Exchange::Rep& exchange, const std::string& inside) const {
  Request& request = exchange.request;
  if (!inside.empty()) {
    if (!request.authority.empty() || !request.path.starts_with('/')) return false;
    request.scheme = "https";
    request.authority = inside;
  } else if (request.scheme == "https") {
    return false;
  }
  if (!request.authority.empty()) return forward.handler != nullptr;
  return request.path.starts_with('/');
}

// What nobody read of a body: a short rest is cheaper than a new connection.
Task<bool> Server::Rep::drain(Exchange::Rep& exchange) {
  if (exchange.parser.is_done()) co_return true;
  if (exchange.expects || exchange.request.length.value_or(INT64_MAX) > kDrained) co_return false;
  std::string rest(kDrained, '\0');
  std::size_t got = 0;
  while (!exchange.parser.is_done()) {
    if (!co_await exchange.take(rest, got)) co_return false;
  }
  co_return true;
}

Task<void> Server::Rep::handle(Exchange::Rep& exchange) {
  const bool forwarded = !exchange.request.authority.empty();
  const Route* const found = forwarded ? &forward : find_route(routes, exchange.request.path);
  if (found == nullptr) {
    exchange.answer(404, "not found\n");
    co_return;
  }
  // The timer never fires: the handler's end cancels it, in a turn of the loop after this one.
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> done(
      loop.get_executor(), Clock::time_point::max());
  exchange.stream.expires_never();
  exchange.route = found->prefix;
  handlers.add([&exchange, &done, found, this] {
    Exchange given(exchange);
    found->handler(given);
    asio::post(loop, [&done] { done.cancel(); });
  });
  Code ignored;
  co_await done.async_wait(to(ignored));
}

// On the loop.
void Server::Rep::hang_up(bool all) {
  for (const auto& connection : connections) {
    if (all || !connection->busy) connection->stream.close();
  }
}

void Server::stop(Clock::time_point deadline) {
  Rep& r = *rep_;
  auto stopped = r.stopped.lock();
  if (std::exchange(*stopped, true)) return;
  r.stopping = true;
  r.listener.stop();
  r.acceptor.join();
  asio::post(r.loop, [&r] { r.hang_up(false); });
  while (r.open > 0 && Clock::now() < deadline) std::this_thread::sleep_for(kLook);
  asio::post(r.loop, [&r] { r.hang_up(true); });
}

}  // namespace gopouch::http
