// A client's connection as bytes, plain or within TLS.
//
// Knows nothing of HTTP. What speaks it sees no difference between the two.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "crypto/crypto.h"
#include "http/loop.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

namespace gopouch::http {

// For the loop's thread, and one coroutine at a time; close() is for any of them.
class Stream {
 public:
  explicit Stream(asio::io_context& loop) : plain_(loop.get_executor()) {}

  // Takes over an open socket; false: the loop cannot have it, and it stays the caller's.
  bool assign(int family, base::Fd& socket);
  // "192.0.2.1:40000", "unix"
  std::string peer();

  // From here on, within TLS: false where that does not come about. Until then the stream is plain.
  Task<bool> shake_hands(std::shared_ptr<const crypto::ServerContext> context);

  bool is_secure() const { return tls_ != nullptr; }
  // The socket as another descriptor of the same; -1: there are none left.
  base::Fd share();

  // Some bytes, at least one; else `code` says why. asio::error::eof: no more are to come.
  Task<std::size_t> read(std::span<char> space, Code& code);
  // All of them, up to some kPiece.
  Task<void> write(std::string_view bytes, Code& code);

  // What is not through by then fails with beast::error::timeout.
  void expires_after(std::chrono::milliseconds time) { plain_.expires_after(time); }
  void expires_never() { plain_.expires_never(); }

  // Says goodbye as far as the other side listens, and closes.
  Task<void> end();
  void close() { plain_.close(); }

 private:
  using Protocol = asio::generic::stream_protocol;

  Task<bool> take_wire(Code& code);
  Task<void> flush(Code& code);

  boost::beast::basic_stream<Protocol, Executor> plain_;
  std::unique_ptr<crypto::Session> tls_;
  std::vector<char> wire_;  // for what comes, of TLS
};

}  // namespace gopouch::http
