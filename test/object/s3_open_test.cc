// What an s3:// URL and the options come to, before anything is asked.
#include <gtest/gtest.h>

#include "object/s3.h"

namespace gopouch::object {
namespace {

base::Result<S3Settings> read(const std::string& text, const Options& options = {}) {
  const auto url = net::parse_url(text);
  EXPECT_TRUE(url) << text;
  const auto parameters = read_parameters(*url, s3);
  if (!parameters) return parameters.error();
  return read_s3_settings(*url, *parameters, options);
}

TEST(S3Url, HasBucketAndPrefix) {
  struct Row {
    std::string url, bucket, prefix, name;
  };
  const std::vector<Row> rows{
      {"s3://bucket", "bucket", "", "s3://bucket"},
      {"s3://bucket/", "bucket", "", "s3://bucket"},
      {"s3://bucket/ci", "bucket", "ci/", "s3://bucket/ci"},
      {"s3://bucket//ci/main//", "bucket", "ci/main/", "s3://bucket/ci/main"},
      {"s3://bucket/a%20b%2Fc", "bucket", "a b/c/", "s3://bucket/a b/c"},
      {"s3://bucket/ci?raw-prefix=true", "bucket", "ci", "s3://bucket/ci"},
      {"s3://bucket//ci//?raw-prefix=true", "bucket", "/ci//", "s3://bucket//ci/"},
      {"s3://bucket?raw-prefix=true", "bucket", "", "s3://bucket"},
      {"s3://my.bucket_1", "my.bucket_1", "", "s3://my.bucket_1"},
  };
  for (const Row& row : rows) {
    const auto settings = read(row.url);
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->place.bucket, row.bucket);
    EXPECT_EQ(settings->place.prefix, row.prefix);
    EXPECT_EQ(settings->place.name(), row.name);
  }
  EXPECT_EQ(read("s3://go--use1-az4--x-s3/ci")->place.zone, "use1-az4");
}

TEST(S3Url, ParametersGoBeforeOptions) {
  Options options;
  options.region = "eu-west-1";
  options.s3_endpoint_url = "http://option";
  options.s3_path_style = true;
  options.s3_storage_class = "STANDARD_IA";
  options.s3_tags = {"a=1"};
  auto settings = read("s3://bucket", options);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->place.region, "eu-west-1");
  EXPECT_EQ(settings->endpoint_url, "http://option");
  EXPECT_TRUE(settings->place.path_style);
  EXPECT_EQ(settings->place.storage_class, "STANDARD_IA");
  EXPECT_EQ(settings->place.tags, "a=1");

  settings = read(
      "s3://bucket?region=us-east-2&endpoint=https%3A%2F%2Furl&path-style=false&"
      "storage-class=ONEZONE_IA&tag=b%3D2&tag=c%3D3&mode=ro",
      options);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->place.region, "us-east-2");
  EXPECT_EQ(settings->endpoint_url, "https://url");
  EXPECT_FALSE(settings->place.path_style);
  EXPECT_EQ(settings->place.storage_class, "ONEZONE_IA");
  EXPECT_EQ(settings->place.tags, "b=2&c=3");
}

TEST(S3Url, RefusesWhatCanNeverWork) {
  for (const char* url :
       {"s3://ab", "s3://bucket:80", "s3://key:secret@bucket", "s3://bucket/%0a",
        "s3://bucket?region=a/b", "s3://bucket?storage-class=a%0d%0aX:y", "s3://bucket?tag=x",
        "s3://bucket?path-style=maybe", "s3://bucket?regoin=x"}) {
    const auto settings = read(url);
    ASSERT_FALSE(settings) << url;
    EXPECT_EQ(settings.error().fault, base::Fault::kInvalid);
    EXPECT_EQ(settings.error().message.find("secret"), std::string::npos);
    EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
  }
}

TEST(S3Url, OpensWithoutAskingAnybody) {
  Options options;
  options.env = [](std::string_view name) -> std::optional<std::string> {
    ADD_FAILURE() << "asked for " << name;
    return std::nullopt;
  };
  const auto opened = s3.open(*net::parse_url("s3://bucket/ci"), Parameters(), options);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->name, "s3://bucket/ci");
  EXPECT_TRUE(opened->has_prefix);
  EXPECT_TRUE(opened->features.ranges);
  EXPECT_FALSE(opened->clock_offset());
  EXPECT_FALSE(s3.open(*net::parse_url("s3://bucket"), Parameters(), options)->has_prefix);
}

}  // namespace
}  // namespace gopouch::object
