// Roles by AssumeRole and AssumeRoleWithWebIdentity, against a small STS.
#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

class RoleTest : public AuthTest {
 protected:
  RoleTest() {
    sts_ = server_.url();
    credentials("[base]\naws_access_key_id = base\naws_secret_access_key = hush\n");
    env_["AWS_PROFILE"] = "ci";
  }

  static std::string action_of(const Asked& asked) {
    const std::size_t begin = asked.body.find("Action=") + 7;
    return asked.body.substr(begin, asked.body.find('&') - begin);
  }

  Reply answer(const Asked& asked) {
    if (status_ != 200) return {.status = status_, .body = error_.get()};
    return {.body =
                sts_answer(action_of(asked), "ROLE" + std::to_string(++roles_), expires_.get())};
  }

  std::string asked(std::size_t which = 0) const { return server_.requests().at(which).body; }

  Settable<std::string> expires_ = std::string("2026-01-01T01:00:00Z");
  std::atomic<int> status_{200}, roles_{0};
  Settable<std::string> error_ = std::string();
  Server server_{[this](const Asked& asked) { return answer(asked); }};
};

TEST_F(RoleTest, IsAssumedByTheKeysOfAnotherProfile) {
  config(
      "[profile ci]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = "
      "a+b/c\nrole_session_name = me@there\nduration_seconds = 900\nregion = eu-west-1\n");
  const AwsCredentials role = found();
  EXPECT_EQ(keys_of(role), "ROLE1/s+/&/t==");
  EXPECT_EQ(role.source, "profile ci, role arn:aws:iam::1:role/r");
  EXPECT_EQ(role.expires, now() + std::chrono::hours(1));
  EXPECT_EQ(asked(),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=me%40there&ExternalId=a%2Bb%2Fc&DurationSeconds=900");
  const std::string authorization = server_.requests()[0].header("Authorization");
  EXPECT_NE(authorization.find("Credential=base/20260101/eu-west-1/sts/aws4_request"),
            std::string::npos)
      << authorization;
}

TEST_F(RoleTest, MayBeOneOfMany) {
  config(
      "[profile ci]\nrole_arn = first\nsource_profile = middle\n[profile middle]\nrole_arn = "
      "second\nsource_profile = base\n");
  EXPECT_EQ(keys_of(found()), "ROLE2/s+/&/t==");
  ASSERT_EQ(server_.count(), 2U);
  EXPECT_NE(asked(0).find("RoleArn=second"), std::string::npos);
  EXPECT_NE(asked(1).find("RoleArn=first"), std::string::npos);
  EXPECT_NE(server_.requests()[1].header("Authorization").find("Credential=ROLE1/"),
            std::string::npos);
  EXPECT_EQ(server_.requests()[1].header("x-amz-security-token"), "t==");
}

TEST_F(RoleTest, MayBeItsOwnSource) {
  config("[profile ci]\nrole_arn = r\nsource_profile = ci\n");
  credentials("[ci]\naws_access_key_id = own\naws_secret_access_key = hush\n");
  EXPECT_EQ(found().access_key_id, "ROLE1");
}

TEST_F(RoleTest, UsesAProcessOfItsSource) {
  config(
      "[profile ci]\nrole_arn = r\nsource_profile = other\n[profile other]\ncredential_process = "
      "echo '{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"S\"}'\n");
  EXPECT_EQ(found().access_key_id, "ROLE1");
  EXPECT_NE(server_.requests()[0].header("Authorization").find("Credential=P/"), std::string::npos);
}

TEST_F(RoleTest, DoesNotGoInCircles) {
  config(
      "[profile ci]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = "
      "ci\n");
  EXPECT_EQ(refused("AWS profile b: source_profile ci leads back here").fault,
            base::Fault::kInvalid);
  config("[profile ci]\nrole_arn = r\nsource_profile = ci\n");
  refused("AWS profile ci: source_profile ci leads back here");
  std::string chain = "[profile ci]\nrole_arn = r\nsource_profile = p0\n";
  for (int i = 0; i < 1000; ++i) {
    chain += "[profile p" + std::to_string(i) + "]\nrole_arn = r\nsource_profile = p" +
             std::to_string(i + 1) + "\n";
  }
  config(chain + "[profile p1000]\nrole_arn = r\nsource_profile = base\n");
  refused("too many roles one after another");
  EXPECT_EQ(server_.count(), 0U);
}

TEST_F(RoleTest, SaysWhatIsWrongWithAProfile) {
  config("[profile ci]\nrole_arn = r\n");
  EXPECT_EQ(refused("role_arn needs source_profile or credential_source").fault,
            base::Fault::kInvalid);
  config("[profile ci]\nrole_arn = r\nsource_profile = none\n");
  refused("there is no source_profile none");
  config("[profile ci]\nrole_arn = r\nsource_profile = empty\n[profile empty]\nregion = x\n");
  refused("source_profile empty has no credentials");
  config("[profile ci]\nrole_arn = r\nsource_profile = base\ncredential_source = Environment\n");
  refused("has both source_profile and credential_source");
  config("[profile ci]\nrole_arn = r\ncredential_source = Moon\n");
  refused("no such credential_source: Moon");
  config("[profile ci]\nrole_arn = r\ncredential_source = EcsContainer\n");
  refused("credential_source EcsContainer has no credentials");
  config("[profile ci]\nrole_arn = r\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n");
  EXPECT_EQ(refused("mfa_serial").fault, base::Fault::kInvalid);
  config("[profile ci]\nlogin_session = arn:aws:iam::1:user/me\n");
  refused("\"aws login\" sessions are not supported");
  config("[profile ci]\nrole_arn = r\nsource_profile = base\nregion = evil.example/x\n");
  sts_.clear();
  refused("\"evil.example/x\" is no AWS region");
  EXPECT_EQ(server_.count(), 0U);
}

TEST_F(RoleTest, IsAssumedByAContainersCredentials) {
  Server container([](const Asked&) {
    return Reply{.body = R"({"AccessKeyId":"TASK","SecretAccessKey":"S","Token":"T"})"};
  });
  env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.url() + "/creds";
  config("[profile ci]\nrole_arn = r\ncredential_source = EcsContainer\n");
  EXPECT_EQ(found().access_key_id, "ROLE1");
  EXPECT_NE(server_.requests()[0].header("Authorization").find("Credential=TASK/"),
            std::string::npos);
}

TEST_F(RoleTest, PassesOnWhatStsSays) {
  config("[profile ci]\nrole_arn = r\nsource_profile = base\n");
  status_ = 403;
  error_ =
      "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not "
      "authorized</Message></Error></ErrorResponse>";
  EXPECT_EQ(refused("AWS profile ci, role r: 403 AccessDenied: User: x is not authorized").fault,
            base::Fault::kDenied);
  error_ =
      "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The Canonical String "
      "x-amz-security-token:abc</Message></Error></ErrorResponse>";
  EXPECT_EQ(refused("SignatureDoesNotMatch: is the").message.find("abc"), std::string::npos);
  status_ = 400;
  error_ = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
  EXPECT_EQ(refused("400 Throttling").fault, base::Fault::kUnavailable);
  error_ = "no XML at all";
  EXPECT_EQ(refused("role r: 400").fault, base::Fault::kDenied);
  const std::size_t before = server_.count();
  status_ = 503;
  EXPECT_EQ(refused("role r: 503").fault, base::Fault::kUnavailable);
  EXPECT_EQ(server_.count() - before, 3U);
}

TEST_F(RoleTest, DoesNotBelieveAnAnswerWithoutKeys) {
  config("[profile ci]\nrole_arn = r\nsource_profile = base\n");
  for (const char* body : {"", "<AssumeRoleResponse/>", "{}", "<a><b>",
                           "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>x</"
                           "AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>"}) {
    Server odd([body](const Asked&) { return Reply{.body = body}; });
    sts_ = odd.url();
    EXPECT_EQ(refused("there is no ").fault, base::Fault::kInvalid) << body;
  }
  Server huge([](const Asked&) { return Reply{.body = std::string(65537, 'x')}; });
  sts_ = huge.url();
  EXPECT_EQ(refused("AWS profile ci, role r").fault, base::Fault::kInvalid);
}

TEST_F(RoleTest, PutsAWrongClockRightByTheServers) {
  config("[profile ci]\nrole_arn = r\nsource_profile = base\n");
  Server server([this](const Asked& asked) -> Reply {
    if (asked.header("x-amz-date").starts_with("20260101T010")) return answer(asked);
    return {.status = 403,
            .body = "<ErrorResponse><Error><Code>RequestExpired</Code></Error></ErrorResponse>",
            .headers = {{"Date", "Thu, 01 Jan 2026 01:00:00 GMT"}}};
  });
  sts_ = server.url();
  EXPECT_EQ(found().access_key_id, "ROLE1");
  EXPECT_EQ(server.count(), 2U);
}

TEST_F(RoleTest, IsRenewedAheadOfItsEnd) {
  config("[profile ci]\nrole_arn = r\nsource_profile = base\n");
  AwsChain chain(options(), client_);
  const auto id = [&] { return (**chain.get(soon())).access_key_id; };
  EXPECT_EQ(id(), "ROLE1");
  EXPECT_EQ(id(), "ROLE1");
  later(std::chrono::minutes(56));
  expires_ = "2026-01-01T02:00:00Z";
  EXPECT_EQ(id(), "ROLE2");
  chain.renew();
  EXPECT_EQ(id(), "ROLE3");
}

class WebIdentityTest : public RoleTest {
 protected:
  WebIdentityTest() {
    env_.erase("AWS_PROFILE");
    test::write(home_ / "token", "eyJhbGciOi.hush.hush\n");
    env_["AWS_WEB_IDENTITY_TOKEN_FILE"] = (home_ / "token").string();
    env_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/ci";
  }
};

TEST_F(WebIdentityTest, ExchangesATokenUnsigned) {
  env_["AWS_ROLE_SESSION_NAME"] = "run-7";
  const AwsCredentials role = found();
  EXPECT_EQ(keys_of(role), "ROLE1/s+/&/t==");
  EXPECT_EQ(role.source, "web identity, role arn:aws:iam::1:role/ci");
  EXPECT_EQ(asked(),
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%"
            "3Arole%2Fci&RoleSessionName=run-7&WebIdentityToken=eyJhbGciOi.hush.hush");
  EXPECT_EQ(server_.requests()[0].header("Authorization"), "");
}

TEST_F(WebIdentityTest, ReadsTheTokenAnew) {
  AwsChain chain(options(), client_);
  ASSERT_TRUE(chain.get(soon()).ok());
  test::write(home_ / "token", "second");
  chain.renew();
  ASSERT_TRUE(chain.get(soon()).ok());
  EXPECT_NE(asked(1).find("WebIdentityToken=second"), std::string::npos);
}

TEST_F(WebIdentityTest, GoesBeforeTheFiles) {
  credentials("[default]\naws_access_key_id = A\naws_secret_access_key = B\n");
  EXPECT_EQ(found().access_key_id, "ROLE1");
}

TEST_F(WebIdentityTest, IsOfAProfileToo) {
  env_.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  env_.erase("AWS_ROLE_ARN");
  config("[default]\nrole_arn = here\nweb_identity_token_file = " + (home_ / "token").string() +
         "\n");
  EXPECT_EQ(found().source, "web identity, role here");
}

TEST_F(WebIdentityTest, SaysWhatIsMissing) {
  env_.erase("AWS_ROLE_ARN");
  EXPECT_EQ(refused("set AWS_ROLE_ARN").fault, base::Fault::kInvalid);
  env_["AWS_ROLE_ARN"] = "r";
  test::write(home_ / "token", " \n");
  refused("token: is empty");
  std::filesystem::remove(home_ / "token");
  refused("token: there is no such file");
  EXPECT_EQ(server_.count(), 0U);
}

TEST_F(WebIdentityTest, DoesNotShowTheToken) {
  status_ = 400;
  error_ =
      "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad: "
      "eyJhbGciOi.hush.hush</Message></Error></ErrorResponse>";
  const auto error = refused("400 InvalidIdentityToken");
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
  EXPECT_EQ(error.fault, base::Fault::kDenied);
}

TEST_F(WebIdentityTest, AsksWhereItIsTold) {
  sts_.clear();
  env_["AWS_ENDPOINT_URL_STS"] = server_.url() + "/sts/";
  EXPECT_EQ(found().access_key_id, "ROLE1");
  EXPECT_EQ(server_.requests()[0].target, "/sts/");
  env_.erase("AWS_ENDPOINT_URL_STS");
  env_["AWS_ENDPOINT_URL"] = server_.url();
  EXPECT_EQ(found().access_key_id, "ROLE2");
  env_.erase("AWS_ENDPOINT_URL");
  config("[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = " + server_.url() + "\n");
  EXPECT_EQ(found().access_key_id, "ROLE3");
}

}  // namespace
}  // namespace gopouch::auth
