// Rules: the file's form and name as the AWS tools write it (SHA-1 of the session's name or of the
// start URL); CreateToken of the "AWS IAM Identity Center OIDC API Reference". A renewal that fails
// does no harm while the old token holds.
#include "auth/sso_token.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/service.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/hash.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

namespace {

using nlohmann::json;

constexpr std::chrono::minutes kAhead{5};  // a token is renewed when it has less left

std::string sha1_of(std::string_view text) {
  return base::to_hex(base::sha1(base::bytes_of(text)));
}

bool holds(const Fields& token, Time until) {
  const auto expires = parse_time(field(token, "expiresAt"));
  return expires && *expires > until;
}

// In place of the old file, in one step, for the user's eyes only. If it fails the next one renews
// again.
void replace_file(const std::string& path, const std::string& text) {
  std::string name = path + ".XXXXXX";
  const base::Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return;
  const auto bytes = base::bytes_of(text);
  if (!base::write_all(fd.get(), bytes).ok() || ::rename(name.c_str(), path.c_str()) != 0) {
    ::unlink(name.c_str());
  }
}

// The file with the new token in it; all else as it was.
std::string renewed_file(const std::string& old, const Fields& answer, Time expires) {
  json file = json::parse(old, nullptr, false);
  if (!file.is_object()) file = json::object();
  file["accessToken"] = field(answer, "accessToken");
  file["expiresAt"] = format_time(expires);
  const std::string refresh = field(answer, "refreshToken");
  if (!refresh.empty()) file["refreshToken"] = refresh;
  return file.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The new token; empty: there is no getting it this way.
base::Result<std::string> renewed(const Asking& ask, const SharedFiles& files,
                                  const SsoLogin& login, const std::string& path,
                                  const std::string& text) {
  const Fields old = json_fields(text);
  const Time now = ask.options.now();
  const auto registered = parse_time(field(old, "registrationExpiresAt"));
  const std::string id = field(old, "clientId");
  const std::string secret = field(old, "clientSecret");
  const std::string refresh = field(old, "refreshToken");
  if (id.empty() || secret.empty() || refresh.empty() || !registered || *registered <= now) {
    return std::string();
  }
  const std::string body = json{
      {"grantType", "refresh_token"},
      {"clientId", id},
      {"clientSecret", secret},
      {"refreshToken",
       refresh}}.dump(-1, ' ', false, json::error_handler_t::replace);
  auto url = endpoint_of(ask.options, files, login.profile, kOidc, login.region, "/token");
  if (!url) return url.error();
  net::Request request;
  request.method = "POST";
  request.url = *std::move(url);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = net::Body{.bytes = base::bytes_of(body)};
  const auto reply =
      send_patiently(ask, request, fmt::format("AWS SSO, profile {}", one_line(login.profile)));
  if (!reply) return reply.error();
  if (fault_of_status(reply->status) == base::Fault::kUnavailable) {
    return base::Error{base::Fault::kUnavailable,
                       fmt::format("AWS SSO, profile {}: renewing the token: status {}",
                                   one_line(login.profile), reply->status)};
  }
  const Fields answer = json_fields(reply->body);
  std::string token = field(answer, "accessToken");
  if (reply->status != 200 || token.empty()) return std::string();
  const long long seconds = std::strtoll(field(answer, "expiresIn").c_str(), nullptr, 10);
  constexpr long long kDay = 86400;
  replace_file(
      path,
      renewed_file(text, answer, now + std::chrono::seconds(std::clamp(seconds, 0LL, 365 * kDay))));
  return token;
}

}  // namespace

base::Error sso_login_needed(const SsoLogin& login, std::string_view why) {
  return {base::Fault::kDenied,
          fmt::format("AWS SSO, profile {}: {}; run: aws sso login --profile {}",
                      one_line(login.profile), why, one_line(login.profile))};
}

base::Result<base::Secret> sso_token(const Asking& ask, const SharedFiles& files,
                                     const SsoLogin& login) {
  const auto home = variable(ask.options, "HOME");
  if (!home) return base::Error{base::Fault::kInvalid, "AWS SSO: HOME is not set"};
  const std::string path =
      fmt::format("{}/.aws/sso/cache/{}.json", *home,
                  sha1_of(login.session.empty() ? login.start_url : login.session));
  const auto text = read_small_file(path);
  if (!text) return text.error();
  if (!*text) return sso_login_needed(login, "nobody has logged in");
  const Fields token = json_fields(**text);
  const std::string access = field(token, "accessToken");
  if (access.empty()) return sso_login_needed(login, "the stored token cannot be read");

  const Time now = ask.options.now();
  if (!login.session.empty() && !holds(token, now + kAhead)) {
    auto fresh = renewed(ask, files, login, path, **text);
    if (fresh && !fresh->empty()) return base::Secret(*std::move(fresh));
    if (!fresh && !holds(token, now)) return fresh.error();
  }
  if (!holds(token, now)) return sso_login_needed(login, "the login has expired");
  return base::Secret(access);
}

}  // namespace gopouch::auth
