// IAM Identity Center: a login's token for a role's credentials.
#include <sys/stat.h>

#include "test/auth/fixture.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

// SHA-1 of "corp" and of the start URL, by sha1sum.
constexpr const char* kSessionFile = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
constexpr const char* kUrlFile = ".aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json";

class SsoTest : public AuthTest {
 protected:
  SsoTest() {
    sso_ = server_.url();
    config(
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = read "
        "only\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = "
        "eu-west-1\nsso_registration_scopes = sso:account:access\n[profile old]\nsso_start_url = "
        "https://corp.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = "
        "123456789012\nsso_role_name = read only\n");
  }

  Reply answer(const Asked& asked) {
    if (asked.path() == "/token") return token_.get();
    if (asked.header("x-amz-sso_bearer_token") != accepted_.get()) return {.status = 401};
    return credentials_.get();
  }

  void log_in(const char* file, std::chrono::seconds left, bool renewable = true) {
    json token{{"startUrl", "https://corp.awsapps.com/start"},
               {"region", "eu-west-1"},
               {"accessToken", "first-hush"},
               {"expiresAt", in(left)}};
    if (renewable) {
      token["clientId"] = "client";
      token["clientSecret"] = "client-hush";
      token["refreshToken"] = "refresh-hush";
      token["registrationExpiresAt"] = in(hours(1000));
    }
    test::write(home_ / file, token.dump());
  }

  Settable<std::string> accepted_ = std::string("first-hush");
  Settable<Reply> token_ =
      Reply{.body = R"({"accessToken":"second-hush","expiresIn":28800,"tokenType":"Bearer",)"
                    R"("refreshToken":"refresh-2"})"};
  Settable<Reply> credentials_ =
      Reply{.body = R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"B",)"
                    R"("sessionToken":"C","expiration":1767229200000}})"};
  Server server_{[this](const Asked& asked) { return answer(asked); }};
};

TEST_F(SsoTest, GivesARolesCredentials) {
  log_in(kSessionFile, hours(8));
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A/B/C");
  EXPECT_EQ(keys.source, "profile default, SSO role read only");
  EXPECT_EQ(keys.expires, now() + hours(1));
  ASSERT_EQ(server_.count(), 1U);
  EXPECT_EQ(server_.requests()[0].target,
            "/federation/credentials?role_name=read%20only&account_id=123456789012");
}

TEST_F(SsoTest, KnowsTheOlderWay) {
  log_in(kUrlFile, hours(8), false);
  env_["AWS_PROFILE"] = "old";
  EXPECT_EQ(keys_of(found()), "A/B/C");
}

TEST_F(SsoTest, RenewsATokenThatEnds) {
  log_in(kSessionFile, minutes(4));
  accepted_ = "second-hush";
  EXPECT_EQ(keys_of(found()), "A/B/C");
  const auto asked = server_.requests()[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(json::parse(asked.body), json({{"grantType", "refresh_token"},
                                           {"clientId", "client"},
                                           {"clientSecret", "client-hush"},
                                           {"refreshToken", "refresh-hush"}}));
  // The file has it, for the AWS tools and for the next of us.
  const json file = json::parse(test::read(home_ / kSessionFile));
  EXPECT_EQ(file["accessToken"], "second-hush");
  EXPECT_EQ(file["refreshToken"], "refresh-2");
  EXPECT_EQ(file["expiresAt"], in(hours(8)));
  EXPECT_EQ(file["clientSecret"], "client-hush");
  EXPECT_EQ(file["startUrl"], "https://corp.awsapps.com/start");
  struct stat info {};
  ASSERT_EQ(::stat((home_ / kSessionFile).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(test::count_files(home_ / ".aws/sso"), 1);
  EXPECT_EQ(keys_of(found()), "A/B/C");
  EXPECT_EQ(server_.count(), 3U);  // not renewed once more
}

TEST_F(SsoTest, GoesOnWithTheOldTokenWhileItHolds) {
  log_in(kSessionFile, minutes(4));
  token_ = Reply{.status = 400, .body = R"({"error":"invalid_grant"})"};
  EXPECT_EQ(keys_of(found()), "A/B/C");
  token_ = Reply{.status = 500};
  EXPECT_EQ(keys_of(found()), "A/B/C");
}

TEST_F(SsoTest, SaysWhatToDoWhenTheLoginIsOver) {
  EXPECT_EQ(refused("AWS SSO, profile default: nobody has logged in; run: aws sso login --profile "
                    "default")
                .fault,
            base::Fault::kDenied);
  log_in(kSessionFile, minutes(-1), false);
  refused("the login has expired; run: aws sso login");
  log_in(kSessionFile, minutes(-1));
  token_ = Reply{.status = 400, .body = R"({"error":"invalid_grant"})"};
  EXPECT_EQ(refused("the login has expired; run: aws sso login").message.find("hush"),
            std::string::npos);
  token_ = Reply{.status = 503};
  EXPECT_EQ(refused("renewing the token: status 503").fault, base::Fault::kUnavailable);
  log_in(kSessionFile, hours(1));
  accepted_ = "another";
  refused("the login is no longer accepted; run: aws sso login");
  test::write(home_ / kSessionFile, "{");
  refused("the stored token cannot be read; run: aws sso login");
}

TEST_F(SsoTest, PassesOnWhatThePortalSays) {
  log_in(kSessionFile, hours(8));
  credentials_ =
      Reply{.status = 403, .body = R"({"message":"No access","__type":"ForbiddenException"})"};
  EXPECT_EQ(refused("AWS SSO, profile default, role read only: 403: No access").fault,
            base::Fault::kDenied);
  credentials_ = Reply{.status = 429};
  EXPECT_EQ(refused("429").fault, base::Fault::kUnavailable);
  credentials_ = Reply{.body = "{}"};
  EXPECT_EQ(refused("there is no access key id").fault, base::Fault::kInvalid);
}

TEST_F(SsoTest, SaysWhatIsMissing) {
  config("[default]\nsso_role_name = r\n");
  EXPECT_EQ(refused("AWS SSO, profile default: sso_account_id is missing").fault,
            base::Fault::kInvalid);
  config("[default]\nsso_account_id = 1\n");
  refused("sso_role_name is missing");
  config("[default]\nsso_account_id = 1\nsso_role_name = r\n");
  refused("sso_start_url is missing");
  config("[default]\nsso_account_id = 1\nsso_role_name = r\nsso_start_url = https://x\n");
  refused("sso_region is missing");
  config("[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = none\n");
  refused("there is no [sso-session none]");
  config(
      "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = a\nsso_region = "
      "x\n[sso-session a]\nsso_region = y\nsso_start_url = https://x\n");
  refused("it and its sso-session disagree");
}

TEST_F(SsoTest, GoesBeforeTheFiles) {
  log_in(kSessionFile, hours(8));
  credentials("[default]\naws_access_key_id = file\naws_secret_access_key = B\n");
  EXPECT_EQ(found().access_key_id, "A");
}

}  // namespace
}  // namespace gopouch::auth
