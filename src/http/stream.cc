#include "http/stream.h"

#include <sys/socket.h>

#include "net/net.h"

#include <boost/asio/write.hpp>

namespace gopouch::http {

namespace {

constexpr std::size_t kWire = 16'384;  // a record of TLS, about
constexpr std::chrono::milliseconds kGoodbye{1000};

}  // namespace

bool Stream::assign(int family, base::Fd& socket) {
  Code code;
  plain_.socket().assign(Protocol(family, 0), socket.get(), code);
  if (!code) socket.release();
  return !code;
}

std::string Stream::peer() {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  const int socket = plain_.socket().native_handle();
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return net::text_of(name);
}

base::Fd Stream::share() { return base::duplicate(plain_.socket().native_handle()); }

Task<bool> Stream::shake_hands(std::shared_ptr<const crypto::ServerContext> context) {
  auto session = crypto::Session::server(std::move(context));
  if (!session) co_return false;
  tls_ = *std::move(session);
  wire_.resize(kWire);
  while (true) {
    const auto done = tls_->shake_hands();
    Code code;
    co_await flush(code);  // also the alert that says what was wrong
    if (!done || code) co_return false;
    if (*done) co_return true;
    if (!co_await take_wire(code)) co_return false;
  }
}

// More of what TLS has to look at.
Task<bool> Stream::take_wire(Code& code) {
  const std::size_t size =
      co_await plain_.async_read_some(asio::buffer(wire_.data(), wire_.size()), to(code));
  if (!code && !tls_->take_in(std::span(wire_).first(size))) code = asio::error::no_memory;
  co_return !code;
}

Task<void> Stream::flush(Code& code) {
  std::string& out = tls_->out();
  if (out.empty()) co_return;
  co_await asio::async_write(plain_, asio::buffer(out), to(code));
  out.clear();
}

Task<std::size_t> Stream::read(std::span<char> space, Code& code) {
  if (!tls_) {
    co_return co_await plain_.async_read_some(asio::buffer(space.data(), space.size()), to(code));
  }
  while (true) {
    const auto size = tls_->read(space);
    if (!size) {
      code = asio::error::eof;  // in order or not: each message of HTTP says how long it is
      co_return 0;
    }
    co_await flush(code);
    if (code || *size > 0) co_return *size;
    if (!co_await take_wire(code)) co_return 0;
  }
}

Task<void> Stream::write(std::string_view bytes, Code& code) {
  if (!tls_) {
    co_await asio::async_write(plain_, asio::buffer(bytes.data(), bytes.size()), to(code));
    co_return;
  }
  if (!tls_->write(bytes)) {
    code = asio::error::connection_reset;
    co_return;
  }
  co_await flush(code);
}

Task<void> Stream::end() {
  Code ignored;
  if (tls_) {
    tls_->end();
    plain_.expires_after(kGoodbye);
    co_await flush(ignored);
  }
  plain_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  plain_.close();
}

}  // namespace gopouch::http
