#include "auth/shared_files.h"

#include <unistd.h>

#include "test/auth/fixture.h"

namespace gopouch::auth {
namespace {

class SharedFilesTest : public AuthTest {};

TEST_F(SharedFilesTest, FindsKeysOfTheDefaultProfile) {
  credentials(
      "[default]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\n");
  const AwsCredentials keys = found();
  EXPECT_EQ(keys_of(keys), "A/B/C");
  EXPECT_EQ(keys.source, "profile default in ~/.aws/credentials");
  EXPECT_FALSE(keys.expires);
}

TEST_F(SharedFilesTest, FindsKeysOfANamedProfileInTheConfigFile) {
  config("[profile ci]\naws_access_key_id = A\naws_secret_access_key = B\n");
  env_["AWS_PROFILE"] = "ci";
  EXPECT_EQ(found().source, "profile ci in ~/.aws/config");
  env_.erase("AWS_PROFILE");
  env_["AWS_DEFAULT_PROFILE"] = "ci";
  EXPECT_EQ(found_keys(), "A/B/");
}

TEST_F(SharedFilesTest, LetsTheCredentialsFileGoFirst) {
  config("[default]\naws_access_key_id = config\naws_secret_access_key = B\n");
  credentials("[default]\naws_access_key_id = credentials\naws_secret_access_key = B\n");
  EXPECT_EQ(found_keys(), "credentials/B/");
}

TEST_F(SharedFilesTest, GoesWhereTheVariablesSay) {
  test::write(home_ / "c", "[default]\nregion = mars-1\n");
  test::write(home_ / "k", "[default]\naws_access_key_id = A\naws_secret_access_key = B\n");
  env_["AWS_CONFIG_FILE"] = "~/c";
  env_["AWS_SHARED_CREDENTIALS_FILE"] = (home_ / "k").string();
  EXPECT_EQ(found().source, "profile default in " + (home_ / "k").string());
  EXPECT_EQ(aws_setting(options(), "region"), "mars-1");
  env_["AWS_CONFIG_FILE"] = env_["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  const auto nothing = find();
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->has_value());
}

TEST_F(SharedFilesTest, FollowsLinks) {
  test::write(home_ / "real", "[default]\naws_access_key_id = A\naws_secret_access_key = B\n");
  std::filesystem::create_directories(home_ / ".aws");
  std::filesystem::create_symlink(home_ / "real", home_ / ".aws/credentials");
  EXPECT_EQ(found_keys(), "A/B/");
}

TEST_F(SharedFilesTest, WithoutAHomeThereAreNoFiles) {
  env_.erase("HOME");
  const auto nothing = find();
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->has_value());
}

TEST_F(SharedFilesTest, ComplainsOfAProfileThatIsNowhere) {
  config("[profile a]\nregion = x\n");
  env_["AWS_PROFILE"] = "b";
  EXPECT_EQ(refused("AWS profile b: neither ~/.aws/config nor ~/.aws/credentials has it").fault,
            base::Fault::kInvalid);
}

TEST_F(SharedFilesTest, ComplainsOfKeysThatAreNotWhole) {
  credentials("[default]\naws_access_key_id = AKIASECRETISH\n");
  EXPECT_EQ(refused("there is no secret access key").fault, base::Fault::kInvalid);
  credentials("[default]\naws_access_key_id = A B\naws_secret_access_key = hush\n");
  const auto error = refused("characters that no key has");
  EXPECT_EQ(error.message.find("hush"), std::string::npos);
}

TEST_F(SharedFilesTest, ComplainsOfAFileThatCannotBeRead) {
  credentials("[default]\nwJalrXUtnFEMI\n");
  const auto error = refused("AWS files: ~/.aws/credentials: line 2:");
  EXPECT_EQ(error.fault, base::Fault::kInvalid);
  EXPECT_EQ(error.message.find("wJalr"), std::string::npos);
  credentials(std::string((1 << 20) + 1, '#'));
  refused("is larger than 1 MiB");
  std::filesystem::remove(home_ / ".aws/credentials");
  std::filesystem::create_directory(home_ / ".aws/credentials");
  refused("Is a directory");
}

TEST_F(SharedFilesTest, AnswersSettings) {
  config(
      "[default]\nregion = eu-west-1\nendpoint_url = http://all\nservices = mine\n[profile "
      "\"a b\"]\nregion = here\n[profile default]\nregion = eu-north-1\nendpoint_url = "
      "http://all\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://s3\n");
  EXPECT_EQ(aws_setting(options(), "region"), "eu-north-1");
  EXPECT_EQ(aws_setting(options(), "endpoint_url"), "http://all");
  EXPECT_EQ(aws_setting(options(), "s3.endpoint_url"), "http://s3");
  EXPECT_EQ(aws_setting(options(), "sts.endpoint_url"), std::nullopt);
  EXPECT_EQ(aws_setting(options(), "colour"), std::nullopt);
  env_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE";
  EXPECT_EQ(aws_setting(options(), "endpoint_url"), std::nullopt);
  EXPECT_EQ(aws_setting(options(), "s3.endpoint_url"), std::nullopt);
  EXPECT_EQ(aws_setting(options(), "region"), "eu-north-1");
  env_["AWS_PROFILE"] = "a b";
  EXPECT_EQ(aws_setting(options(), "region"), "here");
}

TEST_F(SharedFilesTest, DoesNotAnswerKeys) {
  credentials("[default]\naws_access_key_id = A\naws_secret_access_key = B\n");
  EXPECT_EQ(aws_setting(options(), "aws_secret_access_key"), std::nullopt);
}

TEST_F(SharedFilesTest, AnswersNoSettingsOfABrokenFile) {
  config("[default\n");
  EXPECT_EQ(aws_setting(options(), "region"), std::nullopt);
}

}  // namespace
}  // namespace gopouch::auth
