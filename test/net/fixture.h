// A client, a server on loopback, and what the tests of both have in common.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "net/net.h"
#include "test/support/http_server.h"

namespace gopouch::net {

using base::bytes_of;
using test::HttpReply;
using test::HttpRequest;
using test::HttpServer;
using Mode = HttpReply::Mode;
using namespace std::chrono_literals;

inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Request request_to(const HttpServer& server, const std::string& target = "/",
                          const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.url = *parse_url(server.url() + target);
  return request;
}

inline Request upload_to(const HttpServer& server, std::string_view text) {
  Request request = request_to(server, "/", "PUT");
  request.body = Body{.bytes = bytes_of(text)};
  return request;
}

inline base::Call within(std::chrono::milliseconds time) { return base::Call::within(time); }

// Times that a test can wait for.
inline Options quick() {
  Options options;
  options.connect_timeout = 500ms;
  options.first_byte_timeout = 300ms;
  options.body_taken_timeout = 350ms;
  options.stall_timeout = 400ms;
  return options;
}

class Stopwatch {
 public:
  std::chrono::milliseconds time() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace gopouch::net
