#include "object/redis_nodes.h"

#include <algorithm>

#include <fmt/format.h>

#include "object/local.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

constexpr milliseconds kLook{20};       // at the call's stop, which wakes nobody
constexpr milliseconds kRest{100};      // between two attempts to find out
constexpr milliseconds kLongest{3000};  // that finding out may take, whoever is asked
constexpr milliseconds kEach{1000};     // while others are left to be asked

RedisMap only(RedisAddress node) { return {.nodes = {std::move(node)}, .owners = {}}; }

}  // namespace

base::Result<std::shared_ptr<const RedisMap>> RedisNodes::map(const base::Call& call) {
  auto known = known_.lock();
  while (known->asking && !known->map) {
    if (const auto end = ended(call)) return *end;
    known.wait_until(found_out_, Clock::now() + kLook,
                     [](const Known& now) { return !now.asking; });
  }
  const bool wanted = !known->map || (known->stale && Clock::now() - known->asked_at >= kRest);
  if (!wanted || known->asking) return known->map;

  known->asking = true;
  const Known before = *known;
  base::Result<RedisMap> found = Error{};
  known.unlocked([&] { found = find_out(before, call); });
  known->asking = false;
  known->asked_at = Clock::now();
  found_out_.notify_all();
  if (found) {
    known->map = std::make_shared<const RedisMap>(*std::move(found));
    known->stale = false;
  } else if (!known->map) {
    return found.error();
  }
  return known->map;
}

void RedisNodes::moved(std::size_t slot, const RedisAddress& to) {
  auto known = known_.lock();
  if (!known->map) return;
  auto map = std::make_shared<RedisMap>(*known->map);
  map->move(slot, to);
  known->map = std::move(map);
  known->stale = true;  // where one slot goes, others follow
}

void RedisNodes::doubt(const RedisAddress& node) {
  auto known = known_.lock();
  if (!known->map) return;
  const bool alone = place_.master.empty() && !known->map->cluster();
  if (alone && place_.hosts.size() == 1) return;
  if (alone && !known->stale) ++known->first_host;
  known->stale = true;
  known->doubted = node;
}

base::Result<RedisMap> RedisNodes::find_out(const Known& known, const base::Call& call) {
  const base::Call all = call.at_most(kLongest);
  std::vector<RedisAddress> candidates;
  if (known.map && known.map->cluster()) candidates = known.map->nodes;
  const std::size_t count = place_.hosts.size();
  for (std::size_t i = 0; i < count; ++i) {
    candidates.push_back(place_.hosts[(known.first_host + i) % count]);
  }
  if (place_.master.empty() && place_.cluster == false) {
    if (count == 1) return only(candidates.front());
  }
  std::stable_partition(candidates.begin(), candidates.end(),
                        [&](const RedisAddress& one) { return one != known.doubted; });
  std::optional<Error> why;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const base::Call mine = i + 1 < candidates.size() ? all.at_most(kEach) : all;
    auto found =
        place_.master.empty() ? ask_node(candidates[i], mine) : ask_sentinel(candidates[i], mine);
    if (found) return found;
    // What will never work says more than what may.
    if (!why || why->fault == Fault::kUnavailable) why = found.error();
    if (all.over()) break;
  }
  return *why;
}

base::Result<RedisMap> RedisNodes::ask_node(const RedisAddress& node, const base::Call& call) {
  const bool asked = place_.cluster != false;
  RedisAsk ask{.key = {},
               .text = asked ? redis_command({"CLUSTER", "SLOTS"}) : redis_command({"PING"})};
  const auto reply = nodes_.ask(node, ask, call);
  if (!reply) return reply.error();
  if (asked && !reply->is_error()) return parse_cluster_slots(*reply, node);
  if (!reply->is_error()) return only(node);
  Error error = redis_error(*reply);
  error.message = fmt::format("{}: {}", node.text(), error.message);
  if (error.fault == Fault::kUnavailable || place_.cluster == true) return error;
  // No Cluster, or we may not ask. If it is one, it will tell by its first MOVED.
  return only(node);
}

base::Result<RedisMap> RedisNodes::ask_sentinel(const RedisAddress& sentinel,
                                                const base::Call& call) {
  RedisAsk ask{.key = {},
               .text = redis_command({"SENTINEL", "get-master-addr-by-name", place_.master})};
  const auto reply = sentinels_.ask(sentinel, ask, call);
  if (!reply) return reply.error();
  if (reply->is_error()) {
    Error error = redis_error(*reply);
    error.message = fmt::format("{}: {}", sentinel.text(), error.message);
    return error;
  }
  if (reply->is_nil()) {
    return Error{Fault::kInvalid,
                 fmt::format("{}: knows no master '{}'", sentinel.text(), place_.master)};
  }
  std::optional<RedisAddress> address;
  if (reply->items.size() == 2) {
    address = parse_redis_address(reply->items[0].text + ":" + reply->items[1].text);
  }
  if (!address || address->host.empty()) {
    return Error{Fault::kCorrupt, fmt::format("{}: names no address", sentinel.text())};
  }
  return only(*std::move(address));
}

}  // namespace gopouch::object
