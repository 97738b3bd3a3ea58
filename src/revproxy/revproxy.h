// The reverse proxy: a shared cache before servers of a list, which clients reach as they would
// reach a forward proxy (http_proxy, https_proxy).
//
// Keeps what RFC 9111 lets a shared cache keep (caching.h says how it is read), gives it while it
// is good, asks its server whether it still is, and gives it though it is old where that server
// fails and nothing forbids it. Hosts that are not on the list are refused: this is no open proxy.
//
// Replies are shared through the object stores, as modules are: v1/rev/<sha256>.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/http.h"
#include "keep/keep.h"
#include "net/net.h"
#include "object/object.h"

namespace gopouch::revproxy {

struct Options {
  std::filesystem::path dir;             // of what is kept; absolute, made when missing
  keep::Room room;                       // of that
  std::vector<std::string> hosts;        // "host", "host:port", "*.host": hosts.h
  std::vector<std::string> passthrough;  // hosts that CONNECT leads to as they are
  std::filesystem::path ca_dir;          // of our CA, made when missing

  int attempts = 2;  // of a GET that nothing came of
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds fetch_time{std::chrono::hours(1)};  // for one request in all
  // After a server did not answer at all, what is old is given for this long without asking it.
  std::chrono::milliseconds quiet_time{5'000};
  net::Options net = upstream_times();
  std::size_t fetches = 256;  // at once
  // Of connections that are led through unseen: how many at once, for how long, and for how long
  // without a byte.
  std::size_t tunnels = 64;
  std::chrono::milliseconds tunnel_time{std::chrono::hours(1)};
  std::chrono::milliseconds tunnel_idle{std::chrono::minutes(2)};
  std::function<std::chrono::sys_seconds()> now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };

  static net::Options upstream_times();
};

struct Counts {
  std::int64_t hits = 0;         // from this disk
  std::int64_t remote_hits = 0;  // from an object store
  std::int64_t revalidated = 0;  // from this disk, its server having said that it is good
  std::int64_t stale = 0;        // old, since its server failed
  std::int64_t fetched = 0;      // from their servers, and kept
  std::int64_t passed = 0;       // from their servers, and not kept
  std::int64_t joined = 0;       // of fetched and revalidated: waited for another's
  std::int64_t refused = 0;      // for a host that is not on the list
  std::int64_t faults = 0;       // their servers failed, and there was nothing to give
  std::int64_t requests = 0;     // that their servers got
  std::int64_t bytes_up = 0;     // from their servers
};

// Safe for concurrent use.
class ReverseProxy {
 public:
  // kInvalid: the options are wrong; the message is one line for the user. `shared` must outlive
  // it; those that take none of our keys are left alone.
  static base::Result<ReverseProxy> open(Options options, std::span<object::Remote> shared);
  ReverseProxy(ReverseProxy&&) noexcept;
  ~ReverseProxy();  // ends what is on its way

  // Answers a request as a forward proxy gets it: with a scheme and an authority.
  void answer(http::Exchange& exchange);

  // Ends what is led through unseen: it would not end by itself.
  void end_tunnels();

  // Ends what is on its way: whoever waits is told so. What is on its way to the object stores has
  // this long. No more requests are to come.
  void stop(std::chrono::milliseconds uploads = {});

  Counts counts() const;

 private:
  struct Rep;
  explicit ReverseProxy(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// The certificate in a folder of Options::ca_dir, PEM; made, with its key, when there is none.
base::Result<std::string> ca_certificate(const std::filesystem::path& dir);

// Whether an object's key is that of a reply: what clear-remote may delete.
bool is_reply_key(std::string_view key);

}  // namespace gopouch::revproxy
