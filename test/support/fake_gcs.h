// A real fake-gcs-server for the tests of a process: started when first asked for, on a free
// loopback port, with its objects in memory.
//
// tools/test-servers.sh builds the binary; where it is missing, tests skip. A test names a bucket
// of its own: make_bucket().
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "net/net.h"
#include "test/support/server_process.h"
#include "test/support/temp_dir.h"
#include "test/support/test_bin.h"

namespace gopouch::test {

class FakeGcs {
 public:
  // The one of this process; null where there is no binary.
  static FakeGcs* get() {
    static const std::unique_ptr<FakeGcs> server = start();
    return server.get();
  }

  // Why get() is null.
  static std::string missing() {
    return (test_bin() / "fake-gcs-server").string() + " is missing: run tools/test-servers.sh";
  }

  // "http://127.0.0.1:1234"
  const std::string& endpoint() const { return endpoint_; }

  // The variables that a program needs to speak to it, as a function, which knows no other.
  std::optional<std::string> variable(std::string_view name) const {
    return name == "STORAGE_EMULATOR_HOST" ? std::optional(endpoint_) : std::nullopt;
  }

  // Sends a request to "/path?query" of the server. Status 0: no reply.
  net::Reply reply(const std::string& method, const std::string& path, std::string body = {}) {
    net::Request request;
    request.method = method;
    request.url = *net::parse_url(endpoint_ + path);
    request.headers = {{"Content-Type", "application/json"}};
    if (!body.empty()) request.body = net::Body{.bytes = base::bytes_of(body)};
    auto reply = client_.send(request, base::Call::within(std::chrono::seconds(10)));
    return reply ? *std::move(reply) : net::Reply();
  }

  // A new bucket with a name of its own.
  std::string make_bucket() {
    std::string name = fmt::format("bucket-{}", ++buckets_);
    return reply("POST", "/storage/v1/b?project=test", fmt::format(R"({{"name":"{}"}})", name))
                       .status == 200
               ? name
               : std::string();
  }

 private:
  FakeGcs() = default;

  static std::unique_ptr<FakeGcs> start() {
    const std::filesystem::path binary = test_bin() / "fake-gcs-server";
    if (!std::filesystem::exists(binary)) return nullptr;
    std::unique_ptr<FakeGcs> server(new FakeGcs);
    const bool up = start_on_free_port([&](int port) { return server->run(binary, port); });
    return up ? std::move(server) : nullptr;
  }

  bool run(const std::filesystem::path& binary, int port) {
    endpoint_ = fmt::format("http://127.0.0.1:{}", port);
    const std::vector<std::string> words{binary.string(),
                                         "-backend",
                                         "memory",
                                         "-scheme",
                                         "http",
                                         "-host",
                                         "127.0.0.1",
                                         "-port",
                                         std::to_string(port),
                                         "-external-url",
                                         endpoint_,
                                         "-public-host",
                                         fmt::format("127.0.0.1:{}", port),
                                         "-log-level",
                                         "warn"};
    process_ = std::make_unique<ServerProcess>(
        words, std::vector<std::string>{"PATH=/usr/bin:/bin"}, (dir_ / "log").string());
    return process_->wait_until(
        [this] { return reply("GET", "/_internal/healthcheck").status == 200; });
  }

  TempDir dir_;
  net::Client client_;
  std::string endpoint_;
  int buckets_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace gopouch::test
