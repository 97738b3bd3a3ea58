// ECS, EKS Pod Identity and their imitations.
#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

class ContainerTest : public AuthTest {
 protected:
  ContainerTest() {
    env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/v1/credentials?x=1";
  }

  Settable<Reply> reply_ = Reply{.body = R"({"AccessKeyId":"A","SecretAccessKey":"B","Token":"C",)"
                                         R"("Expiration":"2026-01-01T06:00:00Z","RoleArn":"r"})"};
  Server server_{[this](const Asked&) { return reply_.get(); }};
};

TEST_F(ContainerTest, GivesCredentials) {
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A/B/C");
  EXPECT_EQ(keys.source, "container endpoint 127.0.0.1:" + std::to_string(server_.port()));
  EXPECT_EQ(keys.expires, now() + std::chrono::hours(6));
  EXPECT_EQ(server_.requests()[0].target, "/v1/credentials?x=1");
  EXPECT_EQ(server_.requests()[0].header("Authorization"), "");
}

TEST_F(ContainerTest, IsShownAToken) {
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc";
  found();
  EXPECT_EQ(server_.requests()[0].header("Authorization"), "Basic abc");
  test::write(home_ / "token", "from-file\n");
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (home_ / "token").string();
  found();
  EXPECT_EQ(server_.requests()[1].header("Authorization"), "from-file");
  test::write(home_ / "token", "hush\r\nX-Other: 1");
  EXPECT_EQ(refused("line break").message.find("hush"), std::string::npos);
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (home_ / "none").string();
  refused("there is no such file");
  EXPECT_EQ(server_.count(), 2U);
}

TEST_F(ContainerTest, GoesAfterTheFilesAndBeforeTheInstance) {
  env_.erase("AWS_EC2_METADATA_DISABLED");
  Server instance([](const Asked&) { return Reply{.status = 500}; });
  imds_ = instance.url();
  EXPECT_EQ(found().access_key_id, "A");
  EXPECT_EQ(instance.count(), 0U);
  credentials("[default]\naws_access_key_id = file\naws_secret_access_key = B\n");
  EXPECT_EQ(found().access_key_id, "file");
}

TEST_F(ContainerTest, IsRefused) {
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "hush";
  reply_ = Reply{.status = 403, .body = R"({"code":"AccessDenied","message":"not for hush"})"};
  auto error = refused(": 403");
  EXPECT_EQ(error.fault, base::Fault::kDenied);
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
  reply_ = Reply{.status = 404, .body = R"({"message":"no role here"})"};
  refused(": 404: no role here");
  reply_ = Reply{.body = "<html>"};
  EXPECT_EQ(refused("there is no access key id").fault, base::Fault::kInvalid);
  reply_ = Reply{.body = R"({"AccessKeyId":"A\r\nX: y","SecretAccessKey":"B"})"};
  refused("characters that no key has");
  reply_ = Reply{.status = 500};
  const std::size_t before = server_.count();
  EXPECT_EQ(refused(": 500").fault, base::Fault::kUnavailable);
  EXPECT_EQ(server_.count() - before, 3U);
  server_.stop();
  EXPECT_EQ(refused("AWS container credentials").fault, base::Fault::kUnavailable);
}

TEST_F(ContainerTest, IsAskedOnlyWhereItCanBeTrusted) {
  env_.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const auto url_of = [this](const std::string& text) -> std::string {
    env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = text;
    const auto url = container_url(options());
    return url.ok() ? (*url)->text() : "refused";
  };
  for (const char* good :
       {"https://example.org/x", "http://127.0.0.1/x", "http://127.8.9.10:80/x", "http://[::1]:1/x",
        "http://localhost/x", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials"}) {
    EXPECT_NE(url_of(good), "refused") << good;
  }
  for (const char* bad : {"http://example.org/x", "http://169.254.169.254/x", "http://10.0.0.1/x",
                          "http://127.0.0.1.example.org/x", "http://localhost.example.org/x",
                          "http://[fd00:ec2::254]/x", "http://127.0.0.1@example.org/x", "http://x",
                          "nothing", "http://0.0.0.0/", "file:///etc/passwd"}) {
    EXPECT_EQ(url_of(bad), "refused") << bad;
  }
  // The relative one goes first and has a host of its own.
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/abc";
  EXPECT_EQ(url_of("http://127.0.0.1/"), "http://169.254.170.2/v2/credentials/abc");
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = ".example.org/";
  EXPECT_EQ(url_of("http://127.0.0.1/"), "refused");
  env_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@example.org/";
  EXPECT_EQ(url_of("http://127.0.0.1/"), "refused");
}

}  // namespace
}  // namespace gopouch::auth
