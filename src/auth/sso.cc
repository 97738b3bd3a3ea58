// IAM Identity Center: the token of a login in the browser is exchanged for a role's credentials.
//
// Rules: "IAM Identity Center credential provider" of the AWS SDKs and Tools reference guide;
// GetRoleCredentials of its portal's API reference. Both ways to say it: an [sso-session] that
// profiles share, and the older sso_start_url in the profile itself.
#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/service.h"
#include "auth/sso_token.h"

namespace gopouch::auth {

namespace {

base::Error invalid(std::string_view profile, std::string_view why) {
  return {base::Fault::kInvalid, fmt::format("AWS SSO, profile {}: {}", one_line(profile), why)};
}

base::Result<SsoLogin> login_of(const SharedFiles& files, std::string_view profile) {
  SsoLogin login{.profile = std::string(profile),
                 .session = files.setting(profile, "sso_session").value_or(""),
                 .start_url = files.setting(profile, "sso_start_url").value_or(""),
                 .region = files.setting(profile, "sso_region").value_or("")};
  if (!login.session.empty()) {
    const Section* const session = files.sso_session(login.session);
    if (session == nullptr) {
      return invalid(profile, fmt::format("there is no [sso-session {}]", one_line(login.session)));
    }
    // What both say must be the same.
    const auto take = [session](const char* key, std::string& value) {
      const auto at = session->find(key);
      if (at == session->end()) return true;
      if (!value.empty() && value != at->second) return false;
      value = at->second;
      return true;
    };
    if (!take("sso_start_url", login.start_url) || !take("sso_region", login.region)) {
      return invalid(profile, "it and its sso-session disagree");
    }
  }
  if (login.start_url.empty()) return invalid(profile, "sso_start_url is missing");
  if (login.region.empty()) return invalid(profile, "sso_region is missing");
  return login;
}

}  // namespace

Found from_sso(const Asking& ask, const SharedFiles& files, std::string_view profile) {
  const auto account = files.setting(profile, "sso_account_id");
  const auto role = files.setting(profile, "sso_role_name");
  if (!account && !role) return std::optional<AwsCredentials>();
  if (!account) return invalid(profile, "sso_account_id is missing");
  if (!role) return invalid(profile, "sso_role_name is missing");
  const auto login = login_of(files, profile);
  if (!login) return login.error();
  const auto token = sso_token(ask, files, *login);
  if (!token) return token.error();

  auto url =
      endpoint_of(ask.options, files, profile, kSso, login->region, "/federation/credentials");
  if (!url) return url.error();
  net::Request request;
  request.url = *std::move(url);
  request.url.query = fmt::format("role_name={}&account_id={}", net::percent_encode(*role),
                                  net::percent_encode(*account));
  request.headers = {{"x-amz-sso_bearer_token", token->reveal()}};
  const std::string what =
      fmt::format("AWS SSO, profile {}, role {}", one_line(profile), one_line(*role));
  const auto reply = send_patiently(ask, std::move(request), what);
  if (!reply) return reply.error();
  if (reply->status == 401) return sso_login_needed(*login, "the login is no longer accepted");
  if (reply->status != 200) {
    const std::string why = one_line(field(json_fields(reply->body), "message"), {token->reveal()});
    return base::Error{
        fault_of_status(reply->status),
        fmt::format("{}: {}{}{}", what, reply->status, why.empty() ? "" : ": ", why)};
  }
  const Fields fields = json_fields(reply->body, "roleCredentials");
  auto made = make_credentials(
      field(fields, "accessKeyId"), field(fields, "secretAccessKey"), field(fields, "sessionToken"),
      "", fmt::format("profile {}, SSO role {}", one_line(profile), one_line(*role)));
  if (!made) return made.error();
  // Here the end is a number of milliseconds.
  const long long end = std::strtoll(field(fields, "expiration").c_str(), nullptr, 10);
  if (end > 0) made->expires = Time(std::chrono::milliseconds(end));
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
