// Which node of a Redis to ask: found out once, and again when something does not fit.
//
// A single node, the master that sentinels name ("Guidelines for Redis clients with support for
// Redis Sentinel"), or a Cluster's map of slots. Nothing here knows what is asked.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "object/redis_pool.h"
#include "object/redis_slots.h"

namespace gopouch::object {

struct RedisPlace {
  std::vector<RedisAddress> hosts;  // nodes, or sentinels; at least one
  std::string master;               // the name that sentinels know; empty: no sentinels
  std::optional<bool> cluster;      // nullopt: the server is asked
};

// Safe for concurrent use. No method throws.
class RedisNodes {
 public:
  // The pools must outlive it. `sentinels` is not used where there is no master.
  RedisNodes(RedisPlace place, RedisPool& nodes, RedisPool& sentinels)
      : place_(std::move(place)), nodes_(nodes), sentinels_(sentinels) {}

  // As well as it is known: an old one where there is no newer. At least one node.
  base::Result<std::shared_ptr<const RedisMap>> map(const base::Call& call);

  // A node said that another one has the slot.
  void moved(std::size_t slot, const RedisAddress& to);
  // The node did not do what a master does: the next one to ask finds out anew.
  void doubt(const RedisAddress& node);

 private:
  using Clock = base::Call::Clock;

  struct Known {
    std::shared_ptr<const RedisMap> map;  // shared with the calls under way; null: none yet
    bool stale = false;
    bool asking = false;  // somebody finds out
    Clock::time_point asked_at;
    RedisAddress doubted;        // asked last
    std::size_t first_host = 0;  // of place_.hosts, where one of them serves all
  };

  base::Result<RedisMap> find_out(const Known& known, const base::Call& call);
  base::Result<RedisMap> ask_sentinel(const RedisAddress& sentinel, const base::Call& call);
  base::Result<RedisMap> ask_node(const RedisAddress& node, const base::Call& call);

  const RedisPlace place_;
  RedisPool& nodes_;
  RedisPool& sentinels_;
  base::Guarded<Known> known_;
  std::condition_variable found_out_;
};

}  // namespace gopouch::object
