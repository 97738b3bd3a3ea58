// Canonical request, string to sign, signing key, signature: a pure function of its arguments.
//
// Rules: "Create a signed AWS API request" of the IAM user guide, and for S3 "Signature
// Calculations for the Authorization Header" of its API reference: there the path is encoded once,
// elsewhere twice, and only there the hash of the body has a header. HMAC is RFC 2104.
#include "auth/sigv4.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

base::Hash hmac(std::span<const std::uint8_t> key, std::string_view text) {
  std::array<std::uint8_t, 64> inner{};
  if (key.size() > inner.size()) {
    const base::Hash hash = base::sha256(key);
    std::copy(hash.begin(), hash.end(), inner.begin());
  } else {
    std::copy(key.begin(), key.end(), inner.begin());
  }
  std::array<std::uint8_t, 64> outer = inner;
  for (std::uint8_t& byte : inner) byte ^= 0x36U;
  for (std::uint8_t& byte : outer) byte ^= 0x5CU;
  base::Sha256 inside;
  inside.update(inner);
  inside.update(base::bytes_of(text));
  const base::Hash hash = inside.finish();
  base::Sha256 outside;
  outside.update(outer);
  outside.update(hash);
  return outside.finish();
}

std::string hash_of(std::string_view text) {
  return base::to_hex(base::sha256(base::bytes_of(text)));
}

// "20130524T000000Z"
std::string stamp(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// Without white space at the ends, and with one space in the place of more inside.
std::string trim_all(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// As the other side will encode it; what no one can decode stays as it is.
std::string encoded_anew(std::string_view text) {
  const auto plain = net::percent_decode(text);
  return plain ? net::percent_encode(*plain) : std::string(text);
}

// Sorted by name, then by value, both encoded; a name alone has an empty value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t sign = std::min(pair.find('='), pair.size());
    const std::string_view value = sign < pair.size() ? pair.substr(sign + 1) : std::string_view();
    pairs.emplace_back(encoded_anew(pair.substr(0, sign)), encoded_anew(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

// Lower-case names in order, each with its values in the order of the request.
std::map<std::string, std::string> canonical_headers(const net::Request& request) {
  std::map<std::string, std::string> headers;
  headers["host"] = base::lower(request.url.authority());
  for (const net::Header& header : request.headers) {
    const auto [at, is_new] = headers.try_emplace(base::lower(header.name), trim_all(header.value));
    if (!is_new && at->first != "host") at->second += "," + trim_all(header.value);
  }
  return headers;
}

std::string canonical_path(std::string_view path, bool is_s3) {
  if (path.empty()) return "/";
  return is_s3 ? std::string(path) : net::percent_encode(path, "/");
}

}  // namespace

void sign_with(net::Request& request, const AwsCredentials& credentials, const AwsScope& scope,
               std::string_view payload, std::string_view token_header) {
  const bool is_s3 = scope.service == "s3" || scope.service == "s3express";
  const std::string time = stamp(scope.time);
  const std::string day = time.substr(0, 8);

  // A request that is sent again is signed anew.
  std::erase_if(request.headers, [](const net::Header& header) {
    const std::string name = base::lower(header.name);
    return name == "authorization" || name == "x-amz-date" || name == "x-amz-content-sha256" ||
           name == kTokenHeader || name == kSessionTokenHeader;
  });
  request.headers.push_back({"x-amz-date", time});
  if (is_s3) request.headers.push_back({"x-amz-content-sha256", std::string(payload)});
  if (!credentials.session_token.empty()) {
    request.headers.push_back({std::string(token_header), credentials.session_token.reveal()});
  }

  std::string fields, names;
  for (const auto& [name, value] : canonical_headers(request)) {
    fields += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request.url.path, is_s3),
                  canonical_query(request.url.query), fields, names, payload);

  const std::string where = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, where, hash_of(canonical));

  base::Hash key = hmac(base::bytes_of("AWS4" + credentials.secret_access_key.reveal()), day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  request.headers.push_back(
      {"Authorization",
       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                   credentials.access_key_id, where, names, base::to_hex(hmac(key, text)))});
}

void sign_aws(net::Request& request, const AwsCredentials& credentials, const AwsScope& scope,
              std::string_view payload) {
  sign_with(request, credentials, scope, payload,
            scope.service == "s3express" ? kSessionTokenHeader : kTokenHeader);
}

}  // namespace gopouch::auth
