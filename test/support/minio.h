// A real MinIO for the tests of a process: started when first asked for, on a free loopback port,
// with its data in a folder that goes away with it.
//
// tools/test-servers.sh builds the binary; where it is missing, tests skip. A test names a bucket
// of its own: make_bucket().
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "auth/auth.h"
#include "net/net.h"
#include "test/support/ports.h"
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

  ~Minio() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Minio(const Minio&) = delete;
  Minio& operator=(const Minio&) = delete;

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
    // Somebody else may take the port in between; then another one will do.
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (minio->run(binary)) return minio;
    }
    return nullptr;
  }

  bool run(const std::filesystem::path& binary) {
    const std::string address = fmt::format("127.0.0.1:{}", unused_port());
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
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> all;
      for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
      all.push_back(nullptr);
      return all;
    };
    const auto argv = pointers(words), envp = pointers(variables);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      // Ends with the test, however that ends. (The thread that first asks must outlive the tests.)
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      const int fd = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < give_up) {
      if (::waitpid(process_, nullptr, WNOHANG) == process_) return false;
      if (reply("GET", "/").status == 200) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    return false;
  }

  TempDir dir_;
  net::Client client_;
  std::string endpoint_;
  pid_t process_ = -1;
  int buckets_ = 0;
};

}  // namespace gopouch::test
