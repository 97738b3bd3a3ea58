// STS's query protocol: a form goes out, XML comes back ("AWS Security Token Service API
// Reference", version 2011-06-15).
#include "auth/service.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/sigv4.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

#include <pugixml.hpp>

namespace gopouch::auth {

namespace {

// Beyond this a server refuses a signature for its time.
constexpr std::chrono::minutes kSkew{4};

// The regions of other partitions have their own domain.
std::string_view domain_of(std::string_view region) {
  struct Domain {
    std::string_view prefix, name;
  };
  constexpr std::array<Domain, 6> kDomains{{{"cn-", "amazonaws.com.cn"},
                                            {"eusc-", "amazonaws.eu"},
                                            {"us-iso-", "c2s.ic.gov"},
                                            {"us-isob-", "sc2s.sgov.gov"},
                                            {"eu-isoe-", "cloud.adc-e.uk"},
                                            {"us-isof-", "csp.hci.ic.gov"}}};
  for (const Domain& domain : kDomains) {
    if (region.starts_with(domain.prefix)) return domain.name;
  }
  return "amazonaws.com";
}

bool is_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// "Fri, 24 May 2013 00:00:00 GMT" (RFC 9110, 5.6.7).
std::optional<Time> parse_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  return parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), (month / 3) + 1,
                                text.substr(5, 2), text.substr(17, 8)));
}

pugi::xml_document parse_xml(std::string_view text) {
  pugi::xml_document document;
  // What is wrong has no nodes, or not those that are looked for.
  document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  return document;
}

base::Fault fault_of(const net::Reply& reply, std::string_view code) {
  if (code.find("Throttl") != std::string_view::npos || code == "RequestLimitExceeded" ||
      code == "IDPCommunicationError") {
    return base::Fault::kUnavailable;
  }
  return fault_of_status(reply.status);
}

}  // namespace

std::string region_of(const AwsOptions& options, const SharedFiles& files,
                      std::string_view profile) {
  if (auto region = variable(options, "AWS_REGION")) return *region;
  if (auto region = variable(options, "AWS_DEFAULT_REGION")) return *region;
  return files.setting(profile, "region").value_or("us-east-1");
}

base::Result<net::Url> endpoint_of(const AwsOptions& options, const SharedFiles& files,
                                   std::string_view profile, const Service& service,
                                   std::string_view region, std::string_view path) {
  const std::string& given =
      service.host == kSts.host ? options.sts_endpoint : options.sso_endpoint;
  const bool ignore = variable_is_true(options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  std::optional<std::string> text;
  if (!ignore) text = variable(options, service.variable);
  if (!text && !given.empty()) text = given;
  if (!text && !ignore) text = variable(options, "AWS_ENDPOINT_URL");
  if (!text && !ignore) text = files.endpoint(profile, service.section);
  if (!text) {
    if (!is_region(region)) {
      return base::Error{base::Fault::kInvalid,
                         fmt::format("\"{}\" is no AWS region", one_line(region))};
    }
    text = fmt::format("https://{}.{}.{}", service.host, region, domain_of(region));
  }
  auto url = net::parse_url(*text);
  if (!url) return url.error();
  while (url->path.ends_with('/')) url->path.pop_back();
  url->path += path;
  return url;
}

base::Result<net::Reply> send_signed(const Asking& ask, net::Request request, std::string_view what,
                                     const Sign& sign) {
  Time now = ask.options.now();
  for (bool corrected = false;; corrected = true) {
    sign(request, now);
    auto reply = send_patiently(ask, request, what);
    if (!reply || reply->status < 400 || reply->status >= 500 || corrected) return reply;
    const auto date = parse_date(net::find_header(reply->headers, "Date"));
    if (!date || std::chrono::abs(*date - now) < kSkew) return reply;
    now = *date;
  }
}

base::Error refusal(const net::Reply& reply, std::string_view what,
                    std::initializer_list<std::string_view> secrets) {
  const XmlError error = error_in_xml(reply.body);
  std::string why = one_line(error.message, secrets);
  // This one's message is the whole request.
  if (error.code == "SignatureDoesNotMatch") why = "is the secret access key right?";
  return {fault_of(reply, error.code), fmt::format("{}: {} {}{}{}", what, reply.status, error.code,
                                                   why.empty() ? "" : ": ", why)};
}

XmlError error_in_xml(std::string_view text) {
  const pugi::xml_document document = parse_xml(text);
  const pugi::xml_node code = document.find_node(
      [](const pugi::xml_node& node) { return node.name() == std::string_view("Code"); });
  return {one_line(code.child_value()), one_line(code.parent().child_value("Message"))};
}

base::Result<AwsCredentials> credentials_in_xml(std::string_view text, const char* path,
                                                std::string source) {
  const pugi::xml_document document = parse_xml(text);
  const pugi::xml_node found = document.first_element_by_path(path);
  const auto value = [&](const char* name) {
    return std::string(base::trim(found.child_value(name)));
  };
  const std::string expires = value("Expiration");
  return make_credentials(value("AccessKeyId"), value("SecretAccessKey"), value("SessionToken"),
                          expires, std::move(source));
}

std::string session_name(const AwsOptions& options) {
  return fmt::format("gopouch-{}", options.now().time_since_epoch().count());
}

Found ask_sts(const Asking& ask, const SharedFiles& files, std::string_view profile,
              const StsRequest& request) {
  const std::string region = region_of(ask.options, files, profile);
  auto url = endpoint_of(ask.options, files, profile, kSts, region, "/");
  if (!url) return base::Error{url.error().fault, request.what + ": " + url.error().message};

  std::string form = fmt::format("Action={}&Version=2011-06-15", request.action);
  for (const auto& [name, value] : request.parameters) {
    form += fmt::format("&{}={}", name, net::percent_encode(value));
  }
  const auto bytes = base::bytes_of(form);
  net::Request post;
  post.method = "POST";
  post.url = *std::move(url);
  post.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  post.body = net::Body{.bytes = bytes};

  const auto reply = send_signed(
      ask, std::move(post), request.what, [&](net::Request& unsigned_request, Time time) {
        if (request.signer == nullptr) return;
        sign_aws(unsigned_request, *request.signer, {region, "sts", time},
                 base::to_hex(base::sha256(bytes)));
      });
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return refusal(
        *reply, request.what,
        {request.secret,
         request.signer == nullptr ? std::string_view() : request.signer->session_token.reveal()});
  }
  const std::string path = fmt::format("{0}Response/{0}Result/Credentials", request.action);
  auto made = credentials_in_xml(reply->body, path.c_str(), request.source);
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
