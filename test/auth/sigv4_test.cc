#include "auth/sigv4.h"

#include <sstream>

#include <gtest/gtest.h>

#include "auth/reply.h"
#include "base/hash.h"
#include "test/support/temp_dir.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {
namespace {

constexpr const char* kId = "AKIAIOSFODNN7EXAMPLE";
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

std::string hash_of(std::string_view text) {
  return base::to_hex(
      base::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

net::Request request(const std::string& method, const std::string& url) {
  net::Request made;
  made.method = method;
  auto parsed = net::parse_url(url);
  EXPECT_TRUE(parsed.ok()) << url;
  if (parsed) made.url = *std::move(parsed);
  return made;
}

std::string header(const net::Request& of, std::string_view name) {
  return std::string(net::find_header(of.headers, name));
}

AwsCredentials keys(const std::string& token = "") {
  return {kId, base::Secret(kSecret), base::Secret(token), std::nullopt, "test"};
}

// What botocore, the base of AWS's command line, makes of the same request, time and keys
// (make_signatures.py).
TEST(SigV4, SignsAsBotocoreDoes) {
  const auto golden = nlohmann::json::parse(
      test::read(GOPOUCH_SOURCE_DIR "/test/auth/data/signatures.json"), nullptr, false);
  ASSERT_TRUE(golden.is_object());
  ASSERT_GE(golden["cases"].size(), 60U);
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item["name"].get<std::string>());
    net::Request signed_request = request(item["method"], item["url"]);
    for (const auto& pair : item["headers"]) signed_request.headers.push_back({pair[0], pair[1]});
    const std::string secret =
        item.value("secret_access_key", golden["secret_access_key"].get<std::string>());
    AwsCredentials credentials{golden["access_key_id"], base::Secret(secret),
                               base::Secret(item.value("token", "")), std::nullopt, "golden"};
    const auto time = parse_time(item["time"].get<std::string>());
    ASSERT_TRUE(time);
    sign_with(signed_request, credentials, {item["region"], item["service"], *time},
              item["payload"].get<std::string>(), item.value("token_header", ""));
    EXPECT_EQ(header(signed_request, "Authorization"), item["authorization"].get<std::string>());
  }
}

// The examples of "Signature Calculations for the Authorization Header" in the S3 API reference, as
// they are printed there.
struct Example {
  const char* method;
  const char* url;
  std::vector<net::Header> headers;
  const char* body;
  const char* names;
  const char* signature;
};

TEST(SigV4, SignsAmazonsExamples) {
  const std::vector<Example> examples{
      {"GET",
       "https://examplebucket.s3.amazonaws.com/test.txt",
       {{"Range", "bytes=0-9"}},
       "",
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT",
       "https://examplebucket.s3.amazonaws.com/test%24file.text",
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       "Welcome to Amazon S3.",
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET",
       "https://examplebucket.s3.amazonaws.com/?lifecycle",
       {},
       "",
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"GET",
       "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
       {},
       "",
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  for (const Example& example : examples) {
    SCOPED_TRACE(example.url);
    net::Request signed_request = request(example.method, example.url);
    signed_request.headers = example.headers;
    sign_aws(signed_request, keys(), {"us-east-1", "s3", *parse_time("2013-05-24T00:00:00Z")},
             hash_of(example.body));
    EXPECT_EQ(header(signed_request, "Authorization"),
              std::string("AWS4-HMAC-SHA256 Credential=") + kId +
                  "/20130524/us-east-1/s3/aws4_request, SignedHeaders=" + example.names +
                  ", Signature=" + example.signature);
    EXPECT_EQ(header(signed_request, "x-amz-date"), "20130524T000000Z");
    EXPECT_EQ(header(signed_request, "x-amz-content-sha256"), hash_of(example.body));
  }
}

TEST(SigV4, SignsAgainWhatWasSignedBefore) {
  net::Request once = request("GET", "https://b.s3.amazonaws.com/k");
  const AwsScope scope{"us-east-1", "s3", *parse_time("2026-01-01T00:00:00Z")};
  sign_aws(once, keys("token"), scope, kUnsignedPayload);
  net::Request twice = once;
  sign_aws(twice, keys("token"), scope, kUnsignedPayload);
  ASSERT_EQ(once.headers.size(), twice.headers.size());
  EXPECT_EQ(header(once, "Authorization"), header(twice, "Authorization"));
}

TEST(SigV4, PutsTheTokenWhereTheServiceLooksForIt) {
  const Time time = *parse_time("2026-01-01T00:00:00Z");
  for (const char* service : {"s3", "s3express", "sts"}) {
    SCOPED_TRACE(service);
    net::Request signed_request = request("GET", "https://b.example.org/k");
    sign_aws(signed_request, keys("token"), {"us-east-1", service, time}, hash_of(""));
    const bool express = service == std::string_view("s3express");
    EXPECT_EQ(header(signed_request, "x-amz-security-token"), express ? "" : "token");
    EXPECT_EQ(header(signed_request, "x-amz-s3session-token"), express ? "token" : "");
    EXPECT_EQ(header(signed_request, "x-amz-content-sha256").empty(),
              service == std::string_view("sts"));
  }
}

TEST(SigV4, ReadsAQueryInAnyEncodingAlike) {
  const auto signature = [](const char* url) {
    net::Request signed_request = request("GET", url);
    sign_aws(signed_request, keys(), {"us-east-1", "s3", *parse_time("2026-01-01T00:00:00Z")},
             hash_of(""));
    return header(signed_request, "Authorization");
  };
  EXPECT_EQ(signature("https://b.example.org/?prefix=a/b&x=%7e"),
            signature("https://b.example.org/?x=~&&prefix=a%2Fb"));
  EXPECT_NE(signature("https://b.example.org/?prefix=a%2Fb"),
            signature("https://b.example.org/?prefix=a%252Fb"));
}

TEST(SigV4, SignsAnEmptyPathAsTheSlashThatIsSent) {
  const AwsScope scope{"us-east-1", "s3", *parse_time("2026-01-01T00:00:00Z")};
  net::Request one = request("GET", "https://b.example.org");
  net::Request other = request("GET", "https://b.example.org/");
  sign_aws(one, keys(), scope, hash_of(""));
  sign_aws(other, keys(), scope, hash_of(""));
  EXPECT_EQ(header(one, "Authorization"), header(other, "Authorization"));
}

TEST(Secret, IsNotPrinted) { EXPECT_EQ(fmt::format("{}", keys("token").secret_access_key), "***"); }

}  // namespace
}  // namespace gopouch::auth
