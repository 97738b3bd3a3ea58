// The file of tokens: who may what.
//
//   line   = [token right [prefix]] | ["oidc" issuer right [prefix] claim...] ["#" anything]
//   token  = printable characters without a space, or "sha256:" and the 64 hex digits of its hash
//   right  = "none" | "read" | "write"
//   prefix = what a key of /cache must begin with, in whole parts
//   claim  = name "=" pattern: what an ID token's claim must be; "*" in it stands for anything
//
// A token may stand in several lines. An issuer's lines need a pattern for "aud": its tokens are
// for many others, too. Of the lines that an ID token fits, all count.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "serve/serve.h"

namespace gopouch::serve {

struct TokenRow {
  base::Hash token;  // SHA-256 of it
  Grant grant;
};

struct IssuerRow {
  std::string issuer;
  std::vector<std::pair<std::string, std::string>> claims;  // name, pattern
  Grant grant;
};

struct TokenTable {
  std::vector<TokenRow> tokens;
  std::vector<IssuerRow> issuers;
  bool in_clear = false;  // a token stands there as it is
};

// kInvalid: "line 3: …", without the line's words.
base::Result<TokenTable> parse_tokens(std::string_view text);

// Whether `text` is what `pattern` says.
bool matches(std::string_view pattern, std::string_view text);

// What a request shows of itself: a bearer token, or the password of Basic, or its user where that
// is all there is; to a forward proxy in headers of its own. Empty: nothing.
std::string credential_of(const http::Request& request);

}  // namespace gopouch::serve
