// A token that somebody else signed (Kubernetes, a CI), in a file, is exchanged for a role. The
// file is read each time anew: it is replaced before it ends.
#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/service.h"
#include "base/text.h"

namespace gopouch::auth {

Found from_web_identity(const Asking& ask, const SharedFiles& files, std::string_view profile,
                        bool with_environment) {
  const auto said_of = [&](std::string_view name, std::string_view key) {
    auto value = with_environment ? variable(ask.options, name) : std::nullopt;
    return value ? value : files.setting(profile, key);
  };
  const auto path = said_of("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (!path) return std::optional<AwsCredentials>();
  const auto role = said_of("AWS_ROLE_ARN", "role_arn");
  if (!role) {
    return base::Error{base::Fault::kInvalid,
                       "AWS web identity: there is a token file, but no role: set AWS_ROLE_ARN"};
  }
  const std::string what = fmt::format("AWS web identity, role {}", one_line(*role));
  auto text = read_small_file(*path);
  if (!text) return base::Error{text.error().fault, what + ": " + text.error().message};
  if (!*text)
    return base::Error{base::Fault::kInvalid,
                       fmt::format("{}: {}: there is no such file", what, *path)};
  std::string token(base::trim(**text));
  if (token.empty()) {
    return base::Error{base::Fault::kInvalid, fmt::format("{}: {}: is empty", what, *path)};
  }

  const auto name = said_of("AWS_ROLE_SESSION_NAME", "role_session_name");
  StsRequest request{
      .action = "AssumeRoleWithWebIdentity",
      .parameters = {{"RoleArn", *role},
                     {"RoleSessionName", name ? *name : session_name(ask.options)},
                     {"WebIdentityToken", token}},
      .source = fmt::format("web identity, role {}", one_line(*role)),
      .what = what,
      .secret = token,
  };
  return ask_sts(ask, files, profile, request);
}

}  // namespace gopouch::auth
