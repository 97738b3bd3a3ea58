// Signing, and asking for another token where one is refused. Rules: gcs_access.h, dialect.h.
#include "object/gcs_access.h"

namespace gopouch::object {

namespace {

// Who is refused with a new token, too, is not helped by a newer one.
constexpr std::chrono::seconds kRenewPause{10};

}  // namespace

GcsAccess::GcsAccess(GcsPlace place, auth::GoogleOptions options, net::Client& client)
    : emulator_(place.emulator),
      dialect_(make_gcs_dialect(std::move(place))),
      chain_(std::move(options), client) {}

base::Result<std::shared_ptr<const Dialect>> GcsAccess::dialect(const base::Call& /*call*/) {
  return dialect_;
}

base::Result<Signed> GcsAccess::sign(net::Request& request, const std::string& /*sha256*/,
                                     const base::Call& call) {
  Signed how;
  how.anonymous = true;
  if (emulator_) return how;
  const auto found = chain_.get(call);
  if (!found) return found.error();
  if (!*found) return how;
  const auth::GoogleToken& token = **found;
  how.anonymous = false;
  {
    auto known = known_.lock();
    if (!known->token || known->token->token != token.token) {
      known->token = token;
      ++known->state;
    }
    how.state = known->state;
  }
  request.headers.push_back({"Authorization", "Bearer " + token.token.reveal()});
  if (!token.quota_project.empty()) {
    request.headers.push_back({"x-goog-user-project", token.quota_project});
  }
  return how;
}

void GcsAccess::note(const net::Reply& reply) {
  clock_.note(net::find_header(reply.headers, "Date"), chain_.clock());
}

bool GcsAccess::mend(const Judgement& judgement, const net::Reply& /*reply*/, const Signed& how) {
  if (judgement.remedy != Remedy::kCredentials || how.anonymous) return false;
  auto known = known_.lock();
  if (how.state != known->state) return true;  // there is another one by now
  const auto now = base::Call::Clock::now();
  if (known->renewed != base::Call::Clock::time_point() && now - known->renewed < kRenewPause) {
    return false;
  }
  known->renewed = now;
  ++known->state;
  chain_.renew(*known->token);
  return true;
}

base::Result<std::string> GcsAccess::who(const base::Call& call) {
  if (emulator_) return std::string("nowhere: STORAGE_EMULATOR_HOST is set");
  const auto found = chain_.get(call);
  if (!found) return found.error();
  if (!*found) return std::string("nowhere: requests are not signed");
  return (*found)->source;
}

}  // namespace gopouch::object
