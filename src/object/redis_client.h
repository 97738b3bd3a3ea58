// Asks whichever nodes hold the keys, and follows them where they have moved.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "object/redis_nodes.h"

namespace gopouch::object {

// Safe for concurrent use. No method throws.
class RedisClient {
 public:
  RedisClient(RedisPlace place, const RedisPoolOptions& options);

  // Called once for each ask, with its index, in any order, on the calling thread. What a node
  // answers to the ask is a reply, even if that is an error.
  using OnAnswer = std::function<void(std::size_t index, base::Result<RedisReply> reply)>;
  // `in_order`: those of one node go over one connection; they are answered in their order unless
  // a slot moves at this moment.
  void run(std::span<RedisAsk> asks, bool in_order, const base::Call& call,
           const OnAnswer& on_answer);

  // The nodes that hold keys.
  base::Result<std::vector<RedisAddress>> nodes(const base::Call& call);
  base::Result<RedisReply> ask(const RedisAddress& node, RedisAsk& ask, const base::Call& call) {
    return pool_.ask(node, ask, call);
  }

 private:
  RedisPool pool_, sentinels_;
  RedisNodes nodes_;
};

}  // namespace gopouch::object
