// The access log: a line of JSON for each HTTP request.
//
//   {"time":"2026-01-02T03:04:05.678Z","peer":"192.0.2.1:40000","method":"GET","path":"/mod/…",
//    "status":200,"bytes":1234,"ms":1.234,"cache":"hit","whole":true}
//
// Of a request as a forward proxy gets it, "path" is the URL, or what CONNECT names. No query, no
// header: they may hold what nobody else should know.
#pragma once

#include <chrono>
#include <string>

#include "base/files.h"
#include "http/http.h"

namespace gopouch::serve {

// The line, with its newline.
std::string access_line(const http::Done& done, std::chrono::system_clock::time_point now);

}  // namespace gopouch::serve
