// A workload on AWS proves itself to Google by a request to AWS that it signs and Google sends.
//
// Rules: "Configure workload identity federation with AWS" of the IAM guide: GetCallerIdentity,
// signed with x-goog-cloud-target-resource, as JSON and percent-encoded. Keys come from the
// environment, else from the instance's metadata service, where the document says that it is.
#include <algorithm>

#include <fmt/format.h>

#include "auth/google.h"
#include "auth/reply.h"
#include "base/hash.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

namespace {

using nlohmann::json;

base::Error invalid(std::string_view why) {
  return {base::Fault::kInvalid, fmt::format("Google external account, AWS: {}", why)};
}

// "http://169.254.169.254" of the URL of its keys.
std::string host_of(const std::string& text) {
  auto url = net::parse_url(text);
  if (!url) return {};
  url->path.clear();
  url->query.clear();
  return url->text();
}

base::Result<std::string> region_of(const Asking& ask, const SharedFiles& files,
                                    const std::string& region_url) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto region = variable(ask.options, name)) return *region;
  }
  const auto url = net::parse_url(region_url);
  if (!url) return invalid("no region: set AWS_REGION");
  auto zone = instance_text(ask, files, url->path);
  if (!zone) return zone.error();
  if (!*zone || (*zone)->empty()) return invalid("no region: set AWS_REGION");
  (*zone)->pop_back();  // a zone is its region and a letter
  return **zone;
}

}  // namespace

base::Result<base::Secret> aws_subject_token(const GoogleAsking& ask,
                                             const GoogleCredentials& credentials) {
  const SubjectSource& source = credentials.subject;
  AwsOptions options;
  options.env = ask.options.env;
  options.now = ask.options.now;
  if (const std::string host = host_of(source.place); !host.empty()) options.imds_endpoint = host;
  const Asking aws{options, ask.client, ask.call};
  const SharedFiles files;  // Google's libraries read none of them
  auto found = from_environment(options);
  if (!said(found)) found = from_instance(aws, files);
  if (!found) return found.error();
  if (!*found) return invalid("no credentials in the environment or from the instance's metadata");
  const auto region = region_of(aws, files, source.region_url);
  if (!region) return region.error();

  std::string text = source.verification_url;
  if (const std::size_t mark = text.find("{region}"); mark != std::string::npos) {
    text.replace(mark, std::string_view("{region}").size(), *region);
  }
  auto url = net::parse_url(text);
  if (!url || url->scheme != "https") {
    return invalid("credential_source.regional_cred_verification_url is no https URL");
  }
  if (url->path.empty()) url->path = "/";
  net::Request request;
  request.method = "POST";
  request.url = *url;
  request.headers = {{"x-goog-cloud-target-resource", credentials.audience}};
  sign_aws(request, **found, {*region, "sts", options.now()}, base::to_hex(base::sha256({})));

  json headers = json::array();
  for (const net::Header& header : request.headers) {
    headers.push_back({{"key", header.name}, {"value", header.value}});
  }
  headers.push_back({{"key", "host"}, {"value", request.url.authority()}});
  const json whole{{"url", text}, {"method", request.method}, {"headers", headers}};
  return base::Secret(
      net::percent_encode(whole.dump(-1, ' ', false, json::error_handler_t::replace)));
}

}  // namespace gopouch::auth
