// The token that `aws sso login` leaves on disk, in ~/.aws/sso/cache: read, and renewed where it
// can be without a browser.
#pragma once

#include <string>
#include <string_view>

#include "auth/source.h"

namespace gopouch::auth {

struct SsoLogin {
  std::string profile;  // for messages and for the endpoint's settings
  std::string session;  // sso_session; empty: the older way, by start URL alone
  std::string start_url;
  std::string region;
};

// A token that holds for now: from the file, or renewed with its refresh token (sessions only) and
// then in the file as well, for the AWS tools. kDenied where only the user can help.
base::Result<base::Secret> sso_token(const Asking& ask, const SharedFiles& files,
                                     const SsoLogin& login);

// What the user has to do when a token is no use.
base::Error sso_login_needed(const SsoLogin& login, std::string_view why);

}  // namespace gopouch::auth
