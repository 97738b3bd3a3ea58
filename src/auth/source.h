// The places where credentials come from, one function and one file each; aws_chain.cc asks them in
// order. Each answers: these, nothing said here, or said and not usable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/auth.h"
#include "auth/kept.h"
#include "auth/shared_files.h"

namespace gopouch::auth {

// How somebody may be asked, and for how long.
struct Line {
  net::Client& client;
  const base::Call& call;
};

// What a source of AWS credentials may use.
struct Asking {
  const AwsOptions& options;
  net::Client& client;
  const base::Call& call;
  operator Line() const { return {client, call}; }  // NOLINT(google-explicit-constructor)
};

// True when the chain ends here: found, or in error.
inline bool said(const Found& found) { return !found.ok() || found->has_value(); }

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
Found from_environment(const AwsOptions& options);

// Profiles: what a profile says in any of its ways, in the AWS tools' order.
Found from_profile(const Asking& ask, const SharedFiles& files);

// aws_access_key_id and its kin, in the credentials file and in the config file.
Found from_credentials_file(const SharedFiles& files, std::string_view profile);
Found from_config_file(const SharedFiles& files, std::string_view profile);

// The token in a file, for a role. With `with_environment` AWS_WEB_IDENTITY_TOKEN_FILE,
// AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME go before the profile's web_identity_token_file, role_arn
// and role_session_name.
Found from_web_identity(const Asking& ask, const SharedFiles& files, std::string_view profile,
                        bool with_environment);

// sso_account_id and sso_role_name, with sso_session or sso_start_url.
Found from_sso(const Asking& ask, const SharedFiles& files, std::string_view profile);

// credential_process: the output of a command.
Found from_process(const Asking& ask, const SharedFiles& files, std::string_view profile);

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS and EKS Pod Identity.
Found from_container(const Asking& ask);

// Where that is, if the variables name a place that may be asked; nullopt: they name none.
base::Result<std::optional<net::Url>> container_url(const AwsOptions& options);

// The instance metadata service of EC2, version 2. Nothing, where it cannot be reached.
Found from_instance(const Asking& ask, const SharedFiles& files);

// What it says at a path: "/latest/meta-data/…". Nothing, as above.
base::Result<std::optional<std::string>> instance_text(const Asking& ask, const SharedFiles& files,
                                                       const std::string& path);

}  // namespace gopouch::auth
