// credential_process: a command of the user's.
#include <csignal>
#include <fstream>
#include <thread>

#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

class ProcessTest : public AuthTest {
 protected:
  // The profile's command is a script with this text.
  void script(const std::string& text) {
    test::write(home_ / "my script", text);
    config("[default]\ncredential_process = sh '" + (home_ / "my script").string() + "' one two\n");
  }
};

TEST_F(ProcessTest, PrintsCredentials) {
  script(R"(printf '{"Version": 1, "AccessKeyId": "A-%s-%s", "SecretAccessKey": "B",' "$1" "$2"
echo '"SessionToken": "C", "Expiration": "2026-01-01T00:30:00Z", "Other": [1]}')");
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A-one-two/B/C");
  EXPECT_EQ(keys.source, "profile default, credential_process");
  EXPECT_EQ(keys.expires, now() + std::chrono::minutes(30));
}

TEST_F(ProcessTest, NeedsNeitherTokenNorEnd) {
  script(R"(echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B"}')");
  EXPECT_EQ(keys_of(found()), "A/B/");
  EXPECT_FALSE(found().expires);
}

TEST_F(ProcessTest, GoesAfterTheCredentialsFileAndBeforeTheConfigFile) {
  config(
      "[default]\naws_access_key_id = config\naws_secret_access_key = B\ncredential_process = echo "
      "'{\"Version\":1,\"AccessKeyId\":\"process\",\"SecretAccessKey\":\"B\"}'\n");
  EXPECT_EQ(found().access_key_id, "process");
  credentials("[default]\naws_access_key_id = credentials\naws_secret_access_key = B\n");
  EXPECT_EQ(found().access_key_id, "credentials");
}

TEST_F(ProcessTest, SeesNeitherOurInputNorOurErrors) {
  script(R"sh([ -z "$(cat)" ] || exit 3
echo hush >&2
echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B"}')sh");
  testing::internal::CaptureStderr();
  EXPECT_EQ(found().access_key_id, "A");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ProcessTest, DoesNotStartUsAgain) {
  ::setenv("GOCACHEPROG", "gopouch", 1);      // NOLINT(concurrency-mt-unsafe)
  ::setenv("GOPOUCH_TEST_OTHER", "kept", 1);  // NOLINT(concurrency-mt-unsafe)
  script(R"(echo "{\"Version\":1,\"AccessKeyId\":\"${GOCACHEPROG-unset}-$GOPOUCH_TEST_OTHER\",)"
         R"(\"SecretAccessKey\":\"B\"}")");
  EXPECT_EQ(found().access_key_id, "unset-kept");
  ::unsetenv("GOCACHEPROG");         // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("GOPOUCH_TEST_OTHER");  // NOLINT(concurrency-mt-unsafe)
}

TEST_F(ProcessTest, IsRefusedWhereItFails) {
  script("echo '{\"hush\"'; exit 7");
  const auto error = refused("AWS profile default, credential_process: ended with status 7");
  EXPECT_EQ(error.fault, base::Fault::kDenied);
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
  config("[default]\ncredential_process = kill -TERM $$\n");
  refused("was ended by signal 15");
  config("[default]\ncredential_process = /nowhere/at/all hush\n");
  EXPECT_EQ(refused("ended with status 127").message.find("hush"), std::string::npos);
}

TEST_F(ProcessTest, IsRefusedWhereItPrintsSomethingElse) {
  script("echo hush");
  EXPECT_EQ(refused("is no JSON object").fault, base::Fault::kInvalid);
  script(R"(echo '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"B"}')");
  refused("has no \"Version\": 1");
  script(R"(echo '{"Version":1,"AccessKeyId":"A"}')");
  refused("there is no secret access key");
  script("head -c 70000 /dev/zero");
  refused("prints more than any credentials");
}

TEST_F(ProcessTest, HasNoMoreTimeThanTheCall) {
  const std::string pid = (home_ / "pid").string();
  script("sleep 100 & echo $! > '" + pid + "'; wait");
  const auto before = Clock::now();
  const auto answer = find(base::Call::within(milliseconds(500)));
  EXPECT_LT(Clock::now() - before, seconds(5));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, base::Fault::kTimeout);
  // What it had started is gone too.
  const int child = std::stoi(test::read(pid));
  for (int i = 0; i < 500 && ::kill(child, 0) == 0; ++i) {
    if (test::read("/proc/" + std::to_string(child) + "/stat").find(") Z ") != std::string::npos) {
      return;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_NE(::kill(child, 0), 0);
}

TEST_F(ProcessTest, IsCalledOff) {
  script("sleep 100");
  std::stop_source stop;
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const auto answer = find({.stop = stop.get_token()});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().fault, base::Fault::kStopped);
}

TEST_F(ProcessTest, MayLeaveSomethingInTheBackground) {
  script(R"(sleep 20 &
echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B"}')");
  const auto before = Clock::now();
  EXPECT_EQ(found().access_key_id, "A");
  EXPECT_LT(Clock::now() - before, seconds(5));
}

}  // namespace
}  // namespace gopouch::auth
