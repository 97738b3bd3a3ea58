// A connection to one server that never waits: plain or TLS, to the first of its addresses that
// takes it. Knows nothing of Redis.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/call.h"
#include "base/files.h"
#include "base/result.h"
#include "crypto/crypto.h"
#include "object/redis_slots.h"

namespace gopouch::object {

struct SocketAddress {
  sockaddr_storage data{};
  socklen_t size = 0;
};

// The addresses of a host, by its name service, in the order that it prefers. At least one, or
// kUnavailable, kTimeout, kStopped.
base::Result<std::vector<SocketAddress>> resolve(const RedisAddress& host, const base::Call& call);

// Not for two threads at once. After an error it is of no use.
class Socket {
 public:
  // `tls` null: plain.
  Socket(std::vector<SocketAddress> addresses, std::unique_ptr<crypto::Session> tls)
      : addresses_(std::move(addresses)), tls_(std::move(tls)) {}

  // Goes on with connecting; true when bytes may flow. `patience` is how long an address has while
  // others are left. kUnavailable, or what TLS says.
  base::Result<bool> connect(std::chrono::milliseconds patience);

  // The one that took it. REQUIRES: connect() was true.
  const SocketAddress& peer() const { return addresses_[next_ - 1]; }

  // 0: nothing has come yet. kUnavailable: torn, or closed by the server.
  base::Result<std::size_t> read(std::span<char> space);
  // Something may be left for read() that polling does not show.
  bool holds_back() const { return tls_ != nullptr; }
  // How much was taken, perhaps nothing.
  base::Result<std::size_t> write(std::span<const char> bytes);
  // What TLS holds back goes out.
  base::Status flush();

  // What to poll for; `more` to be written?
  pollfd wants(bool more) const;
  // Bytes that the other side has not confirmed.
  std::int64_t unsent() const;
  // It can be used again: open, and nothing has come that nobody asked for.
  bool quiet() const;

 private:
  base::Status begin();
  base::Result<std::size_t> receive(std::span<char> space) const;
  base::Result<std::size_t> send(std::span<const char> bytes) const;
  base::Status take_wire();

  const std::vector<SocketAddress> addresses_;
  std::unique_ptr<crypto::Session> tls_;
  std::size_t next_ = 0;  // of addresses_
  base::Fd fd_;
  base::Call::Clock::time_point begun_;
  bool open_ = false;  // as TCP
  base::Error last_{base::Fault::kUnavailable, "no address"};
};

}  // namespace gopouch::object
