// The instance metadata service, as EC2 speaks it.
#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

class InstanceTest : public AuthTest {
 protected:
  InstanceTest() {
    env_.erase("AWS_EC2_METADATA_DISABLED");
    imds_ = server_.url();
  }

  // Version 2 alone: nothing without a token.
  Reply answer(const Asked& asked) {
    if (asked.target == "/latest/api/token") {
      if (asked.method != "PUT" ||
          asked.header("X-aws-ec2-metadata-token-ttl-seconds") != "21600") {
        return {.status = 400};
      }
      return token_.get();
    }
    if (asked.header("X-aws-ec2-metadata-token") != "TOKEN==") return {.status = 401};
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    if (asked.target == roles) return roles_.get();
    if (asked.target == roles + "my%40role") return credentials_.get();
    return {.status = 404};
  }

  bool finds_nothing() {
    const auto answer = find();
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() && !answer->has_value();
  }

  Settable<Reply> token_ = Reply{.body = "TOKEN=="};
  Settable<Reply> roles_ = Reply{.body = "my@role\n"};
  Settable<Reply> credentials_ =
      Reply{.body = R"({"Code":"Success","AccessKeyId":"A","SecretAccessKey":"B",)"
                    R"("Token":"C","Expiration":"2026-01-01T06:00:00Z"})"};
  Server server_{[this](const Asked& asked) { return answer(asked); }};
};

TEST_F(InstanceTest, GivesTheRolesCredentials) {
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A/B/C");
  EXPECT_EQ(keys.source, "instance metadata, role my@role");
  EXPECT_EQ(keys.expires, now() + std::chrono::hours(6));
  EXPECT_EQ(server_.count(), 3U);
}

TEST_F(InstanceTest, IsNotAskedWhereItIsSwitchedOffOrNotNeeded) {
  env_["AWS_EC2_METADATA_DISABLED"] = "True";
  EXPECT_TRUE(finds_nothing());
  env_.erase("AWS_EC2_METADATA_DISABLED");
  credentials("[default]\naws_access_key_id = file\naws_secret_access_key = B\n");
  EXPECT_EQ(found().access_key_id, "file");
  EXPECT_EQ(server_.count(), 0U);
}

TEST_F(InstanceTest, IsWhereTheVariablesOrTheFileSay) {
  imds_ = "http://127.0.0.1:1";
  env_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url() + "/";
  EXPECT_EQ(found().access_key_id, "A");
  env_.erase("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  config("[default]\nec2_metadata_service_endpoint = " + server_.url() + "\n");
  EXPECT_EQ(found().access_key_id, "A");
}

TEST_F(InstanceTest, IsNothingWhereThereIsNone) {
  imds_ = "http://127.0.0.1:1";
  EXPECT_TRUE(finds_nothing());
  imds_ = server_.url();
  for (const int status : {403, 404, 405}) {
    token_ = Reply{.status = status};
    EXPECT_TRUE(finds_nothing()) << status;
  }
  token_ = Reply{.body = "TOKEN==\r\nX-Other: 1"};
  EXPECT_TRUE(finds_nothing());
  token_ = Reply{.body = "TOKEN=="};
  roles_ = Reply{.status = 404};  // an instance without a role
  EXPECT_TRUE(finds_nothing());
}

TEST_F(InstanceTest, IsNothingAfterTwoSecondsOfSilence) {
  token_ = Reply{.mode = Reply::Mode::kHang};
  const auto before = Clock::now();
  EXPECT_TRUE(finds_nothing());
  EXPECT_GE(Clock::now() - before, milliseconds(1900));
  EXPECT_LT(Clock::now() - before, seconds(8));
  EXPECT_EQ(server_.count(), 2U);
}

TEST_F(InstanceTest, IsNoAnswerWhereTheCallHadNoTime) {
  token_ = Reply{.mode = Reply::Mode::kHang};
  AwsChain chain(options(), client_);
  const auto hasty = chain.get(base::Call::within(milliseconds(100)));
  ASSERT_FALSE(hasty.ok());
  EXPECT_EQ(hasty.error().fault, base::Fault::kTimeout);
  token_ = Reply{.body = "TOKEN=="};
  const auto patient = chain.get(soon());
  ASSERT_TRUE(patient.ok()) << patient.error().message;
  EXPECT_TRUE(patient->has_value());
}

TEST_F(InstanceTest, MayPassWhereItIsBusy) {
  token_ = Reply{.status = 503};
  EXPECT_EQ(refused("AWS instance metadata: status 503").fault, base::Fault::kUnavailable);
  token_ = Reply{.body = "TOKEN=="};
  roles_ = Reply{.status = 500};
  EXPECT_EQ(refused("status 500").fault, base::Fault::kUnavailable);
}

TEST_F(InstanceTest, SaysWhatTheServiceSays) {
  credentials_ = Reply{.body = R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot"})"};
  EXPECT_EQ(refused("AWS instance metadata, role my@role: AssumeRoleUnauthorizedAccess: EC2 cannot")
                .fault,
            base::Fault::kDenied);
  credentials_ = Reply{.body = "{}"};
  EXPECT_EQ(refused("there is no access key id").fault, base::Fault::kInvalid);
}

}  // namespace
}  // namespace gopouch::auth
