// Credentials become a token: a signed statement, a refresh token or another provider's token is
// exchanged for it, and that perhaps for a service account's.
//
// Rules: "Using OAuth 2.0 for server to server applications" (RFC 7523), RFC 6749 section 6, RFC
// 8693 as "Security Token Service API" has it, generateAccessToken of the "IAM Service Account
// Credentials API".
#include <fmt/format.h>

#include "auth/google.h"
#include "auth/reply.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "crypto/crypto.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

namespace {

using nlohmann::json;
using Form = std::vector<std::pair<std::string_view, std::string>>;

// What a signed statement is for, wherever the token comes from in the end.
constexpr const char* kAudience = "https://oauth2.googleapis.com/token";
// All that who becomes a service account needs of its own token.
constexpr const char* kIamScope = "https://www.googleapis.com/auth/iam";
constexpr std::chrono::seconds kStatementLasts{3600};

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string base64(std::string_view text) {
  std::string encoded;
  base::append_base64(encoded, base::bytes_of(text));
  return encoded;
}

// RFC 7515, 2: the other alphabet, without padding.
std::string base64url(std::string_view text) {
  std::string encoded = base64(text);
  while (encoded.ends_with('=')) encoded.pop_back();
  for (char& letter : encoded) {
    if (letter == '+') letter = '-';
    if (letter == '/') letter = '_';
  }
  return encoded;
}

std::string encode(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (value.empty()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, net::percent_encode(value));
  }
  return text;
}

// Google's words for a refusal, in either of its shapes; none that hold what was sent.
std::string words_of(const net::Reply& reply, std::string_view sent) {
  const Fields flat = json_fields(reply.body);
  const Fields deep = json_fields(reply.body, "error");
  std::string words = field(flat, "error");
  for (const std::string& more :
       {field(flat, "error_description"), field(deep, "status"), field(deep, "message")}) {
    if (!more.empty()) words += (words.empty() ? "" : ": ") + more;
  }
  return one_line(words, {sent});
}

struct Exchange {
  net::Url url;
  std::vector<net::Header> headers;
  std::string body;
  std::string what;    // begins the message of an error
  std::string secret;  // must not appear there
};

base::Result<net::Reply> post(const GoogleAsking& ask, Exchange exchange) {
  net::Request request;
  request.method = "POST";
  request.url = std::move(exchange.url);
  request.headers = std::move(exchange.headers);
  request.body = net::Body{.bytes = base::bytes_of(exchange.body)};
  auto reply = send_patiently(ask, std::move(request), exchange.what);
  if (!reply || reply->status == 200) return reply;
  const std::string why = words_of(*reply, exchange.secret);
  return base::Error{
      fault_of_status(reply->status),
      fmt::format("{}: {}{}{}", exchange.what, reply->status, why.empty() ? "" : " ", why)};
}

base::Result<GoogleToken> post_form(const GoogleAsking& ask, const net::Url& url, const Form& form,
                                    std::string_view what, std::string secret,
                                    std::vector<net::Header> headers = {}) {
  headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  const auto reply =
      post(ask, {url, std::move(headers), encode(form), std::string(what), std::move(secret)});
  if (!reply) return reply.error();
  return token_in(reply->body, ask.options.now(), what);
}

base::Result<GoogleToken> of_service_account(const GoogleAsking& ask,
                                             const GoogleCredentials& account,
                                             const std::string& scope) {
  const std::string what = fmt::format("Google service account {}", one_line(account.email));
  const auto now = std::chrono::floor<std::chrono::seconds>(ask.options.now());
  json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.key_id.empty()) header["kid"] = account.key_id;
  const json claims{{"iss", account.email},
                    {"aud", kAudience},
                    {"scope", scope},
                    {"iat", now.time_since_epoch().count()},
                    {"exp", (now + kStatementLasts).time_since_epoch().count()}};
  const std::string statement = base64url(dump(header)) + "." + base64url(dump(claims));
  const auto signature = crypto::sign_rs256(account.private_key, statement);
  if (!signature) {
    return base::Error{signature.error().fault,
                       fmt::format("{}: {}", what, signature.error().message)};
  }
  const std::string assertion = statement + "." + base64url(*signature);
  return post_form(
      ask, account.token_url,
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}},
      what, assertion);
}

// The scope is the one that the user agreed to.
base::Result<GoogleToken> of_user(const GoogleAsking& ask, const GoogleCredentials& user) {
  auto token = post_form(ask, user.token_url,
                         {{"grant_type", "refresh_token"},
                          {"client_id", user.client_id},
                          {"client_secret", user.client_secret.reveal()},
                          {"refresh_token", user.refresh_token.reveal()}},
                         "Google user's login", user.refresh_token.reveal());
  if (!token && token.error().fault == base::Fault::kDenied) {
    return base::Error{base::Fault::kDenied,
                       token.error().message + "; run: gcloud auth application-default login"};
  }
  return token;
}

base::Result<GoogleToken> of_external(const GoogleAsking& ask, const GoogleCredentials& account,
                                      const std::string& scope) {
  const auto subject = subject_token_of(ask, account);
  if (!subject) return subject.error();
  Form form{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
            {"audience", account.audience},
            {"scope", scope},
            {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
            {"subject_token", subject->reveal()},
            {"subject_token_type", account.subject_token_type}};
  std::vector<net::Header> headers;
  if (!account.client_id.empty()) {
    headers.push_back({"Authorization", "Basic " + base64(account.client_id + ":" +
                                                          account.client_secret.reveal())});
  } else if (!account.workforce_project.empty()) {
    // Encoded once more than the form is: so the service wants it.
    form.emplace_back("options",
                      net::percent_encode(dump(json{{"userProject", account.workforce_project}})));
  }
  return post_form(ask, account.token_url, form, "Google external account", subject->reveal(),
                   std::move(headers));
}

base::Result<GoogleToken> as_service_account(const GoogleAsking& ask, const GoogleToken& from,
                                             const GoogleCredentials& account,
                                             const std::string& scope) {
  const std::string what = fmt::format("Google {}", describe(account));
  json body{{"scope", {scope}}, {"lifetime", fmt::format("{}s", account.lifetime)}};
  if (!account.delegates.empty()) body["delegates"] = account.delegates;
  const auto reply = post(ask, {*account.impersonation_url,
                                {{"Content-Type", "application/json"},
                                 {"Authorization", "Bearer " + from.token.reveal()}},
                                dump(body),
                                what,
                                from.token.reveal()});
  if (!reply) return reply.error();
  const Fields fields = json_fields(reply->body);
  const std::string token = field(fields, "accessToken");
  const auto expires = parse_time(field(fields, "expireTime"));
  if (token.empty() || !is_fit(token) || !expires) {
    return base::Error{base::Fault::kInvalid, what + ": the answer holds no token"};
  }
  return GoogleToken{.token = base::Secret(token), .expires = expires};
}

}  // namespace

base::Result<GoogleToken> token_in(std::string_view body, Time now, std::string_view what) {
  const Fields fields = json_fields(body);
  const std::string token = field(fields, "access_token");
  if (token.empty() || !is_fit(token)) {
    return base::Error{base::Fault::kInvalid, fmt::format("{}: the answer holds no token", what)};
  }
  GoogleToken made{.token = base::Secret(token)};
  const long long lasts = std::strtoll(field(fields, "expires_in").c_str(), nullptr, 10);
  constexpr long long kDay = 86400;
  if (lasts > 0) made.expires = now + std::chrono::seconds(std::min(lasts, 365 * kDay));
  return made;
}

base::Result<GoogleToken> token_of(const GoogleAsking& ask, const GoogleCredentials& credentials,
                                   const std::string& scope) {
  const std::string first = credentials.impersonation_url ? kIamScope : scope;
  base::Result<GoogleToken> token = base::Error{};
  switch (credentials.kind) {
    case GoogleKind::kServiceAccount:
      return of_service_account(ask, credentials, scope);
    case GoogleKind::kAuthorizedUser:
      return of_user(ask, credentials);
    case GoogleKind::kExternalAccount:
      token = of_external(ask, credentials, first);
      break;
    case GoogleKind::kImpersonated:
      token = token_of(ask, *credentials.from, first);
      break;
  }
  if (!token || !credentials.impersonation_url) return token;
  return as_service_account(ask, *token, credentials, scope);
}

}  // namespace gopouch::auth
