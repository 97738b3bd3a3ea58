// Finding the bucket, signing, and learning from refusals. Rules: s3_access.h, dialect.h.
#include "object/s3_access.h"

#include <fmt/format.h>

#include "object/body.h"
#include "object/s3_dialect.h"
#include "object/times.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

// A server's seconds and a slow line make no other clock.
constexpr std::chrono::minutes kSameClock{1};
// Who is refused with new credentials, too, is not helped by newer ones.
constexpr std::chrono::seconds kRenewPause{10};

// The keys in the place where the chain looks first, and no profile to go before them.
auth::AwsOptions with_keys(const S3AccessOptions& options) {
  auth::AwsOptions aws = options.aws;
  if (!options.keys) return aws;
  aws.env = [keys = *options.keys,
             env = options.aws.env](std::string_view name) -> std::optional<std::string> {
    if (name == "AWS_ACCESS_KEY_ID") return keys.access_key_id;
    if (name == "AWS_SECRET_ACCESS_KEY") return keys.secret_access_key.reveal();
    if (name == "AWS_SESSION_TOKEN") return keys.session_token.reveal();
    if (name == "AWS_PROFILE" || !env) return std::nullopt;
    return env(name);
  };
  return aws;
}

}  // namespace

S3Access::S3Access(S3Settings settings, S3AccessOptions options, net::Client& client)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      client_(client),
      chain_(with_keys(options_), client) {}

base::Result<std::shared_ptr<const Dialect>> S3Access::dialect(const base::Call& call) {
  constexpr milliseconds kLook{50};  // at the call's stop, which wakes nobody
  auto known = known_.lock();
  while (known->asking) {
    if (call.over()) return Error{Fault::kTimeout, "the bucket's region is not known yet"};
    known.wait_until(found_out_, base::Call::Clock::now() + kLook,
                     [](const Known& now) { return !now.asking; });
  }
  if (known->dialect) return known->dialect;

  known->asking = true;
  S3Place place;
  base::Status found = base::Done{};
  known.unlocked([&] { found = find_out(place, call); });
  known->asking = false;
  found_out_.notify_all();
  if (!found) return found.error();
  known->place = std::move(place);
  adopt(*known);
  return known->dialect;
}

base::Status S3Access::find_out(S3Place& place, const base::Call& call) {
  S3Settings settings = settings_;
  if (auto found = look_up(settings, options_.aws); !found) return found;
  place = std::move(settings.place);
  return place.region.empty() ? ask_region(place, call) : base::Done{};
}

// The answer names the region whether or not we may ask ("HeadBucket", Amazon S3 API reference).
base::Status S3Access::ask_region(S3Place& place, const base::Call& call) {
  S3Place anywhere = place;
  auto endpoint = net::parse_url(options_.global_endpoint);
  if (!endpoint) return endpoint.error();
  anywhere.endpoint = *std::move(endpoint);
  net::Request request;
  request.method = "HEAD";
  request.url = anywhere.url();
  if (request.url.path.empty()) request.url.path = "/";
  const auto reply = client_.send(request, call);
  if (!reply) return reply.error();
  place.region = net::find_header(reply->headers, "x-amz-bucket-region");
  if (!place.region.empty()) return base::Done{};
  if (reply->status == 404) return Error{Fault::kInvalid, "404: there is no such bucket"};
  if (reply->status >= 500 || reply->status == 429) {
    return Error{Fault::kUnavailable,
                 fmt::format("{} to the question for its region", reply->status)};
  }
  return Error{Fault::kInvalid, "its region is not known: say it with ?region= or AWS_REGION"};
}

// All that hangs on the place.
void S3Access::adopt(Known& known) {
  known.dialect = make_s3_dialect(known.place);
  known.session.reset();
  if (known.place.express) {
    known.session = std::make_shared<auth::ExpressSession>(chain_, client_, known.place.url(),
                                                           known.place.region);
  }
}

base::Result<Signed> S3Access::sign(net::Request& request, const std::string& sha256,
                                    const base::Call& call) {
  Signed how;
  auth::AwsScope scope;
  std::shared_ptr<auth::ExpressSession> session;
  {
    auto known = known_.lock();
    how.state = known->state;
    session = known->session;
    scope = {.region = known->place.region,
             .service = session ? "s3express" : "s3",
             .time = options_.aws.now() + known->clock_offset};
  }
  auto found = session ? session->get(call) : chain_.get(call);
  if (!found) return found.error();
  if (!*found) {
    how.anonymous = true;
    return how;
  }
  // Under TLS the bytes need no second proof; in the clear they do.
  std::string payload(auth::kUnsignedPayload);
  if (request.url.scheme != "https") {
    const auto hash = hash_of(request.body.value_or(net::Body{}), sha256);
    if (!hash) return hash.error();
    payload = base::to_hex(*hash);
  }
  auth::sign_aws(request, **found, scope, payload);
  how.by = std::make_shared<const auth::AwsCredentials>(**std::move(found));
  return how;
}

void S3Access::note(const net::Reply& reply) {
  clock_.note(net::find_header(reply.headers, "Date"), options_.aws.now);
}

bool S3Access::mend(const Judgement& judgement, const net::Reply& reply, const Signed& how) {
  auto known = known_.lock();
  if (how.state != known->state) return true;  // somebody has learnt something since
  switch (judgement.remedy) {
    case Remedy::kNone:
      return false;
    case Remedy::kRegion:
      known->place.region = judgement.hint;
      break;
    case Remedy::kClock: {
      const auto theirs = net::parse_http_time(net::find_header(reply.headers, "Date"));
      if (!theirs) return false;
      const auto offset = *theirs - options_.aws.now();
      if (abs(offset - known->clock_offset) < kSameClock) return false;
      known->clock_offset = offset;
      break;
    }
    case Remedy::kCredentials: {
      const auto now = base::Call::Clock::now();
      const bool again =
          known->renewed != base::Call::Clock::time_point() && now - known->renewed < kRenewPause;
      if (again || how.anonymous) return false;
      known->renewed = now;
      // Others may be in hand by now, renewed ahead, and need not be given up.
      const auto& refused = *static_cast<const auth::AwsCredentials*>(how.by.get());
      known->session ? known->session->renew(refused) : chain_.renew(refused);
      break;
    }
    case Remedy::kSimpler:
      if (judgement.hint == kWithoutChecksum) known->place.checksums = false;
      if (judgement.hint == kWithoutPrecondition) known->place.preconditions = false;
      if (judgement.hint == kWithoutRemoveAll) known->place.remove_all = false;
      break;
  }
  ++known->state;
  if (judgement.remedy == Remedy::kRegion) {
    adopt(*known);
  } else {
    known->dialect = make_s3_dialect(known->place);
  }
  return judgement.hint != kWithoutRemoveAll;  // which becomes other operations
}

base::Result<std::string> S3Access::who(const base::Call& call) {
  const auto found = chain_.get(call);
  if (!found) return found.error();
  if (!*found) return std::string("nowhere: requests are not signed");
  return options_.keys ? std::string("settings") : (*found)->source;
}

}  // namespace gopouch::object
