#include "serve/access_log.h"

#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

namespace gopouch::serve {

std::string access_line(const http::Done& done, std::chrono::system_clock::time_point now) {
  const auto since = now.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since - seconds).count();
  nlohmann::ordered_json line;
  line["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                             fmt::gmtime(static_cast<std::time_t>(seconds.count())), ms);
  line["peer"] = done.request.peer;
  line["method"] = done.request.method;
  const http::Request& request = done.request;
  line["path"] = request.scheme.empty()
                     ? request.authority + request.path
                     : fmt::format("{}://{}{}", request.scheme, request.authority, request.path);
  line["status"] = done.status;
  line["bytes"] = done.bytes;
  line["ms"] = static_cast<double>(done.time.count()) / 1000;
  if (!done.note.empty()) line["cache"] = done.note;
  line["whole"] = done.whole;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace gopouch::serve
