// Asking an upstream, as a GOPROXY list names it, for one file.
//
// Knows HTTP, redirects, folders and second attempts; nothing of what the files mean.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "net/net.h"

namespace gopouch::proxy {

struct Upstream {
  net::Url url;            // http, https or file
  bool any_fault = false;  // behind it stands "|": the next one is asked on any failure
};

// kInvalid: one of them is no URL.
base::Result<std::vector<Upstream>> parse_upstreams(std::string_view list);

struct Wanted {
  std::string path;  // behind the upstream's own and a slash; not percent-encoded
  std::vector<net::Header> headers;
  std::int64_t limit = 0;  // bytes of a body; more is kCorrupt
};

struct Answer {
  int status = 0;  // 200, 304, 404, 410, or what else it was
  std::vector<net::Header> headers;
  std::string text;  // of other statuses than 200
};

// Takes the body of a 200. begin() is called before its first byte, again for each attempt.
struct Taker {
  std::function<void()> begin;
  std::function<bool(std::span<const std::uint8_t>)> write;  // false: enough
};

struct Asking {
  int attempts = 3;
  std::chrono::milliseconds first_pause{100};
};

// Asks them in turn. The answer: a 200 or 304 of the first that has one; else what failed, if
// anything did; else a 404 or 410. An error: no answer at all. `asked` is called for each request.
base::Result<Answer> ask(net::Client& client, std::span<const Upstream> upstreams,
                         const Wanted& wanted, const Taker& taker, const Asking& how,
                         const base::Call& call, const std::function<void()>& asked);

}  // namespace gopouch::proxy
