// One connection to one Redis server: commands out, as many ahead as is good, replies back in
// order. It never waits; whoever uses it polls.
//
// A new connection says who we are first (AUTH, SELECT), in the same flight as its first commands.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "net/net.h"
#include "object/redis_reply.h"
#include "object/redis_socket.h"

namespace gopouch::object {

// One command. It stays where it is until its answer is there.
struct RedisAsk {
  std::string_view key = {};                     // says which node; must outlive the ask
  std::string text = {};                         // the command, up to a body
  std::optional<net::Body> body = std::nullopt;  // as the command's next word, without its head
  std::string tail = {};                         // what follows the body
  RedisTaker* taker = nullptr;                   // of the answer's bytes; null: kept
};

// What is said first on each connection.
struct RedisLogin {
  std::string user;
  base::Secret password;
  int db = 0;
  // A password that nobody asked for is no fault: of sentinels, which often have none.
  bool lenient = false;
};

// Not for two threads at once. After an error it is of no use.
class RedisLink {
 public:
  using Clock = base::Call::Clock;

  RedisLink(RedisAddress address, std::unique_ptr<Socket> socket, const RedisLogin& login,
            const net::Options& options);

  const RedisAddress& address() const { return address_; }
  // Which of its host's addresses it is. REQUIRES: reusable().
  const SocketAddress& peer() const { return socket_->peer(); }

  // To be sent behind the others; `ask` must live until it is answered or the link is gone.
  void add(RedisAsk& ask) { unsent_.push_back(&ask); }
  bool idle() const { return unsent_.empty() && waiting_.empty() && !body_; }

  // Does what can be done without waiting; `on_reply` is called for each ask that is answered, in
  // the order of add(). An error breaks the link: what it has is not answered any more, and
  // take_rest() has it. So does a reply of which too much is unwanted, with kStopped, after it was
  // answered.
  using OnReply = std::function<void(RedisAsk& ask, RedisReply reply)>;
  base::Status step(short revents, const OnReply& on_reply);

  std::vector<RedisAsk*> take_rest();

  pollfd wants() const;
  // To be asked every now and then: what takes too long; kTimeout.
  std::optional<base::Error> overdue(Clock::time_point now);

  // Fit for another call.
  bool reusable() const { return ready_ && greetings_ == 0 && idle() && socket_->quiet(); }

 private:
  enum class Phase { kConnecting, kMoving, kWaiting };

  void greet(const RedisLogin& login);
  base::Status receive(const OnReply& on_reply);
  base::Result<bool> take_reply(const OnReply& on_reply);
  base::Status judge_greeting(const RedisReply& reply);
  base::Status send();
  base::Status fill();
  base::Status fill_body();
  void mark(Phase phase, std::int64_t moved);

  const RedisAddress address_;
  const std::unique_ptr<Socket> socket_;
  const net::Options& options_;
  const bool lenient_;
  RedisReader reader_;

  std::string out_;  // formatted, not sent yet, from sent_ on
  std::size_t sent_ = 0;
  RedisAsk* body_ = nullptr;  // whose body is being sent; the last of waiting_
  std::int64_t body_at_ = 0;
  std::deque<RedisAsk*> unsent_, waiting_;  // waiting_: written at least in part
  std::size_t greetings_ = 0;               // whose replies come before those of waiting_
  std::size_t greeted_ = 0;
  std::vector<std::string_view> said_;  // the greetings' commands

  bool ready_ = false;  // connected
  Clock::time_point begun_ = Clock::now();
  Phase phase_ = Phase::kConnecting;
  Clock::time_point marked_at_ = begun_;
  std::int64_t marked_ = 0;           // of what had moved then
  std::int64_t came_ = 0, went_ = 0;  // bytes so far
  std::int64_t body_waits_ = 0;       // bytes of bodies that were sent and not answered
};

}  // namespace gopouch::object
