// A real MinIO for the tests of a process: started when first asked for, on a free loopback port,
// with its data in a folder that goes away with it.
//
// tools/test-servers.sh builds the binary; where it is missing, tests skip. A test names a bucket
// of its own: make_bucket().
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "auth/auth.h"
#include "net/net.h"
#include "test/support/server_process.h"
#include "test/support/temp_dir.h"
#include "test/support/test_bin.h"

namespace gopouch::test {

class Minio {
 public:
  static constexpr const char* kUser = "test-access-key";
  static constexpr const char* kPassword = "test-secret-key";
  static constexpr const char* kRegion = "eu-central-1";

  // The one of this process; null where there is no binary.
  static Minio* get() {
    static const std::unique_ptr<Minio> minio = start();
    return minio.get();
  }

  // Why get() is null.
  static std::string missing() {
    return (test_bin() / "minio").string() + " is missing: run tools/test-servers.sh";
  }

  const std::string& endpoint() const { return endpoint_; }

  // Where the bucket's objects lie, for tests that count or break them.
  std::filesystem::path data() const { return dir_ / "data"; }

  // The variables that a program needs to speak to it.
  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"AWS_ACCESS_KEY_ID", kUser},
            {"AWS_SECRET_ACCESS_KEY", kPassword},
            {"AWS_REGION", kRegion},
            {"AWS_ENDPOINT_URL_S3", endpoint_}};
  }
  // The same as a function, which knows no other variable.
  std::optional<std::string> variable(std::string_view name) const {
    for (const auto& [key, value] : environment()) {
      if (key == name) return value;
    }
    return std::nullopt;
  }

  // Sends a signed request to "/path?query" of the server. Status 0: no reply.
  net::Reply reply(const std::string& method, const std::string& path) {
    net::Request request;
    request.method = method;
    request.url = *net::parse_url(endpoint_ + path);
    auth::AwsCredentials who;
    who.access_key_id = kUser;
    who.secret_access_key = base::Secret(kPassword);
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const std::string empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    auth::sign_aws(request, who, {.region = kRegion, .service = "s3", .time = now}, empty);
    auto reply = client_.send(request, base::Call::within(std::chrono::seconds(10)));
    return reply ? *std::move(reply) : net::Reply();
  }

  // A new bucket with a name of its own.
  std::string make_bucket() {
    std::string name = fmt::format("bucket-{}", ++buckets_);
    return reply("PUT", "/" + name).status == 200 ? name : std::string();
  }

 private:
  Minio() = default;

  static std::unique_ptr<Minio> start() {
    const std::filesystem::path binary = test_bin() / "minio";
    if (!std::filesystem::exists(binary)) return nullptr;
    std::unique_ptr<Minio> minio(new Minio);
    const bool up = start_on_free_port([&](int port) { return minio->run(binary, port); });
    return up ? std::move(minio) : nullptr;
  }

  bool run(const std::filesystem::path& binary, int port) {
    const std::string address = fmt::format("127.0.0.1:{}", port);
    endpoint_ = "http://" + address;
    const std::string data = (dir_ / "data").string(), log = (dir_ / "log").string();
    const std::vector<std::string> words{binary.string(), "server", "--quiet",
                                         "--address",     address,  "--console-address",
                                         "127.0.0.1:0",   data};
    const std::vector<std::string> variables{fmt::format("MINIO_ROOT_USER={}", kUser),
                                             fmt::format("MINIO_ROOT_PASSWORD={}", kPassword),
                                             fmt::format("MINIO_REGION={}", kRegion),
                                             "HOME=" + dir_.path().string(),
                                             "MINIO_BROWSER=off",
                                             "MINIO_UPDATE=off",
                                             "PATH=/usr/bin:/bin"};
    process_ = std::make_unique<ServerProcess>(words, variables, log);
    return process_->wait_until([this] { return reply("GET", "/").status == 200; });
  }

  TempDir dir_;
  net::Client client_;
  std::string endpoint_;
  int buckets_ = 0;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace gopouch::test
