// The team's server: sessions of many go commands over one process, and the bridge that leads to
// it.
//
// One process keeps the local store, the connections to the remote, the manifests and what is being
// fetched; each go command is a session of its own, as it is without a server (session.h), with a
// socket in the place of stdin and stdout. Its other end is a bridge of bytes: ours, `connect`, or
// any other. Both sides open the files of the local store, so they share a disk.
//
// Knows nothing of settings: config/ and cli/ fill the Options.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "http/http.h"
#include "net/net.h"
#include "object/object.h"
#include "protocol/protocol.h"
#include "remote/remote.h"
#include "session/session.h"
#include "store/store.h"

namespace gopouch::serve {

struct Options {
  remote::Options sharing;  // without a scope: that is the client's to say
  session::Options session;
  protocol::Options protocol;
  // How long a close waits for uploads, and for which. They go on after that.
  std::chrono::milliseconds close_wait{2000};
  remote::Remote::Flush close_flush = remote::Remote::Flush::kNotEmpty;
  // How long the last session of a scope goes on uploading, with nobody who waits.
  std::chrono::milliseconds flush_timeout{60'000};
  // What stop() gives sessions to end by themselves. Those of `gopouch connect` go on without us.
  std::chrono::milliseconds drain{5000};
  // Sessions of one scope that begin within this time of the first share what it fetches ahead;
  // later ones look at newer manifests.
  std::chrono::milliseconds sharing_time{60'000};
  // Sessions at once; more wait until one ends.
  std::size_t sessions = 4096;
};

struct Counts {
  std::int64_t open = 0, ended = 0;  // sessions
  session::Counts sessions;          // sums of those that have ended
};

// Sessions on a socket. Safe for concurrent use.
class Plugin {
 public:
  // Both must outlive the Plugin; no remotes: empty. `listener` becomes its own.
  Plugin(net::Listener listener, store::Store& store, std::span<object::Remote> objects,
         Options options);
  ~Plugin();  // stops

  const net::Address& address() const;
  Counts counts() const;

  // Takes no more sessions, lets those that are open end or hangs up, and uploads what is waiting.
  void stop();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// A number for /metrics that somebody else counts.
struct Counter {
  std::string_view name, help;
  std::int64_t value = 0;
};

struct WebOptions {
  http::Options http;
  std::vector<http::Route> routes;  // beside /healthz, /readyz and /metrics
  // What /metrics tells; null: nothing of that. They must outlive the Web.
  const Plugin* plugin = nullptr;
  std::span<const object::Remote> objects = {};
  std::function<std::vector<Counter>()> counters = {};
  int access_log = -1;  // the descriptor of a file for a line of JSON a request
};

// The server's HTTP side. Safe for concurrent use.
class Web {
 public:
  Web(net::Listener listener, WebOptions options);
  ~Web();  // stops at once

  const net::Address& address() const;

  // Takes no more requests, and waits for those that are being answered until `deadline`.
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// How a bridge ended.
struct Crossing {
  enum class End {
    kDone,    // go has ended the session, or has gone
    kNobody,  // no server: nothing was said to go
    kCut,     // the server went away in the middle: somebody must take over
  } end = End::kDone;
  std::string problem;               // of kNobody and kCut: one line
  bool hello_said = false;           // of kCut
  protocol::Ledger::Rest rest = {};  // of kCut
};

// Leads go, at the other end of `in` and `out`, to the server at `address`, until one of them ends.
// `greeting` is asked for once the server has answered.
Crossing connect(const net::Address& address, int in, int out,
                 const std::function<protocol::Greeting()>& greeting);

}  // namespace gopouch::serve
