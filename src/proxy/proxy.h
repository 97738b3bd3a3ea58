// What the server stands before: the module proxies that a go command would ask.
//
// Speaks GOPROXY (https://go.dev/ref/mod#goproxy-protocol, cmd/go/internal/modfetch/proxy.go) and
// the way in which go reaches a checksum database through a proxy (/sumdb/NAME/…). Each file is
// handed on byte for byte and kept: what never changes for good, what may change for a minute, and
// longer while the upstream cannot be asked. A failure of the upstream is never a 404: go would
// take that for "there is no such module", and go elsewhere.
//
// Files are shared through the object stores as well, where there are any, as entries are: looked
// for in order, kept in all that may be written: v1/mod/<sha256 of the name>.
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

namespace gopouch::proxy {

struct ModuleOptions {
  std::filesystem::path dir;  // of what is kept; absolute, made when missing

  keep::Room room;  // of what is kept

  // As GOPROXY: URLs (http, https, file) between "," (the next one is asked on 404 and 410) and "|"
  // (on any failure); "direct" and "off" end it. Empty, or without a URL: nobody is asked.
  std::string upstream;

  // "github.com/acme/*=https://proxy.example" or "…=off": modules whose path, or a folder of it,
  // matches (as GOPRIVATE does) come from there and from nowhere else. The first one that fits
  // counts.
  std::vector<std::string> routes;

  // "name" or "name=url": checksum databases that are asked themselves, as go would; all others are
  // asked for through the upstream.
  std::vector<std::string> sumdbs;

  bool offline = false;                // ask nobody
  std::chrono::seconds fresh_for{60};  // lists, latest versions, and what a 404 said
  int attempts = 3;
  std::chrono::milliseconds first_pause{100};  // before the second attempt, doubled each time
  std::chrono::milliseconds fetch_time{std::chrono::minutes(10)};  // for one file in all
  net::Options net = upstream_times();
  std::size_t fetches = 64;  // at once
  std::function<std::chrono::sys_seconds()> now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };

  // Longer than for an object store: a proxy may have to make what it is asked for.
  static net::Options upstream_times();
};

struct ModuleCounts {
  std::int64_t hits = 0;         // from this disk
  std::int64_t remote_hits = 0;  // from an object store
  std::int64_t fetched = 0;      // from upstream
  std::int64_t absent = 0;       // 404 and 410, asked or remembered
  std::int64_t stale = 0;        // old, since upstream could not be asked
  std::int64_t joined = 0;       // waited for a fetch that was under way
  std::int64_t faults = 0;       // upstream failed, and there was nothing to give
  std::int64_t damaged = 0;   // files from upstream that were no module's, handed on and not kept
  std::int64_t unkept = 0;    // files from upstream that the disk did not take
  std::int64_t requests = 0;  // that upstream got
  std::int64_t bytes_up = 0;  // from upstream
  bool quiet = false;         // an upstream did not answer a moment ago
};

// Safe for concurrent use.
class Modules {
 public:
  // kInvalid: the options are wrong; the message is one line for the user. `shared` must outlive
  // it; those that take none of our keys are left alone.
  static base::Result<Modules> open(ModuleOptions options, std::span<object::Remote> shared);
  Modules(Modules&&) noexcept;
  ~Modules();  // ends what is on its way

  // Answers a request for what lies below `prefix`.
  void answer(http::Exchange& exchange, std::string_view prefix);

  // Ends what is on its way from upstream: whoever waits is told so. What is on its way to the
  // object stores has this long. No more requests are to come.
  void stop(std::chrono::milliseconds uploads = {});

  ModuleCounts counts() const;

  // Whom it asks, without passwords; none: nobody.
  std::vector<std::string> upstreams() const;

 private:
  struct Rep;
  explicit Modules(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// Whether an object's key is that of a module's file: what clear-remote may delete.
bool is_module_key(std::string_view key);

}  // namespace gopouch::proxy
