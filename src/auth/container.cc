// The endpoint that a container's surroundings offer: ECS tasks, EKS Pod Identity, and what
// imitates them.
//
// Rules: "Container credential provider" of the AWS SDKs and Tools reference guide. Since the reply
// is believed, the full URI must be https, this very machine, or one of the link-local addresses
// that only the platform itself can have.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/source.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

constexpr std::string_view kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr std::string_view kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr std::string_view kHost = "http://169.254.170.2";

bool may_be_asked(const net::Url& url) {
  constexpr std::array<std::string_view, 3> kHosts{"169.254.170.2", "169.254.170.23",
                                                   "fd00:ec2::23"};
  return url.scheme == "https" || net::is_loopback(url.host) ||
         std::find(kHosts.begin(), kHosts.end(), url.host) != kHosts.end();
}

base::Error invalid(std::string_view why) {
  return {base::Fault::kInvalid, fmt::format("AWS container credentials: {}", why)};
}

// What the endpoint knows us by; empty: nothing is needed.
base::Result<std::string> authorization(const AwsOptions& options) {
  std::string token = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto path = variable(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    auto text = read_small_file(*path);
    if (!text) return text.error();
    if (!*text) return invalid(fmt::format("{}: there is no such file", *path));
    token = **text;
  }
  token = base::trim(token);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  if (std::any_of(token.begin(), token.end(), is_control)) {
    return invalid("the authorization token has a line break inside");
  }
  return token;
}

}  // namespace

base::Result<std::optional<net::Url>> container_url(const AwsOptions& options) {
  const auto relative = variable(options, kRelative);
  const auto full = variable(options, kFull);
  if (!relative && !full) return std::optional<net::Url>();
  if (relative && !relative->starts_with('/')) {
    return invalid(fmt::format("{} does not begin with /", kRelative));
  }
  auto url = net::parse_url(relative ? fmt::format("{}{}", kHost, *relative) : *full);
  if (!url) return invalid(url.error().message);
  if (!may_be_asked(*url)) {
    return invalid(
        fmt::format("{}: {} is neither https nor an address of this machine or its platform", kFull,
                    url->authority()));
  }
  return std::optional(*std::move(url));
}

Found from_container(const Asking& ask) {
  auto url = container_url(ask.options);
  if (!url) return url.error();
  if (!*url) return std::optional<AwsCredentials>();
  auto token = authorization(ask.options);
  if (!token) return token.error();
  net::Request request;
  request.url = **std::move(url);
  request.headers = {{"Accept", "application/json"}};
  if (!token->empty()) request.headers.push_back({"Authorization", *token});

  const std::string what = fmt::format("AWS container credentials, {}", request.url.authority());
  const std::string source = fmt::format("container endpoint {}", request.url.authority());
  const auto reply = send_patiently(ask, std::move(request), what);
  if (!reply) return reply.error();
  const Fields fields = json_fields(reply->body);
  if (reply->status != 200) {
    const std::string why = one_line(field(fields, "message") + field(fields, "Message"), {*token});
    return base::Error{
        fault_of_status(reply->status),
        fmt::format("{}: {}{}{}", what, reply->status, why.empty() ? "" : ": ", why)};
  }
  auto made = make_credentials(field(fields, "AccessKeyId"), field(fields, "SecretAccessKey"),
                               field(fields, "Token"), field(fields, "Expiration"), source);
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
