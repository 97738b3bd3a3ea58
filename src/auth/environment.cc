// The variables that say it all. Only one of the two keys is a mistake that must not be passed
// over: whoever set it means to use it.
#include "auth/reply.h"
#include "auth/source.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

// Without the line break that a variable made by $(cat file) or a web form may end with.
std::string value_of(const AwsOptions& options, std::string_view name) {
  return std::string(base::trim(variable(options, name).value_or("")));
}

}  // namespace

Found from_environment(const AwsOptions& options) {
  std::string id = value_of(options, "AWS_ACCESS_KEY_ID");
  std::string secret = value_of(options, "AWS_SECRET_ACCESS_KEY");
  if (id.empty() && secret.empty()) return std::optional<AwsCredentials>();
  if (id.empty() || secret.empty()) {
    return base::Error{base::Fault::kInvalid,
                       id.empty() ? "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"
                                  : "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"};
  }
  std::string token = value_of(options, "AWS_SECURITY_TOKEN");  // its name of old
  if (token.empty()) token = value_of(options, "AWS_SESSION_TOKEN");
  auto made = make_credentials(std::move(id), std::move(secret), std::move(token),
                               value_of(options, "AWS_CREDENTIAL_EXPIRATION"), "environment");
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
