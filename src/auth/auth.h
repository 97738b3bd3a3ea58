// Who we are to a cloud: AWS credentials from wherever the AWS tools would find them, and the
// signature that proves them; Google's tokens from wherever Google's libraries would.
//
// Rules: the "Configuration and credential file settings" and "Standardized credential providers"
// pages of the AWS SDKs and Tools reference guide; "Signature Version 4" of the IAM user guide;
// "How Application Default Credentials works" of Google Cloud's authentication guide.
// Nothing here runs before a remote is first used: no file is read and no host asked at start.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/net.h"

namespace gopouch::auth {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

struct AwsCredentials {
  std::string access_key_id;
  base::Secret secret_access_key;
  base::Secret session_token;   // empty: long-lived keys
  std::optional<Time> expires;  // nullopt: never
  std::string source;  // for doctor: "environment", "profile ci in ~/.aws/credentials", …
};

struct AwsOptions {
  // The value of a variable (AWS_*, HOME), or nullopt. Must be callable from any thread.
  std::function<std::optional<std::string>(std::string_view name)> env;
  std::function<Time()> now = [] {
    return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
  };
  // Where the instance metadata service is; AWS_EC2_METADATA_SERVICE_ENDPOINT goes before it.
  std::string imds_endpoint = "http://169.254.169.254";
  // Where STS and SSO are, for tests; AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_SSO(_OIDC) go
  // before it. Empty: the region's own.
  std::string sts_endpoint, sso_endpoint;
};

// The credentials of this process, found on first use and kept; renewed before they expire by one
// caller while the others go on with the old ones. Safe for concurrent use.
class AwsChain {
 public:
  // `client` must outlive the chain.
  AwsChain(AwsOptions options, net::Client& client);
  ~AwsChain();

  // nullopt: nothing configured anywhere; an error: something is configured and does not work
  // (kDenied or kInvalid: will not pass; kUnavailable: may).
  base::Result<std::optional<AwsCredentials>> get(const base::Call& call);

  // The next get() asks anew: what was given was refused (ExpiredToken). With `refused`: unless
  // there are others by now, so that a hundred refusals lead to one renewal.
  void renew();
  void renew(const AwsCredentials& refused);

  const std::function<Time()>& clock() const;  // AwsOptions::now

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// The session of one directory bucket (S3 Express One Zone, CreateSession): short-lived credentials
// that sign for service "s3express" there, kept and renewed ahead by one caller. Safe for
// concurrent use.
class ExpressSession {
 public:
  // `bucket` is the bucket's endpoint, path "" or "/". Both references must outlive the session.
  ExpressSession(AwsChain& chain, net::Client& client, net::Url bucket, std::string region);
  ~ExpressSession();

  // As AwsChain::get; nullopt where the chain has nothing.
  base::Result<std::optional<AwsCredentials>> get(const base::Call& call);
  void renew();
  void renew(const AwsCredentials& refused);

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// A setting of the shared files, profile AWS_PROFILE or "default": region, endpoint_url, or
// services/s3 endpoint_url (key "s3.endpoint_url"). nullopt: not said.
std::optional<std::string> aws_setting(const AwsOptions& options, std::string_view key);

// What a signature needs to know besides the request.
struct AwsScope {
  std::string region;
  std::string service;  // "s3", "s3express", "sts"
  Time time;            // corrected by the server's clock where that is known to differ
};

// The hash of the body as the header says it.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Adds x-amz-date, x-amz-content-sha256 (s3 and s3express), x-amz-security-token (s3express:
// x-amz-s3session-token) and Authorization to the request's headers. `payload` is the hex SHA-256
// of the body or kUnsignedPayload. All headers that are there are signed; the path is signed as it
// stands, percent-encoded once (s3) or twice (others).
void sign_aws(net::Request& request, const AwsCredentials& credentials, const AwsScope& scope,
              std::string_view payload);

// A bearer's token, as Google's services take it.
struct GoogleToken {
  base::Secret token;
  std::optional<Time> expires = {};  // nullopt: nobody said
  std::string quota_project = {};    // who pays for requests, where that is said; empty: not said
  std::string source = {};           // for doctor: "service account a@b (gcloud's login)"
};

struct GoogleOptions {
  // The value of a variable (GOOGLE_*, CLOUDSDK_CONFIG, HOME, AWS_*), or nullopt. Must be callable
  // from any thread.
  std::function<std::optional<std::string>(std::string_view name)> env;
  std::function<Time()> now = [] {
    return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
  };
  std::string scope;  // what the token is for: "https://www.googleapis.com/auth/…"
  // Where the metadata server is; GCE_METADATA_HOST goes before it.
  std::string metadata_host = "169.254.169.254";
};

// Application Default Credentials: one token, found on first use and kept; renewed before it
// expires by one caller while the others go on with the old one. Safe for concurrent use.
class GoogleChain {
 public:
  // `client` must outlive the chain.
  GoogleChain(GoogleOptions options, net::Client& client);
  ~GoogleChain();

  // As AwsChain's.
  base::Result<std::optional<GoogleToken>> get(const base::Call& call);
  void renew(const GoogleToken& refused);

  const std::function<Time()>& clock() const;  // GoogleOptions::now

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace gopouch::auth
