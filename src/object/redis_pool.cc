#include "object/redis_pool.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "object/local.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using Clock = base::Call::Clock;
using std::chrono::milliseconds;

// How often clocks are looked at, and whether the call is called off.
constexpr milliseconds kTick{20};
// Connections for the asks of one call to one node, and asks that are worth one more.
constexpr std::size_t kLanes = 4;
constexpr std::size_t kPerLane = 32;

Error at(const RedisAddress& address, Error error) {
  error.message = fmt::format("{}: {}", address.text(), error.message);
  return error;
}

}  // namespace

// One call's way through its loads.
class RedisPool::Run {
 public:
  Run(RedisPool& pool, std::span<RedisLoad> loads, const base::Call& call,
      const OnAnswer& on_answer)
      : pool_(pool), call_(call), on_answer_(on_answer) {
    for (RedisLoad& load : loads) {
      if (!load.asks.empty()) open_.push_back(&load);
    }
  }

  void run() {
    while (!open_.empty() || !lanes_.empty()) {
      if (const auto end = ended(call_)) return give_up(*end);
      begin();
      for (Lane& lane : lanes_) step(lane);
      sweep();
      if (!lanes_.empty()) wait();
    }
  }

 private:
  struct Lane {
    RedisLoad* load;
    std::unique_ptr<RedisLink> link;
    short revents = 0;
    std::optional<Error> broken = std::nullopt;
  };

  // Finds connections for what has none. Who holds one waits for no other: two who did might wait
  // for each other.
  void begin() {
    std::vector<RedisLoad*> later;
    for (RedisLoad* const load : open_) {
      auto link = pool_.take(load->address, lanes_.empty(), call_);
      if (!link) {
        fail(*load, load->asks, link.error());
      } else if (!*link) {
        later.push_back(load);
      } else {
        begin(*load, *std::move(link));
      }
    }
    open_ = std::move(later);
  }

  void begin(RedisLoad& load, std::unique_ptr<RedisLink> first) {
    std::vector<std::unique_ptr<RedisLink>> links;
    links.push_back(std::move(first));
    const std::size_t worth = load.in_order ? 1 : std::min(kLanes, load.asks.size() / kPerLane);
    while (links.size() < worth) {
      auto more = pool_.take(load.address, false, call_);
      if (!more || !*more) break;
      links.push_back(*std::move(more));
    }
    const std::size_t all = load.asks.size();
    for (std::size_t i = 0; i < all; ++i) links[i * links.size() / all]->add(*load.asks[i]);
    load.asks.clear();
    for (auto& link : links) lanes_.push_back({&load, std::move(link)});
  }

  void step(Lane& lane) {
    if (lane.broken) return;
    const auto stepped = lane.link->step(std::exchange(lane.revents, short{0}),
                                         [&](RedisAsk& ask, RedisReply reply) {
                                           on_answer_(ask, lane.link->address(), std::move(reply));
                                         });
    if (!stepped) lane.broken = stepped.error();
  }

  // Gives back what is done or broken.
  void sweep() {
    for (Lane& lane : lanes_) {
      if (lane.broken) {
        const std::vector<RedisAsk*> rest = lane.link->take_rest();
        pool_.give(lane.link->address(), nullptr, lane.broken->fault != Fault::kStopped);
        lane.link.reset();
        if (lane.broken->fault == Fault::kStopped) {
          // They stood behind a large reply that nobody wanted.
          lane.load->asks.insert(lane.load->asks.end(), rest.begin(), rest.end());
          const bool known = std::find(open_.begin(), open_.end(), lane.load) != open_.end();
          if (!lane.load->asks.empty() && !known) open_.push_back(lane.load);
        } else {
          fail(*lane.load, rest, *lane.broken);
        }
      } else if (lane.link->idle()) {
        const RedisAddress address = lane.link->address();
        pool_.give(address, std::move(lane.link));
      }
    }
    std::erase_if(lanes_, [](const Lane& lane) { return lane.link == nullptr; });
  }

  void wait() {
    polls_.clear();
    for (const Lane& lane : lanes_) polls_.push_back(lane.link->wants());
    const auto left = std::chrono::ceil<milliseconds>(call_.deadline - Clock::now());
    const auto time = std::clamp(left, milliseconds(0), kTick);
    const int ready = ::poll(polls_.data(), polls_.size(), static_cast<int>(time.count()));
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      lanes_[i].revents = ready > 0 ? polls_[i].revents : short{0};
    }
    const auto now = Clock::now();
    if (now < next_look_) return;
    next_look_ = now + kTick;
    for (Lane& lane : lanes_) {
      // What has come is looked at before the clock is.
      if (lane.revents != 0) step(lane);
      if (auto late = lane.broken ? std::nullopt : lane.link->overdue(now)) lane.broken = late;
    }
  }

  void give_up(const Error& end) {
    for (Lane& lane : lanes_) {
      const std::vector<RedisAsk*> rest = lane.link->take_rest();
      pool_.give(lane.link->address(), nullptr);
      lane.link.reset();
      fail(*lane.load, rest, end);
    }
    lanes_.clear();
    for (RedisLoad* const load : open_) fail(*load, load->asks, end);
    open_.clear();
  }

  void fail(const RedisLoad& load, const std::vector<RedisAsk*>& asks, const Error& error) {
    for (RedisAsk* const ask : asks) on_answer_(*ask, load.address, at(load.address, error));
  }

  RedisPool& pool_;
  const base::Call& call_;
  const OnAnswer& on_answer_;
  std::vector<RedisLoad*> open_;
  std::vector<Lane> lanes_;
  std::vector<pollfd> polls_;
  Clock::time_point next_look_ = Clock::now() + kTick;
};

void RedisPool::run(std::span<RedisLoad> loads, const base::Call& call, const OnAnswer& on_answer) {
  Run(*this, loads, call, on_answer).run();
}

base::Result<RedisReply> RedisPool::ask(const RedisAddress& address, RedisAsk& ask,
                                        const base::Call& call) {
  base::Result<RedisReply> result = Error{};
  RedisLoad load{.address = address, .asks = {&ask}};
  run(std::span(&load, 1), call,
      [&](RedisAsk&, const RedisAddress&, base::Result<RedisReply> reply) {
        result = std::move(reply);
      });
  return result;
}

base::Result<std::unique_ptr<RedisLink>> RedisPool::take(const RedisAddress& address, bool wait,
                                                         const base::Call& call) {
  std::vector<SocketAddress> known;
  {
    auto nodes = nodes_.lock();
    Node& node = (*nodes)[address.text()];
    const auto free = [&] {
      return !node.idle.empty() || node.links < options_.net.connections_per_host;
    };
    while (!free()) {
      if (!wait) return std::unique_ptr<RedisLink>();
      if (const auto end = ended(call)) return *end;
      nodes.wait_until(given_, Clock::now() + kTick, [&](const Nodes&) { return free(); });
    }
    while (!node.idle.empty()) {
      std::unique_ptr<RedisLink> link = std::move(node.idle.back());
      node.idle.pop_back();
      if (link->reusable()) return link;
      --node.links;
    }
    ++node.links;
    known = node.addresses;
  }
  auto link = make(address, std::move(known), call);
  if (!link) give(address, nullptr);
  return link;
}

base::Result<std::unique_ptr<RedisLink>> RedisPool::make(const RedisAddress& address,
                                                         std::vector<SocketAddress> known,
                                                         const base::Call& call) {
  if (known.empty()) {
    auto found = resolve(address, call.at_most(options_.net.connect_timeout));
    if (!found) return found.error();
    known = *std::move(found);
    (*nodes_.lock())[address.text()].addresses = known;
  }
  std::unique_ptr<crypto::Session> session;
  if (options_.tls) {
    auto trusted = trust();
    if (!trusted) return trusted.error();
    auto made = crypto::Session::client(*std::move(trusted), address.host);
    if (!made) return made.error();
    session = *std::move(made);
  }
  return std::make_unique<RedisLink>(address,
                                     std::make_unique<Socket>(std::move(known), std::move(session)),
                                     options_.login, options_.net);
}

void RedisPool::give(const RedisAddress& address, std::unique_ptr<RedisLink> link, bool moved) {
  if (link && !link->reusable()) link.reset();
  {
    auto nodes = nodes_.lock();
    Node& node = (*nodes)[address.text()];
    if (link) {
      node.addresses.assign(1, link->peer());  // the others may be in vain
      node.idle.push_back(std::move(link));
    } else {
      --node.links;
    }
    if (moved) node.addresses.clear();
  }
  given_.notify_all();
}

base::Result<std::shared_ptr<const crypto::Trust>> RedisPool::trust() {
  auto trust = trust_.lock();
  if (!*trust) {
    auto loaded = crypto::Trust::load(options_.net.ca_file);
    if (!loaded) return loaded.error();
    *trust = *std::move(loaded);
  }
  return *trust;
}

}  // namespace gopouch::object
