// A store on a plain HTTP server, from settings that are known to be right.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "object/backend.h"
#include "object/object.h"

namespace gopouch::object {

// How keys become paths below the base.
enum class HttpPaths {
  kPlain,     // BASE/KEY
  kBazel,     // BASE/ac/SHA-256 of KEY, in hex: servers of Bazel's cache take no other names
  kGoCacher,  // BASE/KEY, and only those keys that such a server knows
};

struct HttpSettings {
  net::Url base;  // no user, no query, no "/" at its end
  HttpPaths paths = HttpPaths::kPlain;
  std::vector<net::Header> headers;  // of each request; may be secret
  std::string user;                  // of basic authorization; empty: none
  base::Secret password;
  base::Secret token;      // of bearer authorization; empty: none
  std::string token_file;  // where it stands, read for each request: others renew it; empty: none
};

// kInvalid with one line for the user.
base::Result<HttpSettings> read_http_settings(const net::Url& url, const Parameters& parameters,
                                              const Options& options);

// Touches neither network nor disk.
std::unique_ptr<Store> make_http_store(HttpSettings settings, const net::Options& net);

}  // namespace gopouch::object
