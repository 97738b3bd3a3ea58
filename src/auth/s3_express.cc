// CreateSession of the S3 API reference: a GET of "/?session" on the bucket, signed for the service
// "s3express" by whoever we are; the answer is good for five minutes and for this bucket alone.
#include <atomic>

#include <fmt/format.h>

#include "auth/kept.h"
#include "auth/reply.h"
#include "auth/service.h"
#include "auth/sigv4.h"
#include "base/hash.h"

namespace gopouch::auth {

namespace {

constexpr Kept::Ends kEnds{std::chrono::seconds(60), std::chrono::seconds(15)};
constexpr const char* kPath = "CreateSessionResult/Credentials";

bool is_stale(std::string_view code) { return code == "ExpiredToken" || code == "InvalidToken"; }

// Nothing of the environment matters here.
AwsOptions clock_alone(const AwsChain& chain) {
  AwsOptions options;
  options.now = chain.clock();
  return options;
}

}  // namespace

struct ExpressSession::Rep {
  Rep(AwsChain& who, net::Client& to, net::Url where, std::string in)
      : chain(who), client(to), bucket(std::move(where)), region(std::move(in)) {}

  base::Result<net::Reply> create(const Asking& ask, const AwsCredentials& credentials,
                                  std::string_view mode, const std::string& what) const {
    net::Request get;
    get.url = bucket;
    get.url.path = "/";
    get.url.query = "session";
    get.headers = {{"x-amz-create-session-mode", std::string(mode)}};
    return send_signed(ask, std::move(get), what, [&](net::Request& request, Time time) {
      sign_with(request, credentials, {region, "s3express", time}, base::to_hex(base::sha256({})),
                kTokenHeader);
    });
  }

  // Who may not write may still read.
  base::Result<net::Reply> create_any(const Asking& ask, const AwsCredentials& credentials,
                                      const std::string& what) {
    if (!read_only) {
      auto reply = create(ask, credentials, "ReadWrite", what);
      if (!reply || reply->status != 403 || error_in_xml(reply->body).code != "AccessDenied") {
        return reply;
      }
    }
    auto reply = create(ask, credentials, "ReadOnly", what);
    if (reply && reply->status == 200) read_only = true;
    return reply;
  }

  // Once more where what we showed was good once, and there is something newer.
  Found fetch(const base::Call& call) {
    auto credentials = chain.get(call);
    if (!credentials.ok() || !*credentials) return credentials;
    const std::string what = fmt::format("S3 Express session of {}", bucket.host);
    auto reply = create_any({options, client, call}, **credentials, what);
    if (reply && reply->status != 200 && is_stale(error_in_xml(reply->body).code)) {
      chain.renew(**credentials);
      auto newer = chain.get(call);
      if (newer && *newer && (*newer)->session_token != (*credentials)->session_token) {
        credentials = std::move(newer);
        reply = create_any({options, client, call}, **credentials, what);
      }
    }
    if (!reply) return reply.error();
    if (reply->status != 200) {
      return refusal(*reply, what, {(*credentials)->session_token.reveal()});
    }
    auto made = credentials_in_xml(reply->body, kPath,
                                   fmt::format("S3 Express session by {}", (*credentials)->source));
    if (!made) return made.error();
    return std::optional(*std::move(made));
  }

  AwsChain& chain;
  net::Client& client;
  const net::Url bucket;
  const std::string region;
  const AwsOptions options = clock_alone(chain);
  std::atomic<bool> read_only = false;  // what we may do, once a refusal has told
  Kept kept{[this](const base::Call& call) { return fetch(call); }, options.now, kEnds};
};

ExpressSession::ExpressSession(AwsChain& chain, net::Client& client, net::Url bucket,
                               std::string region)
    : rep_(std::make_unique<Rep>(chain, client, std::move(bucket), std::move(region))) {}

ExpressSession::~ExpressSession() = default;

base::Result<std::optional<AwsCredentials>> ExpressSession::get(const base::Call& call) {
  return rep_->kept.get(call);
}

void ExpressSession::renew() { rep_->kept.renew(); }

void ExpressSession::renew(const AwsCredentials& refused) { rep_->kept.renew(refused); }

}  // namespace gopouch::auth
