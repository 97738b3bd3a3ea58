// The instance metadata service of EC2, version 2: a token by PUT, then the role's name, then its
// credentials.
//
// Rules: "IMDS credential provider" of the AWS SDKs and Tools reference guide, and "Retrieve
// security credentials from instance metadata" of the EC2 user guide. Most machines have no such
// service, and on some its address swallows what is sent: then we know after two seconds, once.
#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/source.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr int kAttempts = 2;
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view kWhat = "AWS instance metadata";
constexpr std::string_view kSixEndpoint = "http://[fd00:ec2::254]";

std::string endpoint(const Asking& ask, const SharedFiles& files) {
  const auto said_of = [&](std::string_view name, std::string_view key) {
    auto value = variable(ask.options, name);
    return value ? value : files.setting(files.profile(), key);
  };
  if (auto text = said_of("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")) {
    return *text;
  }
  const auto mode =
      said_of("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
  const bool six = mode == "IPv6" || mode == "ipv6" || mode == "IPV6";
  return six ? std::string(kSixEndpoint) : ask.options.imds_endpoint;
}

class Instance {
 public:
  Instance(const Asking& ask, net::Url endpoint) : ask_(ask), endpoint_(std::move(endpoint)) {}

  Found credentials() {
    const auto there = begin();
    if (!there) return there.error();
    if (!*there) return nothing();
    const auto roles = get(std::string(kRoles));
    if (!roles) return roles.error();
    if (roles->status == 404) return nothing();  // an instance without a role
    if (roles->status != 200) return refused(*roles);
    const std::string role = one_line(roles->body);
    if (role.empty()) return nothing();

    const auto reply = get(std::string(kRoles) + net::percent_encode(role));
    if (!reply) return reply.error();
    if (reply->status != 200) return refused(*reply);
    const Fields fields = json_fields(reply->body);
    const std::string code = field(fields, "Code");
    if (!code.empty() && code != "Success") {
      return base::Error{base::Fault::kDenied,
                         fmt::format("{}, role {}: {}: {}", kWhat, role, one_line(code),
                                     one_line(field(fields, "Message")))};
    }
    auto made = make_credentials(field(fields, "AccessKeyId"), field(fields, "SecretAccessKey"),
                                 field(fields, "Token"), field(fields, "Expiration"),
                                 fmt::format("instance metadata, role {}", role));
    if (!made) return made.error();
    return std::optional(*std::move(made));
  }

  base::Result<std::optional<std::string>> text(const std::string& path) {
    const auto there = begin();
    if (!there) return there.error();
    if (!*there) return std::optional<std::string>();
    const auto reply = get(path);
    if (!reply) return reply.error();
    if (reply->status != 200) return refused(*reply);
    return std::optional(one_line(reply->body));
  }

 private:
  // Asks for the token. False: it is not there, switched off, or somebody else's server.
  base::Result<bool> begin() {
    const auto token =
        send("PUT", {"X-aws-ec2-metadata-token-ttl-seconds", "21600"}, "/latest/api/token");
    if (!token) {
      if (ask_.call.over() || token.error().fault == base::Fault::kStopped) return token.error();
      return false;
    }
    if (token->status != 200) {
      if (fault_of_status(token->status) == base::Fault::kUnavailable) return refused(*token);
      return false;
    }
    token_ = base::trim(token->body);
    return !token_.empty() && token_.find_first_of("\r\n") == std::string::npos;
  }

  static Found nothing() { return std::optional<AwsCredentials>(); }

  static base::Error refused(const net::Reply& reply) {
    return {fault_of_status(reply.status), fmt::format("{}: status {}", kWhat, reply.status)};
  }

  base::Result<net::Reply> get(const std::string& path) {
    return send("GET", {"X-aws-ec2-metadata-token", token_}, path);
  }

  // Each attempt has its own second.
  base::Result<net::Reply> send(const char* method, net::Header header, std::string_view path) {
    net::Request request;
    request.method = method;
    request.headers.push_back(std::move(header));
    request.url = endpoint_;
    request.url.path += path;
    for (int attempt = 1;; ++attempt) {
      const base::Call call = ask_.call.at_most(kPatience);
      auto reply = send_patiently({ask_.client, call}, request, kWhat, 1);
      const bool again = reply ? fault_of_status(reply->status) == base::Fault::kUnavailable
                               : reply.error().fault != base::Fault::kInvalid;
      const bool good = reply && reply->status == 200;
      if (good || !again || attempt == kAttempts || ask_.call.over()) return reply;
    }
  }

  const Asking& ask_;
  const net::Url endpoint_;
  std::string token_;
};

// nullopt: nobody is to be asked.
base::Result<std::optional<Instance>> instance_of(const Asking& ask, const SharedFiles& files) {
  if (variable_is_true(ask.options, "AWS_EC2_METADATA_DISABLED")) return std::optional<Instance>();
  auto url = net::parse_url(endpoint(ask, files));
  if (!url) {
    return base::Error{base::Fault::kInvalid, fmt::format("{}: {}", kWhat, url.error().message)};
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  return std::optional<Instance>(std::in_place, ask, *std::move(url));
}

}  // namespace

Found from_instance(const Asking& ask, const SharedFiles& files) {
  auto instance = instance_of(ask, files);
  if (!instance) return instance.error();
  return *instance ? (*instance)->credentials() : std::optional<AwsCredentials>();
}

base::Result<std::optional<std::string>> instance_text(const Asking& ask, const SharedFiles& files,
                                                       const std::string& path) {
  auto instance = instance_of(ask, files);
  if (!instance) return instance.error();
  return *instance ? (*instance)->text(path) : std::optional<std::string>();
}

}  // namespace gopouch::auth
