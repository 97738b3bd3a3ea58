// The loop: one thread of Asio that reads requests with Beast's parser and writes replies.
//
// A connection is a coroutine. While a handler works on its request, the coroutine waits; what the
// handler reads and writes is handed to the loop, and the handler waits for that. Every step of the
// loop has a time limit, so no handler waits for ever.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/guarded.h"
#include "base/text.h"
#include "base/workers.h"
#include "http/text.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

namespace gopouch::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using Socket = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Socket, asio::io_context::executor_type>;
using Parser = beast::http::request_parser<beast::http::buffer_body>;

constexpr std::chrono::milliseconds kLook{5};
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr std::size_t kDrained = std::size_t{64} << 10U;  // of a body that nobody read

template <typename T>
using Task = asio::awaitable<T, asio::io_context::executor_type>;

auto to(Code& code) {
  return asio::redirect_error(asio::use_awaitable_t<asio::io_context::executor_type>(), code);
}

std::string peer_of(int socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return net::text_of(name);
}

}  // namespace

std::string_view reason(int status) {
  const auto text = beast::http::obsolete_reason(static_cast<beast::http::status>(status));
  return {text.data(), text.size()};
}

// Shared by a connection's coroutine and the handler's thread, which never run at once but in
// read(), write() and begin(), where one of them waits.
struct Exchange::Rep {
  Rep(asio::io_context& with, Stream& on, beast::flat_buffer& with_buffer, const Options& how)
      : loop(with), stream(on), buffer(with_buffer), options(how) {}

  enum class State { kNone, kWhole, kFile, kPieces };

  // Runs a task on the loop; its result, on the handler's thread.
  template <typename Make>
  bool on_loop(const Make& make) {
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<bool> result;
    asio::co_spawn(loop.get_executor(), make, [&](const std::exception_ptr& fault, bool done) {
      const std::lock_guard lock(mutex);
      result = !fault && done;
      ended.notify_one();
    });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return result.has_value(); });
    return *result;
  }

  Task<bool> put(std::string_view text) {
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, kPiece);
      Code code;
      stream.expires_after(options.piece_time);
      co_await asio::async_write(stream, asio::buffer(piece.data(), piece.size()), to(code));
      if (code) co_return false;
      text.remove_prefix(piece.size());
    }
    co_return true;
  }

  // The next piece of the body into `space`; its size into `got`.
  Task<bool> take(std::span<char> space, std::size_t& got) {
    Code code;
    stream.expires_after(options.piece_time);
    if (expects) {
      expects = false;
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream, asio::buffer(kContinue.data(), kContinue.size()),
                                 to(code));
      if (code) co_return false;
    }
    got = 0;
    while (got == 0 && !parser.is_done()) {
      auto& piece = parser.get().body();
      piece.data = space.data();
      piece.size = space.size();
      piece.more = true;
      co_await beast::http::async_read_some(stream, buffer, parser, to(code));
      got = space.size() - piece.size;
      if (code && code != beast::http::error::need_buffer) co_return false;
    }
    co_return true;
  }

  std::string head_text(std::optional<std::int64_t> length) const {
    return http::head_text(head, length, keep, std::time(nullptr));
  }

  // What the handler left to be sent.
  Task<bool> finish() {
    switch (state) {
      case State::kNone:
        head = {500, {kPlainText}};
        body = "no answer\n";
        [[fallthrough]];
      case State::kWhole: {
        std::string text = head_text(std::ssize(body));
        if (!is_head) {
          text += body;
          sent = std::ssize(body);
        }
        co_return co_await put(text);
      }
      case State::kFile:
        co_return co_await put_file();
      case State::kPieces:
        if (failed || (size && sent < *size && !is_head)) co_return false;
        if (!size && !is_head) co_return co_await put("0\r\n\r\n");
        co_return true;
    }
    co_return false;
  }

  Task<bool> put_file() {
    if (!co_await put(head_text(*size)) || is_head) co_return is_head;
    std::string piece(kPiece, '\0');
    while (sent < *size) {
      const auto wanted = std::min<std::int64_t>(std::ssize(piece), *size - sent);
      const ssize_t got =
          ::pread(file.get(), piece.data(), static_cast<std::size_t>(wanted), offset + sent);
      if (got <= 0) co_return false;
      const std::string_view part(piece.data(), static_cast<std::size_t>(got));
      if (!co_await put(part)) co_return false;
      sent += got;
    }
    co_return true;
  }

  asio::io_context& loop;
  Stream& stream;
  beast::flat_buffer& buffer;
  const Options& options;
  Parser parser;
  Request request;
  bool is_head = false, expects = false, keep = false;

  State state = State::kNone;
  Head head;
  std::string body;
  base::Fd file;
  std::int64_t offset = 0;
  std::optional<std::int64_t> size;
  std::int64_t sent = 0;  // of the body
  bool failed = false;
  std::string_view route;
  std::string note;
};

const Request& Exchange::request() const { return rep_.request; }

base::Result<std::size_t> Exchange::read(std::span<char> space) {
  if (rep_.parser.is_done() || space.empty()) return std::size_t{0};
  std::size_t got = 0;
  if (rep_.on_loop([&] { return rep_.take(space, got); })) return got;
  rep_.keep = false;
  return base::Error{base::Fault::kUnavailable, "the client went, or was too slow"};
}

void Exchange::send(Head head, std::string body) {
  rep_.state = Rep::State::kWhole;
  rep_.head = std::move(head);
  rep_.body = std::move(body);
}

void Exchange::send_file(Head head, base::Fd file, std::int64_t offset, std::int64_t size) {
  rep_.state = Rep::State::kFile;
  rep_.head = std::move(head);
  rep_.file = std::move(file);
  rep_.offset = offset;
  rep_.size = size;
}

bool Exchange::begin(Head head, std::optional<std::int64_t> size) {
  rep_.state = Rep::State::kPieces;
  rep_.head = std::move(head);
  rep_.size = size;
  const std::string text = rep_.head_text(size);
  rep_.failed = !rep_.on_loop([&] { return rep_.put(text); });
  return !rep_.failed;
}

bool Exchange::write(std::string_view bytes) {
  if (rep_.failed) return false;
  if (rep_.is_head || bytes.empty()) return true;
  std::string chunk;
  if (!rep_.size) {
    chunk = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
  } else if (rep_.sent + std::ssize(bytes) > *rep_.size) {
    rep_.failed = true;
    return false;
  }
  const std::string_view text = rep_.size ? bytes : chunk;
  rep_.failed = !rep_.on_loop([&] { return rep_.put(text); });
  if (!rep_.failed) rep_.sent += std::ssize(bytes);
  return !rep_.failed;
}

void Exchange::note(std::string_view word) { rep_.note = word; }

void Exchange::cut() { rep_.failed = true; }

struct Server::Rep {
  Rep(net::Listener at, std::vector<Route> with, Options how)
      : listener(std::move(at)),
        routes(std::move(with)),
        options(std::move(how)),
        handlers(options.threads) {}

  struct Connection {
    explicit Connection(Stream with) : stream(std::move(with)) {}
    Stream stream;
    bool busy = false;  // with a request
  };

  void accept_all();
  Task<void> converse(std::shared_ptr<Connection> connection);
  Task<bool> next(Connection& connection, beast::flat_buffer& buffer, const std::string& peer);
  Task<Code> read_head(Stream& stream, beast::flat_buffer& buffer, Parser& parser) const;
  bool take_head(Exchange::Rep& exchange) const;
  Task<void> handle(Exchange::Rep& exchange);
  void hang_up(bool all);

  const net::Listener listener;
  const std::vector<Route> routes;
  const Options options;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
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
      Stream stream(loop.get_executor());
      Code code;
      stream.socket().assign(Socket(family, 0), shared->get(), code);
      if (code) {
        --open;
        return;
      }
      shared->release();
      auto connection = std::make_shared<Connection>(std::move(stream));
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
  const std::string peer = peer_of(connection->stream.socket().native_handle());
  while (!stopping && co_await next(*connection, buffer, peer)) {
  }
  Code ignored;
  connection->stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  connection->stream.close();
}

// One request. False: it was the last one.
Task<bool> Server::Rep::next(Connection& connection, beast::flat_buffer& buffer,
                             const std::string& peer) {
  Stream& stream = connection.stream;
  Exchange::Rep exchange(loop, stream, buffer, options);
  connection.busy = false;
  const Code code = co_await read_head(stream, buffer, exchange.parser);
  if (code == beast::http::error::end_of_stream || code == asio::error::eof ||
      code == beast::error::timeout || code == asio::error::operation_aborted ||
      code == asio::error::connection_reset) {
    co_return false;
  }
  connection.busy = true;
  const auto start = Clock::now();
  exchange.request.peer = peer;
  if (code) {
    const bool long_head =
        code == beast::http::error::header_limit || code == beast::http::error::buffer_overflow;
    exchange.state = Exchange::Rep::State::kWhole;
    exchange.head = {long_head ? 431 : 400, {kPlainText}};
    exchange.body = "no request that this server understands\n";
  } else if (!take_head(exchange)) {
    exchange.state = Exchange::Rep::State::kWhole;
    exchange.head = {400, {kPlainText}};
    exchange.body = "no path; this is no forward proxy\n";
  } else {
    co_await handle(exchange);
  }
  if (exchange.keep && !exchange.parser.is_done()) {
    // A short rest of a body is cheaper than a new connection.
    std::string rest(kDrained, '\0');
    std::size_t got = 0;
    exchange.keep = !exchange.expects && exchange.request.length.value_or(INT64_MAX) <=
                                             static_cast<std::int64_t>(kDrained);
    while (exchange.keep && !exchange.parser.is_done()) {
      exchange.keep = co_await exchange.take(rest, got);
    }
  }
  exchange.keep = exchange.keep && !stopping;
  const bool whole = co_await exchange.finish();
  if (options.on_done) {
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    options.on_done({exchange.request, exchange.head.status, exchange.sent, whole, exchange.route,
                     exchange.note, time});
  }
  co_return whole&& exchange.keep;
}

// A connection may be idle for long; a request that has begun may not.
Task<Code> Server::Rep::read_head(Stream& stream, beast::flat_buffer& buffer,
                                  Parser& parser) const {
  Code code;
  parser.header_limit(options.header_limit);
  parser.body_limit(boost::none);
  if (buffer.size() == 0) {
    stream.expires_after(options.idle_time);
    const std::size_t got = co_await stream.async_read_some(buffer.prepare(4096), to(code));
    if (code) co_return code;
    buffer.commit(got);
  }
  stream.expires_after(options.header_time);
  co_await beast::http::async_read_header(stream, buffer, parser, to(code));
  co_return code;
}

bool Server::Rep::take_head(Exchange::Rep& exchange) const {
  auto& message = exchange.parser.get();
  Request& request = exchange.request;
  exchange.keep = message.keep_alive();
  exchange.expects =
      base::lower(std::string(message[beast::http::field::expect])) == "100-continue";
  request.method = std::string(message.method_string());
  exchange.is_head = request.method == "HEAD";
  std::string_view target(message.target().data(), message.target().size());
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  if (const auto length = exchange.parser.content_length()) {
    request.length = static_cast<std::int64_t>(*length);
  } else if (exchange.parser.is_done()) {
    request.length = 0;
  }
  return request.path.starts_with('/');
}

Task<void> Server::Rep::handle(Exchange::Rep& exchange) {
  const Route* const found = find_route(routes, exchange.request.path);
  if (found == nullptr) {
    exchange.state = Exchange::Rep::State::kWhole;
    exchange.head = {404, {kPlainText}};
    exchange.body = "not found\n";
    co_return;
  }
  // The timer never fires: the handler's end cancels it, in a turn of the loop after this one.
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type> done(
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
