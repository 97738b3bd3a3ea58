// Where a server of ours listens, and how it is reached there: a TCP port or a Unix socket.
//
// Part of net.h. Rules: unix(7), ip(7), getaddrinfo(3).
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/call.h"
#include "base/files.h"
#include "base/result.h"

namespace gopouch::net {

struct Address {
  std::string host;  // a name or a number, without brackets; empty: all of this machine's
  int port = 0;      // 0: any that is free
  std::string path;  // of a Unix socket: then neither of the others counts

  // "127.0.0.1:8080", "[::1]:8080", ":8080", "unix:/run/x.sock": as parse_address() takes it.
  std::string text() const;
};

// "8080" (of the loopback address), ":8080", "host:8080", "[::1]:8080", "unix:PATH".
base::Result<Address> parse_address(std::string_view text);

// Whether nobody but programs of this machine can reach it. A name is looked up.
bool is_local(const Address& address);

// "192.0.2.1:40000", "[2001:db8::1]:40000", "unix".
std::string text_of(const sockaddr_storage& name);

// A socket that listens; a Unix socket's file goes with it.
class Listener {
 public:
  // A Unix socket is for its owner alone (0600), and takes the place of one that nobody listens at.
  static base::Result<Listener> open(const Address& address);

  // One that somebody else has opened, and keeps: when we stop it goes on listening, for whoever
  // takes it next, and its file stays. kInvalid: it is no socket that listens.
  static base::Result<Listener> adopt(base::Fd fd);

  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  int fd() const { return fd_.get(); }
  const Address& address() const { return address_; }  // with the port that was found

  // The next connection. Blocks; an Fd of -1: stop() was called, or the socket is broken. Where
  // descriptors have run out, waits until some are free.
  base::Fd accept() const;

  // Ends accept(), from any thread.
  void stop() const;

 private:
  Listener(base::Fd fd, Address address, base::Fd stopped = {})
      : fd_(std::move(fd)), address_(std::move(address)), stopped_(std::move(stopped)) {}
  bool wait() const;

  base::Fd fd_;
  Address address_;
  base::Fd stopped_;  // readable once stop() was called; only of one that was adopted
};

// A connection to `address`, blocking from then on.
base::Result<base::Fd> dial(const Address& address, const base::Call& call);

}  // namespace gopouch::net
