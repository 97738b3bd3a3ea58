// Sessions of directory buckets, against a small imitation of CreateSession.
#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

using std::chrono::seconds;

class ExpressTest : public AuthTest {
 protected:
  ExpressTest() {
    env_["AWS_ACCESS_KEY_ID"] = "A";
    env_["AWS_SECRET_ACCESS_KEY"] = "hush";
    env_["AWS_SESSION_TOKEN"] = "T";
  }

  Reply answer(const Asked& asked) {
    if (asked.header("x-amz-security-token") == expired_.get()) {
      return {.status = 400,
              .body = "<Error><Code>ExpiredToken</Code><Message>too late</Message></Error>"};
    }
    if (asked.header("x-amz-create-session-mode") == refused_mode_.get()) {
      return {.status = 403,
              .body = "<Error><Code>" + code_.get() + "</Code><Message>not you</Message></Error>"};
    }
    const std::string number = std::to_string(++sessions_);
    return {.body =
                "<?xml version=\"1.0\"?><CreateSessionResult "
                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Credentials><SessionToken>S" +
                number + "</SessionToken><SecretAccessKey>K</SecretAccessKey><AccessKeyId>X" +
                number + "</AccessKeyId><Expiration>" + in(seconds(300)) +
                "</Expiration></Credentials></CreateSessionResult>"};
  }

  net::Url bucket() const { return *net::parse_url(server_.url()); }

  Settable<std::string> refused_mode_ = std::string(), code_ = std::string("AccessDenied");
  Settable<std::string> expired_ = std::string("none");
  std::atomic<int> sessions_{0};
  Server server_{[this](const Asked& asked) { return answer(asked); }};
  AwsChain chain_{options(), client_};
};

TEST_F(ExpressTest, IsMadeByWhoeverWeAre) {
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  const auto got = session.get(soon());
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(keys_of(**got), "X1/K/S1");
  EXPECT_EQ((*got)->source, "S3 Express session by environment");
  EXPECT_EQ((*got)->expires, now() + seconds(300));
  const auto asked = server_.requests().at(0);
  EXPECT_EQ(asked.method, "GET");
  EXPECT_EQ(asked.target, "/?session");
  EXPECT_EQ(asked.header("x-amz-create-session-mode"), "ReadWrite");
  EXPECT_EQ(asked.header("x-amz-security-token"), "T");
  EXPECT_EQ(asked.header("x-amz-s3session-token"), "");
  EXPECT_NE(asked.header("Authorization").find("Credential=A/20260101/us-east-1/s3express/"),
            std::string::npos);
}

TEST_F(ExpressTest, IsKeptAndRenewedAhead) {
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  const auto id = [&] { return (**session.get(soon())).access_key_id; };
  EXPECT_EQ(id(), "X1");
  later(seconds(239));
  EXPECT_EQ(id(), "X1");
  later(seconds(2));
  EXPECT_EQ(id(), "X2");
  session.renew();
  EXPECT_EQ(id(), "X3");
}

TEST_F(ExpressTest, IsMadeWithNewerCredentialsWhereOursHaveExpired) {
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  ASSERT_TRUE(chain_.get(soon()).ok());  // has the old ones in hand
  env_["AWS_SESSION_TOKEN"] = "T2";
  expired_ = "T";
  const auto got = session.get(soon());
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ((**got).access_key_id, "X1");
  EXPECT_EQ(server_.count(), 2U);

  expired_ = "T2";
  session.renew();
  const auto refused = session.get(soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, base::Fault::kDenied);
  EXPECT_EQ(server_.count(), 3U);  // there is nothing newer to try
}

TEST_F(ExpressTest, IsForReadingWhereWritingIsRefused) {
  refused_mode_ = "ReadWrite";
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  EXPECT_EQ((**session.get(soon())).access_key_id, "X1");
  ASSERT_EQ(server_.count(), 2U);
  EXPECT_EQ(server_.requests()[1].header("x-amz-create-session-mode"), "ReadOnly");
  session.renew();
  EXPECT_EQ((**session.get(soon())).access_key_id, "X2");
  EXPECT_EQ(server_.count(), 3U);  // it need not be told twice
}

TEST_F(ExpressTest, SaysWhyThereIsNone) {
  refused_mode_ = "ReadWrite";
  code_ = "InvalidAccessKeyId";
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  const auto got = session.get(soon());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().fault, base::Fault::kDenied);
  EXPECT_EQ(got.error().message,
            "S3 Express session of 127.0.0.1: 403 InvalidAccessKeyId: not you");
  EXPECT_EQ(server_.count(), 1U);
}

TEST_F(ExpressTest, IsNothingForNobody) {
  env_.erase("AWS_ACCESS_KEY_ID");
  env_.erase("AWS_SECRET_ACCESS_KEY");
  ExpressSession session(chain_, client_, bucket(), "us-east-1");
  const auto got = session.get(soon());
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_FALSE(got->has_value());
  EXPECT_EQ(server_.count(), 0U);
}

}  // namespace
}  // namespace gopouch::auth
