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
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/http.h"
#include "net/net.h"
#include "object/object.h"
#include "protocol/protocol.h"
#include "proxy/proxy.h"
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
  session::Counts sessions;          // sums of all of them
  remote::Counts remote;             // the same, of what they had from the remotes
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
  // What was compiled by go commands since nobody had it: the costliest first, a few.
  std::vector<session::Miss> costliest() const;

  // Takes no more sessions, lets those that are open end or hangs up, and uploads what is waiting.
  void stop();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// What somebody may do; who may write may read.
enum class Right { kNone, kRead, kWrite };

// A right below `prefix`, of whole parts of keys of /cache; empty: below all.
struct Grant {
  Right right = Right::kNone;
  std::string prefix;
};

// What a request may do. Of grants that reach a key, the one with the longest prefix counts.
struct Pass {
  bool known = false;  // false: it brought no token that we know
  std::vector<Grant> grants;

  Right at(std::string_view key) const;
  Right anywhere() const;  // the most of all its grants
};

struct GateOptions {
  // docs/server.md has its grammar. Empty: whoever reaches the server may do all.
  std::string tokens_file;
  std::string certificate_file, key_file;  // PEM; empty: without TLS
  std::string client_ca_file;              // clients must have a certificate of these, PEM
  net::Options net;                        // for asking issuers of ID tokens
};

// Who may what over HTTP, and how connections are greeted. Safe for concurrent use.
class Gate {
 public:
  // The error is one line for the user.
  static base::Result<std::unique_ptr<Gate>> open(GateOptions options);
  ~Gate();

  Pass pass_of(const http::Request& request) const;

  // Answers 401 or 403, or asks `inner`.
  http::Handler guarded(Right needed, http::Handler inner) const;
  static void refuse(http::Exchange& exchange, const Pass& pass);

  // For http::Options::tls; null: without TLS.
  std::function<std::shared_ptr<const crypto::ServerContext>()> tls() const;

  // Reads the files again; where one is bad, says so and goes on with what it was.
  void reload();

  // POST: a token for a while in exchange for an ID token of an issuer in the file.
  void exchange_token(http::Exchange& exchange) const;

 private:
  struct Rep;
  explicit Gate(std::unique_ptr<Rep> rep);
  const std::unique_ptr<Rep> rep_;
};

// Objects for other machines, kept in a folder: what `--remote http://server/cache` speaks (RFC
// 9110, and RFC 4918's PROPFIND), and the wire of go-cacher. Safe for concurrent use.
class HttpCache {
 public:
  struct Options {
    std::filesystem::path dir;  // absolute, made when missing
    std::int64_t max_object = (std::int64_t{4} << 30U) + (std::int64_t{64} << 20U);
    std::int64_t max_body = std::int64_t{4} << 30U;  // of an entry, unpacked
  };
  // `gate` must outlive it.
  static base::Result<std::unique_ptr<HttpCache>> open(Options options, const Gate& gate);
  ~HttpCache();

  // Everything below the path `base`, as "/cache".
  void answer(http::Exchange& exchange, std::string_view base);
  // The same for go-cacher's wire: <base>/action/…, <base>/output/…, PUT <base>/<action>/<output>.
  void answer_go_cacher(http::Exchange& exchange, std::string_view base);

 private:
  struct Rep;
  explicit HttpCache(std::unique_ptr<Rep> rep);
  const std::unique_ptr<Rep> rep_;
};

// A number for /metrics that somebody else counts.
struct Counter {
  std::string_view name, help;
  std::int64_t value = 0;
};

struct WebOptions {
  http::Options http;  // its `forward`: the reverse proxy
  // Null: all may do all. Else /metrics and `routes` need the right to read.
  const Gate* gate = nullptr;
  std::vector<http::Route> routes;          // beside /healthz, /readyz and /metrics
  std::vector<http::Route> guarded_routes;  // those that ask the gate themselves
  // What /metrics tells; null: nothing of that. They must outlive the Web.
  const Plugin* plugin = nullptr;
  std::span<const object::Remote> objects = {};
  std::function<std::vector<Counter>()> counters = {};
  const proxy::Modules* modules = nullptr;  // for the dashboard
  bool dashboard = true;                    // at /, /status.json and /events
  int access_log = -1;                      // the descriptor of a file for a line of JSON a request
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

// A service manager that started us: sockets that it has opened, and what it is told
// (sd_listen_fds(3), sd_notify(3)). Where there is none, there are no sockets, and nobody is told.
class Manager {
 public:
  using Variables = std::function<std::optional<std::string>(std::string_view name)>;

  // Takes the sockets: descriptors 3 and up. What says so is taken out of our environment, so that
  // no program of ours believes it is meant. For the first moment of a process.
  explicit Manager(const Variables& variables);

  // The one for a setting, "plugin" or "http": that of its name, else the first that has no name of
  // a setting. nullopt: none is left.
  std::optional<base::Fd> take(std::string_view setting);
  // As take(), but only by name.
  bool has(std::string_view setting) const;
  std::size_t left() const { return sockets_.size(); }

  void ready() const { tell("READY=1"); }
  void stopping() const { tell("STOPPING=1"); }

 private:
  struct Socket {
    std::string name;  // empty: none that we know
    base::Fd fd;
  };
  void tell(std::string_view what) const;

  std::vector<Socket> sockets_;
  std::string notify_;  // the path of its socket
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
