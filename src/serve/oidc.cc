#include "serve/oidc.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/log.h"

#include <nlohmann/json.hpp>

namespace gopouch::serve {

namespace {

using base::Error;
using base::Fault;
using Json = nlohmann::json;

constexpr std::size_t kLongestToken = 16'384;
constexpr std::size_t kMostKeys = 100;
constexpr std::chrono::seconds kLeeway{30};    // clocks differ
constexpr std::chrono::seconds kFresh{3600};   // keys are believed so long
constexpr std::chrono::seconds kPatience{30};  // between two questions for a key
constexpr std::chrono::seconds kAskTime{10};
constexpr std::chrono::seconds kSessionTime{3600};
constexpr std::size_t kMostSessions = 100'000;

Error invalid(std::string_view why) { return {Fault::kInvalid, std::string(why)}; }

// RFC 4648, 5, without padding.
std::optional<std::string> decode_url64(std::string_view text) {
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (standard.size() % 4 != 0) standard += '=';
  const auto size = base::decode_base64(standard, reinterpret_cast<std::uint8_t*>(standard.data()));
  if (!size) return std::nullopt;
  standard.resize(*size);
  return standard;
}

// A member that is a string; empty where it is none.
std::string text_in(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool fits(const Json& claim, std::string_view pattern) {
  if (claim.is_array()) {
    return std::any_of(claim.begin(), claim.end(),
                       [&](const Json& one) { return one.is_string() && fits(one, pattern); });
  }
  if (claim.is_string()) return matches(pattern, claim.get_ref<const std::string&>());
  return (claim.is_boolean() || claim.is_number()) && matches(pattern, claim.dump());
}

bool fits(const Json& claims, const std::string& name, std::string_view pattern) {
  const auto found = claims.find(name);
  return found != claims.end() && fits(*found, pattern);
}

std::string random_token() {
  std::array<std::uint8_t, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) return {};
  return "gopouch_" + base::to_hex(bytes);
}

}  // namespace

base::Result<IdToken> parse_id_token(std::string_view text) {
  const std::size_t first = text.find('.'), last = text.rfind('.');
  if (text.size() > kLongestToken || first == std::string_view::npos || first == last ||
      text.find('.', first + 1) != last) {
    return invalid("no ID token");
  }
  const auto head = decode_url64(text.substr(0, first));
  auto claims = decode_url64(text.substr(first + 1, last - first - 1));
  auto signature = decode_url64(text.substr(last + 1));
  if (!head || !claims || !signature) return invalid("no ID token");
  const Json header = Json::parse(*head, nullptr, false);
  // Extensions that must be understood are none that we understand (RFC 7515, 4.1.11).
  if (!header.is_object() || header.contains("crit")) return invalid("no ID token");
  return IdToken{text_in(header, "alg"), text_in(header, "kid"), *std::move(claims),
                 text.substr(0, last), *std::move(signature)};
}

base::Result<std::vector<IssuerKey>> parse_keys(std::string_view json) {
  const Json set = Json::parse(json, nullptr, false);
  const auto list = set.is_object() ? set.find("keys") : set.end();
  if (!set.is_object() || list == set.end() || !list->is_array()) return invalid("no JWK set");
  std::vector<IssuerKey> keys;
  for (const Json& one : *list) {
    if (keys.size() == kMostKeys) break;
    const std::string use = text_in(one, "use"), said = text_in(one, "alg");
    const std::string kind = text_in(one, "kty");
    const std::string algorithm = kind == "RSA" ? "RS256" : kind == "EC" ? "ES256" : "";
    if (algorithm.empty() || (!use.empty() && use != "sig") ||
        (!said.empty() && said != algorithm)) {
      continue;
    }
    const bool rsa = kind == "RSA";
    if (!rsa && text_in(one, "crv") != "P-256") continue;
    const auto a = decode_url64(text_in(one, rsa ? "n" : "x"));
    const auto b = decode_url64(text_in(one, rsa ? "e" : "y"));
    if (!a || !b) continue;
    auto key = rsa ? crypto::PublicKey::rsa(*a, *b) : crypto::PublicKey::p256(*a, *b);
    if (key) keys.push_back({text_in(one, "kid"), algorithm, *std::move(key)});
  }
  return keys;
}

Pass pass_for(std::string_view claims, std::span<const IssuerRow> rows, WallTime now) {
  const Json all = Json::parse(claims, nullptr, false);
  if (!all.is_object()) return {};
  const auto time_of = [&](const char* name) -> std::optional<WallTime> {
    const auto found = all.find(name);
    if (found == all.end() || !found->is_number()) return std::nullopt;
    const double seconds = std::clamp(found->get<double>(), 0.0, 9e9);
    return WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
  };
  const auto end = time_of("exp");
  const auto start = time_of("nbf");
  if (!end || *end + kLeeway <= now || (start && *start - kLeeway > now)) return {};
  Pass pass;
  for (const IssuerRow& row : rows) {
    if (row.issuer != text_in(all, "iss")) continue;
    bool all_fit = true;
    for (const auto& [name, pattern] : row.claims) {
      const bool fit = fits(all, name, pattern);
      // Whom a token is for decides whether it is one for us at all.
      if (name == "aud" && fit) pass.known = true;
      all_fit = all_fit && fit;
    }
    if (all_fit) pass.grants.push_back(row.grant);
  }
  return pass;
}

Pass Issuers::pass_of(const std::string& token, std::span<const IssuerRow> rows) {
  if (rows.empty()) return {};
  const auto parsed = parse_id_token(token);
  if (!parsed) return {};
  // What it says of itself is only whom to ask, and only those of the file are asked.
  const std::string issuer = text_in(Json::parse(parsed->claims, nullptr, false), "iss");
  const bool ours = std::any_of(rows.begin(), rows.end(),
                                [&](const IssuerRow& row) { return row.issuer == issuer; });
  if (!ours) return {};
  const auto key = key_of(issuer, *parsed);
  if (!key || !key->verifies(parsed->signed_part, parsed->signature)) return {};
  return pass_for(parsed->claims, rows, std::chrono::system_clock::now());
}

std::shared_ptr<const crypto::PublicKey> Issuers::key_of(const std::string& issuer,
                                                         const IdToken& token) {
  // Held while the issuer is asked: all who wait want the answer.
  auto known = known_.lock();
  const auto find = [&]() -> std::shared_ptr<const crypto::PublicKey> {
    for (const IssuerKey& one : (*known)[issuer].keys) {
      if (one.algorithm == token.algorithm && one.id == token.key_id) return one.key;
    }
    return nullptr;
  };
  const bool never = known->count(issuer) == 0;
  const auto age = std::chrono::steady_clock::now() - (*known)[issuer].asked;
  auto key = find();
  if (!never && age < (key ? kFresh : kPatience)) return key;
  auto keys = ask(issuer);
  (*known)[issuer].asked = std::chrono::steady_clock::now();
  if (!keys) {
    base::log(base::LogLevel::kWarning, "http-tokens: issuer {}: {}", issuer, keys.error().message);
    return key;
  }
  (*known)[issuer].keys = *std::move(keys);
  return find();
}

base::Result<std::vector<IssuerKey>> Issuers::ask(const std::string& issuer) {
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  const auto about = get(base + "/.well-known/openid-configuration");
  if (!about) return about.error();
  const Json said = Json::parse(*about, nullptr, false);
  if (text_in(said, "issuer") != issuer) return invalid("its configuration is that of another");
  const auto keys = get(text_in(said, "jwks_uri"));
  if (!keys) return keys.error();
  return parse_keys(*keys);
}

base::Result<std::string> Issuers::get(const std::string& url) {
  net::Request request;
  auto parsed = net::parse_url(url);
  if (!parsed) return parsed.error();
  // Keys that came over an open line would be anybody's.
  if (parsed->scheme != "https" && !net::is_loopback(parsed->host)) {
    return invalid("its keys are not to be had by https");
  }
  request.url = *std::move(parsed);
  const auto reply = client_.send(request, base::Call::within(kAskTime));
  if (!reply) return reply.error();
  if (reply->status == 200) return reply->body;
  return Error{Fault::kUnavailable, fmt::format("{}: {}", request.url.text(), reply->status)};
}

void SessionTokens::give(http::Exchange& exchange, Pass pass) {
  const std::string token = random_token();
  const auto now = std::chrono::steady_clock::now();
  {
    auto given = given_.lock();
    std::erase_if(*given, [&](const auto& one) { return one.second.end <= now; });
    if (token.empty() || given->size() >= kMostSessions) {
      http::send_line(exchange, 503, "no token for now");
      return;
    }
    (*given)[base::sha256(base::bytes_of(token))] = {std::move(pass), now + kSessionTime};
  }
  const Json reply{
      {"access_token", token}, {"token_type", "Bearer"}, {"expires_in", kSessionTime.count()}};
  exchange.send({200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}},
                reply.dump() + "\n");
}

std::optional<Pass> SessionTokens::find(const base::Hash& hash) {
  auto given = given_.lock();
  const auto found = given->find(hash);
  if (found == given->end() || found->second.end <= std::chrono::steady_clock::now()) {
    return std::nullopt;
  }
  return found->second.pass;
}

}  // namespace gopouch::serve
