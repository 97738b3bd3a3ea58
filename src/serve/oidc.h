// ID tokens of CI systems (OpenID Connect Core 1.0; RFC 7519, 7515, 7517): whether one is true, and
// what the lines of its issuer grant to it.
//
// An issuer is asked for its keys when the first of its tokens comes, and again for a key that is
// not known, but not all the time. Signatures: RS256 and ES256, by what the issuer says of the key;
// what the token says of itself only chooses between them.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "crypto/crypto.h"
#include "net/net.h"
#include "serve/tokens.h"

namespace gopouch::serve {

using WallTime = std::chrono::system_clock::time_point;

// An ID token as it is written, taken apart; nothing of it is believed yet.
struct IdToken {
  std::string algorithm, key_id;  // of its header
  std::string claims;             // JSON
  std::string_view signed_part;   // of the text that was parsed
  std::string signature;          // raw
};
// kInvalid: it is none.
base::Result<IdToken> parse_id_token(std::string_view text);

// One of an issuer's keys, with the algorithm that it is for.
struct IssuerKey {
  std::string id, algorithm;
  std::shared_ptr<const crypto::PublicKey> key;
};
// Those of a JWK set that we know how to use. kInvalid: it is none.
base::Result<std::vector<IssuerKey>> parse_keys(std::string_view json);

// What an issuer's rows grant to claims that are true; `now` against exp and nbf.
Pass pass_for(std::string_view claims, std::span<const IssuerRow> rows, WallTime now);

// Safe for concurrent use.
class Issuers {
 public:
  explicit Issuers(net::Options net) : client_(std::move(net)) {}

  // Asks the issuer where that is needed. Not known: no ID token, or not one to be believed.
  Pass pass_of(const std::string& token, std::span<const IssuerRow> rows);

 private:
  struct Known {
    std::vector<IssuerKey> keys;
    std::chrono::steady_clock::time_point asked;
  };
  std::shared_ptr<const crypto::PublicKey> key_of(const std::string& issuer, const IdToken& token);
  base::Result<std::vector<IssuerKey>> ask(const std::string& issuer);
  base::Result<std::string> get(const std::string& url);

  net::Client client_;
  base::Guarded<std::map<std::string, Known>> known_;
};

// Tokens that were given in exchange. In memory alone: after a restart they are unknown. Safe for
// concurrent use.
class SessionTokens {
 public:
  // Answers with a new one, as JSON: {"access_token": …, "token_type": "Bearer", "expires_in": …}.
  void give(http::Exchange& exchange, Pass pass);
  std::optional<Pass> find(const base::Hash& hash);

 private:
  struct Given {
    Pass pass;
    std::chrono::steady_clock::time_point end;
  };
  base::Guarded<std::map<base::Hash, Given>> given_;
};

}  // namespace gopouch::serve
