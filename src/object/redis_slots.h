// Where keys lie in a Redis Cluster. Rules: "Redis cluster specification", key distribution model.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/redis_reply.h"

namespace gopouch::object {

struct RedisAddress {
  std::string host;
  int port = 0;
  bool operator==(const RedisAddress&) const = default;
  std::string text() const;  // "host:6379", "[::1]:6379"
};

// "host:port" as the server writes it, an IPv6 address without brackets; the host may be empty.
std::optional<RedisAddress> parse_redis_address(std::string_view text);

inline constexpr std::size_t kRedisSlots = 16384;

// What is hashed of a key: the text in its first braces, if there is any, else all of it.
std::string_view redis_hash_tag(std::string_view key);
std::size_t redis_slot(std::string_view key);

// Which node serves what. Without a Cluster one node serves everything.
struct RedisMap {
  std::vector<RedisAddress> nodes;  // the masters
  // By slot, the place in `nodes`; kNobody: no node has it. Empty: the first node serves all.
  std::vector<std::uint16_t> owners;

  static constexpr std::uint16_t kNobody = UINT16_MAX;
  bool cluster() const { return !owners.empty(); }
  // Null: no node is known.
  const RedisAddress* find(std::string_view key) const;
  // From now on `address` has the slot.
  void move(std::size_t slot, const RedisAddress& address);
};

// The answer to CLUSTER SLOTS, given by `from`, whose host stands for those that it does not name.
// kCorrupt: it is none.
base::Result<RedisMap> parse_cluster_slots(const RedisReply& reply, const RedisAddress& from);

// "MOVED 3999 127.0.0.1:6381" and "ASK …", said by `from`; nullopt: another error.
struct RedisRedirect {
  bool ask = false;  // this once, after ASKING
  std::size_t slot = 0;
  RedisAddress address;
};
std::optional<RedisRedirect> parse_redirect(const RedisReply& error, const RedisAddress& from);

}  // namespace gopouch::object
