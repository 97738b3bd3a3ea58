// The services of AWS that credentials come from: where they are, and STS's two answers.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/source.h"

namespace gopouch::auth {

// AWS_REGION, AWS_DEFAULT_REGION, the profile's region, "us-east-1".
std::string region_of(const AwsOptions& options, const SharedFiles& files,
                      std::string_view profile);

// What stands in a URL before the region, after it, and in variables and files.
struct Service {
  std::string_view host;      // "portal.sso" of portal.sso.eu-west-1.amazonaws.com
  std::string_view variable;  // "AWS_ENDPOINT_URL_SSO"
  std::string_view section;   // "sso" of [services …]
};
inline constexpr Service kSts{"sts", "AWS_ENDPOINT_URL_STS", "sts"};
inline constexpr Service kSso{"portal.sso", "AWS_ENDPOINT_URL_SSO", "sso"};
inline constexpr Service kOidc{"oidc", "AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc"};

// The service's endpoint with `path`: what is said of it by the variables, the options, the files,
// in this order, else the region's own. kInvalid for a URL or region that is none.
base::Result<net::Url> endpoint_of(const AwsOptions& options, const SharedFiles& files,
                                   std::string_view profile, const Service& service,
                                   std::string_view region, std::string_view path);

// Sends what `sign` makes of a request for a time: ours; and if it is refused and the server's
// clock tells another one, the server's.
using Sign = std::function<void(net::Request& request, Time time)>;
base::Result<net::Reply> send_signed(const Asking& ask, net::Request request, std::string_view what,
                                     const Sign& sign);

// One request to STS (the action's parameters, in any order) and the credentials that it gives.
// `signer` null: not signed. `what` says in messages who is asked for what; `secret` must not
// appear there.
struct StsRequest {
  std::string_view action;
  std::vector<std::pair<std::string, std::string>> parameters;
  const AwsCredentials* signer = nullptr;
  std::string source;  // of the credentials
  std::string what;
  std::string secret = {};
};
Found ask_sts(const Asking& ask, const SharedFiles& files, std::string_view profile,
              const StsRequest& request);

// What a role's session is called where nobody named it: "gopouch-<time>".
std::string session_name(const AwsOptions& options);

// The credentials in an XML answer, in the element at `path` ("A/B/Credentials"); kInvalid where
// they are not all there.
base::Result<AwsCredentials> credentials_in_xml(std::string_view text, const char* path,
                                                std::string source);

// The first "Code" and "Message" of an XML error, whatever is around them.
struct XmlError {
  std::string code, message;
};
XmlError error_in_xml(std::string_view text);

// What a reply with such an error means to us; `secrets` must not appear in it.
base::Error refusal(const net::Reply& reply, std::string_view what,
                    std::initializer_list<std::string_view> secrets);

}  // namespace gopouch::auth
