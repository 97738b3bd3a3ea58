// The connections to all nodes of a Redis, kept for the next call; and asking many nodes at once.
//
// A connection belongs to one call at a time, which polls it on its own thread: so replies go
// straight to whoever wants them, and nobody stands behind another caller's large value.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "object/redis_link.h"

namespace gopouch::object {

// What one node is asked.
struct RedisLoad {
  RedisAddress address;
  std::vector<RedisAsk*> asks;
  bool in_order = false;  // over one connection
};

struct RedisPoolOptions {
  bool tls = false;
  RedisLogin login;
  net::Options net;  // its clocks, connections_per_host and ca_file
};

// Safe for concurrent use. No method throws.
class RedisPool {
 public:
  explicit RedisPool(RedisPoolOptions options) : options_(std::move(options)) {}

  // Called once for each ask, on the calling thread. Errors: kUnavailable, kTimeout, kStopped,
  // kDenied (the user or password), kInvalid (no Redis, a certificate), kCorrupt.
  using OnAnswer =
      std::function<void(RedisAsk& ask, const RedisAddress& from, base::Result<RedisReply> reply)>;
  void run(std::span<RedisLoad> loads, const base::Call& call, const OnAnswer& on_answer);

  // One command of one node.
  base::Result<RedisReply> ask(const RedisAddress& address, RedisAsk& ask, const base::Call& call);

 private:
  class Run;

  struct Node {
    std::vector<std::unique_ptr<RedisLink>> idle;
    std::size_t links = 0;                 // idle and lent
    std::vector<SocketAddress> addresses;  // empty: to be looked up
  };
  using Nodes = std::unordered_map<std::string, Node>;

  // Null where all are lent and nobody wants to `wait`.
  base::Result<std::unique_ptr<RedisLink>> take(const RedisAddress& address, bool wait,
                                                const base::Call& call);
  base::Result<std::unique_ptr<RedisLink>> make(const RedisAddress& address,
                                                std::vector<SocketAddress> known,
                                                const base::Call& call);
  // Null: it is gone. `moved`: the host may have another address by now.
  void give(const RedisAddress& address, std::unique_ptr<RedisLink> link, bool moved = false);
  base::Result<std::shared_ptr<const crypto::Trust>> trust();

  const RedisPoolOptions options_;
  base::Guarded<Nodes> nodes_;
  std::condition_variable given_;
  base::Guarded<std::shared_ptr<const crypto::Trust>> trust_;  // held by the sessions under it, too
};

}  // namespace gopouch::object
