// How the server is, as one JSON object: docs/server.md says what stands in it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "serve/serve.h"

namespace gopouch::serve {

// What was asked over HTTP.
struct HttpSum {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;
  double seconds = 0;
};
using HttpSums = std::map<std::pair<std::string, int>, HttpSum>;  // by route and status

// Without a line break.
std::string status_json(const WebOptions& options, const HttpSums& http,
                        std::chrono::steady_clock::duration uptime);

}  // namespace gopouch::serve
