// The clocks are those of the HTTP client (net.h, Options): connecting; bytes that move, either
// way, must move fast enough; between a command and its reply lies the time for the first byte, and
// more after a body. Bytes in the kernel's queue have not moved.
#include "object/redis_link.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "object/body.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

// Commands ahead of their replies. Replies that nobody has read yet lie in the server's memory.
constexpr std::size_t kAhead = 16;
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr std::int64_t kBodyRate = std::int64_t{64}
                                   << 10U;  // bytes a second that a server takes in
// Of a reply that nobody wants: less than this is read past, for a new connection costs more.
constexpr std::int64_t kReadPast = std::int64_t{256} << 10U;

constexpr std::string_view kName = "CLIENT", kAuth = "AUTH", kSelect = "SELECT";

Error timeout(std::string message) { return {Fault::kTimeout, std::move(message)}; }

}  // namespace

RedisLink::RedisLink(RedisAddress address, std::unique_ptr<Socket> socket, const RedisLogin& login,
                     const net::Options& options)
    : address_(std::move(address)),
      socket_(std::move(socket)),
      options_(options),
      lenient_(login.lenient) {
  greet(login);
}

void RedisLink::greet(const RedisLogin& login) {
  if (!login.user.empty()) {
    out_ += redis_command({kAuth, login.user, login.password.reveal()});
    said_.push_back(kAuth);
  } else if (!login.password.empty()) {
    out_ += redis_command({kAuth, login.password.reveal()});
    said_.push_back(kAuth);
  }
  if (login.db != 0) {
    out_ += redis_command({kSelect, std::to_string(login.db)});
    said_.push_back(kSelect);
  }
  out_ += redis_command({kName, "SETNAME", "gopouch"});  // for whoever looks at CLIENT LIST
  said_.push_back(kName);
  greetings_ = said_.size();
}

base::Status RedisLink::step(short revents, const OnReply& on_reply) {
  if (!ready_) {
    const auto connected = socket_->connect(options_.connect_timeout / 4);
    if (!connected) return connected.error();
    if (!*connected) return base::Done{};
    ready_ = true;
    mark(Phase::kMoving, 0);
    revents = POLLIN;
  }
  if ((revents & ~POLLOUT) != 0) {
    if (auto received = receive(on_reply); !received) return received;
  }
  return send();
}

base::Status RedisLink::receive(const OnReply& on_reply) {
  for (;;) {
    const std::span<char> space = reader_.space();
    const auto size = socket_->read(space);
    if (!size) return size.error();
    if (*size == 0) return base::Done{};
    came_ += static_cast<std::int64_t>(*size);
    reader_.wrote(*size);
    const auto before = Clock::now();
    for (;;) {
      const auto taken = take_reply(on_reply);
      if (!taken) return taken.error();
      if (!*taken) break;
    }
    marked_at_ += Clock::now() - before;  // who takes the bytes may take his time
    if (reader_.unwanted() > kReadPast) {
      RedisAsk& ask = *waiting_.front();
      waiting_.pop_front();
      on_reply(ask, {.kind = RedisReply::Kind::kBytes});
      return Error{Fault::kStopped, "the rest is not wanted"};
    }
    if (*size < space.size() && !socket_->holds_back()) return base::Done{};
  }
}

// False: the next reply is not all there.
base::Result<bool> RedisLink::take_reply(const OnReply& on_reply) {
  const bool greeting = greetings_ > 0;
  RedisAsk* const ask = greeting || waiting_.empty() ? nullptr : waiting_.front();
  auto reply = reader_.next(ask == nullptr ? nullptr : ask->taker);
  if (!reply) {
    if (greeted_ > 0) return reply.error();
    return Error{Fault::kInvalid, "what answers is no Redis"};
  }
  if (!*reply) return false;
  if (greeting) {
    --greetings_;
    if (auto judged = judge_greeting(**reply); !judged) return judged.error();
    return true;
  }
  // An error may come unasked, when a server ends a connection.
  if (ask == nullptr) {
    return (*reply)->is_error() ? redis_error(**reply)
                                : Error{Fault::kCorrupt, "a reply to no command"};
  }
  if (ask == body_) {
    // An answer before the command is whole: the server has had enough of us.
    return (*reply)->is_error() ? redis_error(**reply)
                                : Error{Fault::kCorrupt, "a reply to half a command"};
  }
  waiting_.pop_front();
  if (ask->body) body_waits_ -= size_of(*ask->body);
  on_reply(*ask, **std::move(reply));
  return true;
}

base::Status RedisLink::judge_greeting(const RedisReply& reply) {
  const std::string_view what = said_[greeted_++];
  if (!reply.is_error()) return base::Done{};
  Error error = redis_error(reply);
  if (what == kName) {
    // A user may be forbidden it, a server may not know it.
    const bool harmless = redis_code(reply) == "NOPERM" || error.fault == Fault::kInvalid;
    if (harmless) return base::Done{};
  } else if (what == kAuth) {
    if (lenient_ && error.fault == Fault::kDenied) return base::Done{};
    // Nothing of the server's words but the code: some repeat what they were told.
    if (error.fault == Fault::kInvalid) error.fault = Fault::kDenied;
    if (error.fault == Fault::kDenied) {
      error.message = fmt::format("the server refuses the user or password ({})",
                                  redis_code(reply).substr(0, 20));
    }
  } else {
    error.message = "SELECT: " + error.message;
  }
  return error;
}

base::Status RedisLink::send() {
  for (;;) {
    if (auto filled = fill(); !filled) return filled;
    if (sent_ == out_.size()) return socket_->flush();
    const auto size = socket_->write(std::span<const char>(out_).subspan(sent_));
    if (!size) return size.error();
    if (*size == 0) return base::Done{};
    sent_ += *size;
    went_ += static_cast<std::int64_t>(*size);
  }
}

// Formats what may go next.
base::Status RedisLink::fill() {
  if (sent_ == out_.size() || sent_ >= kPiece) out_.erase(0, std::exchange(sent_, 0));
  while (out_.size() - sent_ < kPiece) {
    if (body_ != nullptr) {
      if (auto filled = fill_body(); !filled) return filled;
      continue;
    }
    if (unsent_.empty() || waiting_.size() >= kAhead) break;
    RedisAsk& ask = *unsent_.front();
    unsent_.pop_front();
    if (waiting_.empty()) marked_at_ = Clock::now();
    waiting_.push_back(&ask);
    out_ += ask.text;
    if (!ask.body) continue;
    body_ = &ask;
    body_at_ = 0;
    body_waits_ += size_of(*ask.body);
    out_ += redis_word_head(size_of(*ask.body));
  }
  return base::Done{};
}

base::Status RedisLink::fill_body() {
  const net::Body& body = *body_->body;
  const std::int64_t left = size_of(body) - body_at_;
  if (left == 0) {
    out_ += "\r\n";
    out_ += body_->tail;
    body_ = nullptr;
    return base::Done{};
  }
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(left, kPiece));
  const std::size_t old = out_.size();
  out_.resize(old + size);
  // Half a command is none: where it fails the connection goes, and nothing is stored.
  const auto space = std::span(out_).subspan(old);
  if (auto got = read(body, body_at_, space); !got) return got;
  body_at_ += static_cast<std::int64_t>(size);
  if (body.sent != nullptr) *body.sent += static_cast<std::int64_t>(size);
  return base::Done{};
}

std::vector<RedisAsk*> RedisLink::take_rest() {
  std::vector<RedisAsk*> rest(waiting_.begin(), waiting_.end());
  rest.insert(rest.end(), unsent_.begin(), unsent_.end());
  waiting_.clear();
  unsent_.clear();
  body_ = nullptr;
  return rest;
}

pollfd RedisLink::wants() const { return socket_->wants(ready_ && sent_ < out_.size()); }

void RedisLink::mark(Phase phase, std::int64_t moved) {
  phase_ = phase;
  marked_ = moved;
  marked_at_ = Clock::now();
}

std::optional<Error> RedisLink::overdue(Clock::time_point now) {
  if (!ready_) {
    if (now - begun_ < options_.connect_timeout) return std::nullopt;
    return timeout(
        fmt::format("no connection in {}", base::human_seconds(options_.connect_timeout)));
  }
  const std::int64_t queued = socket_->unsent();
  const std::int64_t moved = came_ + went_ - queued;
  const bool moving = reader_.inside() || sent_ < out_.size() || queued > 0;
  const Phase phase = moving ? Phase::kMoving : Phase::kWaiting;
  if (phase != phase_ || moved - marked_ >= (moving ? options_.stall_bytes : 1)) {
    mark(phase, moved);
    return std::nullopt;
  }
  if (moving) {
    if (now - marked_at_ < options_.stall_timeout) return std::nullopt;
    return timeout(fmt::format("fewer than {} bytes in {}", options_.stall_bytes,
                               base::human_seconds(options_.stall_timeout)));
  }
  const milliseconds limit =
      body_waits_ == 0 ? options_.first_byte_timeout
                       : options_.body_taken_timeout + milliseconds(body_waits_ * 1000 / kBodyRate);
  if (now - marked_at_ < limit) return std::nullopt;
  return timeout(fmt::format("no answer {} after the command", base::human_seconds(limit)));
}

}  // namespace gopouch::object
