// The chain against moto's STS, an imitation of AWS that others wrote. Skipped where Python has no
// moto in the Python that tools/test-servers.sh makes.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "test/auth/fixture.h"
#include "test/support/test_bin.h"

namespace gopouch::auth {
namespace {

std::string python() { return test::test_bin() / "python/bin/python"; }

pid_t start(const std::string& command) {
  std::string shell = "sh", flag = "-c", text = command;
  const std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
  pid_t pid = -1;
  if (::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, arguments.data(), ::environ) != 0) return -1;
  return pid;
}

int port_of_nobody() {
  test::HttpServer server([](const auto&) { return test::HttpReply{}; });
  return server.port();
}

class MotoTest : public AuthTest {
 protected:
  static void SetUpTestSuite() {
    const pid_t probe = start(python() + " -c 'import moto.server' >/dev/null 2>&1");
    int status = 1;
    ::waitpid(probe, &status, 0);
    if (status != 0) return;
    port = port_of_nobody();
    server = start("exec " + python() + " -m moto.server -H 127.0.0.1 -p " + std::to_string(port) +
                   " >/dev/null 2>&1");
  }

  static void TearDownTestSuite() {
    if (server <= 0) return;
    ::kill(server, SIGTERM);
    ::waitpid(server, nullptr, 0);
  }

  void SetUp() override {
    if (server <= 0) GTEST_SKIP() << "no moto (Python package) here";
    sts_ = "http://127.0.0.1:" + std::to_string(port);
    now_ = std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
               .count();
    net::Request request;
    request.url = *net::parse_url(sts_ + "/moto-api/");
    for (int i = 0; i < 600 && !client_.send(request, soon()).ok(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_TRUE(client_.send(request, soon()).ok());
  }

  static pid_t server;
  static int port;
};

pid_t MotoTest::server = -1;
int MotoTest::port = 0;

TEST_F(MotoTest, AssumesARole) {
  credentials("[base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hush\n");
  config(
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/ci\nsource_profile = "
      "base\nduration_seconds = 900\n");
  const AwsCredentials role = found();
  EXPECT_TRUE(role.access_key_id.starts_with("ASIA")) << role.access_key_id;
  EXPECT_FALSE(role.secret_access_key.empty());
  EXPECT_FALSE(role.session_token.empty());
  ASSERT_TRUE(role.expires);
  EXPECT_LT(std::chrono::abs(*role.expires - now() - std::chrono::minutes(15)),
            std::chrono::minutes(1));
}

TEST_F(MotoTest, AssumesARoleAfterAnother) {
  credentials("[base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hush\n");
  config(
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/b\nsource_profile = a\n[profile "
      "a]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = base\n");
  EXPECT_TRUE(found().access_key_id.starts_with("ASIA"));
}

TEST_F(MotoTest, AssumesARoleByWebIdentity) {
  test::write(home_ / "token", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
  env_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (home_ / "token").string();
  env_["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/ci";
  const AwsCredentials role = found();
  EXPECT_TRUE(role.access_key_id.starts_with("ASIA")) << role.access_key_id;
  EXPECT_TRUE(role.expires);
}

}  // namespace
}  // namespace gopouch::auth
