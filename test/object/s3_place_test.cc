// Which of the many places that can name a region or an endpoint is heard.
#include "object/s3_place.h"

#include <map>

#include <gtest/gtest.h>

#include "test/support/temp_dir.h"

namespace gopouch::object {
namespace {

class S3LookUp : public testing::Test {
 protected:
  base::Result<S3Place> look_up() {
    auth::AwsOptions aws;
    aws.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto said = env_.find(std::string(name));
      return said == env_.end() ? std::nullopt : std::optional(said->second);
    };
    S3Settings settings = settings_;
    auto found = object::look_up(settings, aws);
    if (!found) return found.error();
    return settings.place;
  }
  std::string region() { return look_up()->region; }
  std::string endpoint() {
    const auto place = look_up();
    return place->endpoint ? place->endpoint->text() : "none";
  }
  void profile(const std::string& text) {
    test::write(home_ / ".aws/config", text);
    env_["HOME"] = home_.path().string();
  }

  test::TempDir home_;
  std::map<std::string, std::string> env_;
  S3Settings settings_;
};

TEST_F(S3LookUp, RegionFromTheFirstThatSaysIt) {
  EXPECT_EQ(region(), "");
  profile("[default]\nregion = r-profile\n[profile ci]\nregion = r-ci\n");
  EXPECT_EQ(region(), "r-profile");
  env_["AWS_PROFILE"] = "ci";
  EXPECT_EQ(region(), "r-ci");
  env_["AWS_DEFAULT_REGION"] = "r-default";
  EXPECT_EQ(region(), "r-default");
  env_["AWS_REGION"] = "";
  EXPECT_EQ(region(), "r-default");
  env_["AWS_REGION"] = "r-variable";
  EXPECT_EQ(region(), "r-variable");
  settings_.place.region = "r-said";
  EXPECT_EQ(region(), "r-said");
}

TEST_F(S3LookUp, EndpointFromTheFirstThatSaysIt) {
  EXPECT_EQ(endpoint(), "none");
  profile(
      "[default]\nservices = mine\nendpoint_url = http://profile\n[services mine]\ns3 =\n"
      "  endpoint_url = http://profile-s3\n[profile plain]\nendpoint_url = http://plain\n");
  EXPECT_EQ(endpoint(), "http://profile-s3");
  env_["AWS_PROFILE"] = "plain";
  EXPECT_EQ(endpoint(), "http://plain");
  env_["AWS_ENDPOINT_URL"] = "http://variable";
  EXPECT_EQ(endpoint(), "http://variable");
  env_["AWS_ENDPOINT_URL_S3"] = "http://variable-s3";
  EXPECT_EQ(endpoint(), "http://variable-s3");
  env_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(endpoint(), "none");
  settings_.endpoint_url = "http://said:9000/";
  EXPECT_EQ(endpoint(), "http://said:9000");
  EXPECT_EQ(region(), "us-east-1");
}

TEST_F(S3LookUp, RefusesWhatIsNoEndpoint) {
  for (const char* text : {"localhost:9000", "ftp://host", "host", "http://", "http://user:pw@host",
                           "http://host?x=y"}) {
    settings_.endpoint_url = text;
    const auto place = look_up();
    ASSERT_FALSE(place) << text;
    EXPECT_EQ(place.error().fault, base::Fault::kInvalid);
    EXPECT_EQ(place.error().message.find("pw"), std::string::npos);
  }
}

TEST_F(S3LookUp, AZoneNamesItsRegion) {
  settings_.place.bucket = "go--usw2-az1--x-s3";
  settings_.place.zone = "usw2-az1";
  env_["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(region(), "us-west-2");
  settings_.place.zone = "new9-az1";
  EXPECT_EQ(region(), "eu-west-1");
}

}  // namespace
}  // namespace gopouch::object
