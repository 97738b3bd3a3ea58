// The parts of Application Default Credentials, one file each; google_chain.cc asks them in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/google_credentials.h"
#include "auth/kept.h"
#include "auth/source.h"

namespace gopouch::auth {

// What a source of Google's tokens may use.
struct GoogleAsking {
  const GoogleOptions& options;
  net::Client& client;
  const base::Call& call;
  operator Line() const { return {client, call}; }  // NOLINT(google-explicit-constructor)
};

using FoundToken = KeptOf<GoogleToken>::Found;

// The token that such credentials stand for, by one request or several; without its quota project.
base::Result<GoogleToken> token_of(const GoogleAsking& ask, const GoogleCredentials& credentials,
                                   const std::string& scope);

// What an external account proves itself with: the other side's token, as its source gives it.
base::Result<base::Secret> subject_token_of(const GoogleAsking& ask,
                                            const GoogleCredentials& credentials);

// A signed GetCallerIdentity as the subject's token: AWS itself then says who we are there.
base::Result<base::Secret> aws_subject_token(const GoogleAsking& ask,
                                             const GoogleCredentials& credentials);

// The token of the machine's own service account. Nothing, where no such server can be reached.
FoundToken from_google_metadata(const GoogleAsking& ask);

// The token in a reply: `name` and when it ends, in seconds ("expires_in"). kInvalid where it is
// none.
base::Result<GoogleToken> token_in(std::string_view body, Time now, std::string_view what);

// The value of the field `name` in a JSON object; the text itself without white space at its ends,
// where `name` is empty. Empty: there is none.
std::string subject_in(std::string_view text, std::string_view name);

// What an executable printed: its token; kInvalid or kDenied with its own words, where it has none.
// `lasts` is set to whether it says when it ends; one that has ended is kUnavailable.
base::Result<base::Secret> subject_in_output(std::string_view text, Time now, bool& lasts);

}  // namespace gopouch::auth
