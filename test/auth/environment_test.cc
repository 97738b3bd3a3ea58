#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

class EnvironmentTest : public AuthTest {};

TEST_F(EnvironmentTest, GoesBeforeEverythingElse) {
  credentials("[default]\naws_access_key_id = file\naws_secret_access_key = B\n");
  env_["AWS_PROFILE"] = "default";
  env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:1/";
  env_["AWS_ACCESS_KEY_ID"] = "A";
  env_["AWS_SECRET_ACCESS_KEY"] = "B";
  env_["AWS_SESSION_TOKEN"] = "C";
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A/B/C");
  EXPECT_EQ(keys.source, "environment");
}

TEST_F(EnvironmentTest, NeedsBothKeys) {
  credentials("[default]\naws_access_key_id = file\naws_secret_access_key = B\n");
  env_["AWS_ACCESS_KEY_ID"] = "A";
  EXPECT_EQ(refused("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not").fault,
            base::Fault::kInvalid);
  env_["AWS_ACCESS_KEY_ID"] = "";
  env_["AWS_SECRET_ACCESS_KEY"] = "hush";
  const auto error = refused("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not");
  EXPECT_EQ(error.fault, base::Fault::kInvalid);
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
}

TEST_F(EnvironmentTest, DropsALineBreakAtTheEnd) {
  env_["AWS_ACCESS_KEY_ID"] = "A\n";
  env_["AWS_SECRET_ACCESS_KEY"] = "B\r\n";
  EXPECT_EQ(found_keys(), "A/B/");
}

TEST_F(EnvironmentTest, RefusesWhatWouldBreakAHeader) {
  env_["AWS_ACCESS_KEY_ID"] = "A";
  env_["AWS_SECRET_ACCESS_KEY"] = "B";
  env_["AWS_SESSION_TOKEN"] = "x\r\nHost: elsewhere";
  const auto error = refused("characters that no key has");
  EXPECT_EQ(error.fault, base::Fault::kInvalid);
  EXPECT_EQ(error.message.find("elsewhere"), std::string::npos);
}

TEST_F(EnvironmentTest, KnowsAnExpiration) {
  env_["AWS_ACCESS_KEY_ID"] = "A";
  env_["AWS_SECRET_ACCESS_KEY"] = "B";
  env_["AWS_CREDENTIAL_EXPIRATION"] = "2026-01-01T01:00:00+01:00";
  EXPECT_EQ(found().expires, now());
  env_["AWS_CREDENTIAL_EXPIRATION"] = "tomorrow";
  refused("their expiration is no time");
}

TEST_F(EnvironmentTest, IsNothingWhereNothingIsSaid) {
  const auto answer = find();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_FALSE(answer->has_value());
}

}  // namespace
}  // namespace gopouch::auth
