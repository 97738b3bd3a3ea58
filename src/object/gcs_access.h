// Who signs for a bucket of Google Cloud Storage: the bearer of Application Default Credentials.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "auth/auth.h"
#include "base/guarded.h"
#include "object/dialect.h"
#include "object/gcs_dialect.h"
#include "object/times.h"

namespace gopouch::object {

class GcsAccess final : public Authorizer {
 public:
  // `client` must outlive it.
  GcsAccess(GcsPlace place, auth::GoogleOptions options, net::Client& client);

  base::Result<std::shared_ptr<const Dialect>> dialect(const base::Call& call) override;
  base::Result<Signed> sign(net::Request& request, const std::string& sha256,
                            const base::Call& call) override;
  void note(const net::Reply& reply) override;
  bool mend(const Judgement& judgement, const net::Reply& reply, const Signed& how) override;

  // As in backend.h.
  base::Result<std::string> who(const base::Call& call);
  std::optional<std::chrono::milliseconds> clock_offset() const { return clock_.offset(); }

 private:
  const bool emulator_;
  const std::shared_ptr<const Dialect> dialect_;  // shared with the operations under way
  auth::GoogleChain chain_;
  struct Known {
    std::optional<auth::GoogleToken> token;  // the last one that signed
    int state = 1;                           // grows with each token, and when one is refused
    base::Call::Clock::time_point renewed;
  };
  base::Guarded<Known> known_;
  ClockSeen clock_;
};

}  // namespace gopouch::object
