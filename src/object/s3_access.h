// Who signs for an S3 bucket, and what its store has taught: region, clock, what it does not know.
//
// Nothing is looked up before the first operation: then the profile is read, and where nobody names
// a region, AWS is asked for the bucket's (the answer to an unsigned HEAD carries it).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "auth/auth.h"
#include "base/guarded.h"
#include "object/dialect.h"
#include "object/s3_place.h"
#include "object/times.h"

namespace gopouch::object {

// Keys that were given to us, and go before what the AWS tools would find.
struct S3Keys {
  std::string access_key_id;
  base::Secret secret_access_key;
  base::Secret session_token;
};

struct S3AccessOptions {
  auth::AwsOptions aws;
  std::optional<S3Keys> keys = std::nullopt;
  // Where any bucket's region can be asked for.
  std::string global_endpoint = "https://s3.amazonaws.com";
};

class S3Access final : public Authorizer {
 public:
  // `client` must outlive it.
  S3Access(S3Settings settings, S3AccessOptions options, net::Client& client);

  base::Result<std::shared_ptr<const Dialect>> dialect(const base::Call& call) override;
  base::Result<Signed> sign(net::Request& request, const std::string& sha256,
                            const base::Call& call) override;
  void note(const net::Reply& reply) override;
  bool mend(const Judgement& judgement, const net::Reply& reply, const Signed& how) override;

  // Where the credentials come from, without them.
  base::Result<std::string> who(const base::Call& call);

  // The server's time less ours, by the first of its replies; nullopt: there was none.
  std::optional<std::chrono::milliseconds> clock_offset() const { return clock_.offset(); }

 private:
  struct Known {
    std::shared_ptr<const Dialect> dialect;  // shared with the operations under way; null: not yet
    S3Place place;
    std::shared_ptr<auth::ExpressSession> session;  // likewise; null: not of a directory bucket
    std::chrono::milliseconds clock_offset{0};      // the server's time less ours
    int state = 1;
    bool asking = false;  // somebody finds out where the bucket is
    base::Call::Clock::time_point renewed;
  };

  base::Status find_out(S3Place& place, const base::Call& call);
  base::Status ask_region(S3Place& place, const base::Call& call);
  void adopt(Known& known);

  const S3Settings settings_;
  const S3AccessOptions options_;
  net::Client& client_;
  auth::AwsChain chain_;
  base::Guarded<Known> known_;
  std::condition_variable found_out_;
  ClockSeen clock_;  // for doctor, not for signing
};

}  // namespace gopouch::object
