// Rules: "Redis cluster specification", MOVED and ASK redirection.
#include "object/redis_client.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

// Nodes that an ask may be sent to before it is given up.
constexpr int kHops = 5;

// Sentinels have no databases.
RedisPoolOptions of_sentinels(RedisPoolOptions own) {
  own.login.db = 0;
  own.login.lenient = true;
  own.net.connections_per_host = 1;
  return own;
}

// From no master, or from none that works.
bool unfit(const base::Result<RedisReply>& reply) {
  if (!reply) {
    return reply.error().fault == Fault::kUnavailable || reply.error().fault == Fault::kTimeout;
  }
  if (!reply->is_error()) return false;
  constexpr std::array kCodes{"READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN"};
  return std::find(kCodes.begin(), kCodes.end(), redis_code(*reply)) != kCodes.end();
}

// Asks that are on their way, by node.
class Loads {
 public:
  explicit Loads(bool in_order) : in_order_(in_order) {}

  void add(const RedisAddress& node, RedisAsk& ask) { find(node, in_order_).asks.push_back(&ask); }

  // A slot that is leaving: its new node wants to hear ASKING before each command.
  void add_asking(const RedisAddress& node, RedisAsk& ask) {
    RedisLoad& load = find(node, true);
    load.asks.push_back(
        &asking_.emplace_back(RedisAsk{.key = {}, .text = redis_command({"ASKING"})}));
    load.asks.push_back(&ask);
  }

  std::span<RedisLoad> all() { return loads_; }

 private:
  RedisLoad& find(const RedisAddress& node, bool in_order) {
    auto found = std::find_if(loads_.begin(), loads_.end(), [&](const RedisLoad& load) {
      return load.address == node && load.in_order == in_order;
    });
    if (found != loads_.end()) return *found;
    return loads_.emplace_back(RedisLoad{.address = node, .asks = {}, .in_order = in_order});
  }

  const bool in_order_;
  std::vector<RedisLoad> loads_;
  std::deque<RedisAsk> asking_;  // never moves: loads point into it
};

}  // namespace

RedisClient::RedisClient(RedisPlace place, const RedisPoolOptions& options)
    : pool_(options),
      sentinels_(of_sentinels(options)),
      nodes_(std::move(place), pool_, sentinels_) {}

void RedisClient::run(std::span<RedisAsk> asks, bool in_order, const base::Call& call,
                      const OnAnswer& on_answer) {
  struct Open {
    RedisAsk* ask;
    std::optional<RedisAddress> asking;  // where it is to be asked once
  };
  std::vector<Open> open;
  open.reserve(asks.size());
  for (RedisAsk& ask : asks) open.push_back({&ask, std::nullopt});
  const auto index_of = [&](const RedisAsk& ask) {
    return static_cast<std::size_t>(&ask - asks.data());
  };

  for (int hop = 0; !open.empty(); ++hop) {
    const auto map = nodes_.map(call);
    bool homeless = false;
    Loads loads(in_order);
    for (const Open& one : open) {
      const RedisAddress* const node = map ? (*map)->find(one.ask->key) : nullptr;
      if (hop == kHops) {
        on_answer(index_of(*one.ask), Error{Fault::kUnavailable, "nodes that point at each other"});
      } else if (one.asking) {
        loads.add_asking(*one.asking, *one.ask);
      } else if (node != nullptr) {
        loads.add(*node, *one.ask);
      } else {
        homeless = map.ok();
        on_answer(index_of(*one.ask),
                  map ? Error{Fault::kUnavailable, "no node has the key's slot"} : map.error());
      }
    }
    if (homeless) nodes_.doubt({});  // somebody may have it by now
    open.clear();
    pool_.run(
        loads.all(), call,
        [&](RedisAsk& ask, const RedisAddress& from, base::Result<RedisReply> reply) {
          const bool ours = &ask >= asks.data() && &ask < asks.data() + asks.size();
          const auto redirect = reply ? parse_redirect(*reply, from) : std::nullopt;
          if (redirect && ours) {
            if (!redirect->ask) nodes_.moved(redirect->slot, redirect->address);
            open.push_back({&ask, redirect->ask ? std::optional(redirect->address) : std::nullopt});
            return;
          }
          if (unfit(reply)) nodes_.doubt(from);
          if (ours) on_answer(index_of(ask), std::move(reply));
        });
  }
}

base::Result<std::vector<RedisAddress>> RedisClient::nodes(const base::Call& call) {
  const auto map = nodes_.map(call);
  if (!map) return map.error();
  if (!(*map)->cluster()) return (*map)->nodes;
  // Only those that have slots: others may be on their way out.
  std::vector<RedisAddress> holding;
  for (std::size_t i = 0; i < (*map)->nodes.size(); ++i) {
    const auto& owners = (*map)->owners;
    if (std::find(owners.begin(), owners.end(), i) != owners.end()) {
      holding.push_back((*map)->nodes[i]);
    }
  }
  return holding;
}

}  // namespace gopouch::object
