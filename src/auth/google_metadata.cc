// The metadata server of Compute Engine, Kubernetes Engine, Cloud Run and Cloud Build: the token of
// the service account that the machine runs as.
//
// Rules: "About VM metadata" of the Compute Engine guide: both sides show Metadata-Flavor: Google,
// which no page in a browser can and no other server does. Most machines have no such server, and
// on some its address swallows what is sent: then we know after two seconds, once.
#include <fmt/format.h>

#include "auth/google.h"
#include "auth/reply.h"

namespace gopouch::auth {

namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr int kAttempts = 2;
constexpr std::string_view kWhat = "Google metadata server";
constexpr const char* kFlavor = "Metadata-Flavor";
constexpr const char* kToken = "/computeMetadata/v1/instance/service-accounts/default/token";

FoundToken nothing() { return std::optional<GoogleToken>(); }

// Each attempt has its own second.
base::Result<net::Reply> send(const GoogleAsking& ask, const net::Request& request) {
  for (int attempt = 1;; ++attempt) {
    const base::Call call = ask.call.at_most(kPatience);
    auto reply = send_patiently({ask.client, call}, request, kWhat, 1);
    const bool again = reply ? fault_of_status(reply->status) == base::Fault::kUnavailable
                             : reply.error().fault == base::Fault::kTimeout;
    if (!again || attempt == kAttempts || ask.call.over()) return reply;
  }
}

}  // namespace

FoundToken from_google_metadata(const GoogleAsking& ask) {
  if (variable(ask.options, "NO_GCE_CHECK") == "true") return nothing();
  const auto host = variable(ask.options, "GCE_METADATA_HOST");
  auto url = net::parse_url("http://" + host.value_or(ask.options.metadata_host));
  if (!url) {
    return base::Error{base::Fault::kInvalid, "GCE_METADATA_HOST: write a host, or host:port"};
  }
  net::Request request;
  request.url = *std::move(url);
  request.url.path = kToken;
  request.url.query = "scopes=" + net::percent_encode(ask.options.scope);
  request.headers = {{kFlavor, "Google"}};
  const auto reply = send(ask, request);
  if (!reply) {
    if (ask.call.over() || reply.error().fault == base::Fault::kStopped) return reply.error();
    return host ? FoundToken(reply.error()) : nothing();
  }
  if (net::find_header(reply->headers, kFlavor) != "Google") return nothing();
  if (reply->status == 404) return nothing();  // a machine without a service account
  if (reply->status != 200) {
    return base::Error{fault_of_status(reply->status),
                       fmt::format("{}: status {}", kWhat, reply->status)};
  }
  auto token = token_in(reply->body, ask.options.now(), kWhat);
  if (!token) return token.error();
  token->source = "metadata server";
  return std::optional(*std::move(token));
}

}  // namespace gopouch::auth
