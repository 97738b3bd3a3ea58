// A Redis as a store: what its URL says, and the store itself.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "object/backend.h"
#include "object/redis_client.h"

namespace gopouch::object {

struct RedisSettings {
  RedisPlace place;
  RedisPoolOptions connections;
  // Before all keys, with its separator at the end: "team:ci:"; empty: none.
  std::string prefix;
  // In place of the "/" in keys: "v1:e:…".
  char separator = ':';
  bool plain = false;           // values are never cut, nor is one taken for a header of parts
  std::chrono::seconds ttl{0};  // of what is put; 0: for good
  std::string name;             // "redis://host:6379/team/ci"
};

// Checks the URL and the options; asks nobody. kInvalid: one line for the user.
base::Result<RedisSettings> read_redis_settings(const net::Url& url, const Parameters& parameters,
                                                const Options& options);

std::unique_ptr<Store> make_redis_store(RedisSettings settings);

}  // namespace gopouch::object
