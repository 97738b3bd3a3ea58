// Which credentials are ours: the first of these that is said anywhere, in the order of AWS's own
// command line (botocore's create_credential_resolver).
//
//   1. the environment: AWS_ACCESS_KEY_ID and its kin; a named profile does not go before them
//   2. a role of the profile (AWS_PROFILE, "default"): role_arn with source_profile, on to other
//      profiles, or with credential_source
//   3. web identity: AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, or the profile's
//   4. SSO: the profile's sso_session or sso_start_url
//   5. the credentials file
//   6. credential_process
//   7. the config file
//   8. a container's endpoint: ECS, EKS Pod Identity
//   9. the instance metadata service, when none of the above is said
//
// Once something is said the search is over, even if it does not work: other credentials than those
// that were meant could write into somebody else's bucket. Left out: the tools' own caches of
// roles, codes typed at a terminal (mfa_serial), sessions of `aws login`, boto's files of old.
#include "auth/kept.h"
#include "auth/source.h"

namespace gopouch::auth {

namespace {

constexpr Kept::Ends kEnds{std::chrono::minutes(5), std::chrono::minutes(1)};

Found find(const Asking& ask) {
  auto found = from_environment(ask.options);
  if (said(found)) return found;
  const auto files = SharedFiles::read(ask.options);
  if (!files) return base::Error{files.error().fault, "AWS files: " + files.error().message};
  found = from_profile(ask, *files);
  if (!said(found)) found = from_container(ask);
  if (!said(found)) found = from_instance(ask, *files);
  return found;
}

}  // namespace

struct AwsChain::Rep {
  Rep(AwsOptions given, net::Client& to) : options(std::move(given)), client(to) {}

  const AwsOptions options;
  net::Client& client;
  Kept kept{[this](const base::Call& call) {
              return find({options, client, call});
            },
            options.now, kEnds};
};

AwsChain::AwsChain(AwsOptions options, net::Client& client)
    : rep_(std::make_unique<Rep>(std::move(options), client)) {}

AwsChain::~AwsChain() = default;

base::Result<std::optional<AwsCredentials>> AwsChain::get(const base::Call& call) {
  return rep_->kept.get(call);
}

void AwsChain::renew() { rep_->kept.renew(); }

void AwsChain::renew(const AwsCredentials& refused) { rep_->kept.renew(refused); }

const std::function<Time()>& AwsChain::clock() const { return rep_->options.now; }

}  // namespace gopouch::auth
