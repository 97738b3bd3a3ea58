// The words of GOCACHEPROG: requests as they come out of a stream of bytes, and answers as text.
//
// Rules: cmd/go/internal/cacheprog/cacheprog.go (the messages) and cmd/go/internal/cache/prog.go
// (how go writes them).
//
//   stream  = *( ws object [ ws body ] )      white space between them is optional
//   object  = a JSON object: ID, Command, ActionID, OutputID (ObjectID until Go 1.23), BodySize;
//             what else it holds is skipped
//   body    = a JSON string of padded base64, after a put whose BodySize is above 0
//
// Bodies have no bound and come in pieces; an object is at most kMaxObject bytes long.
// Nothing here knows what the requests are for, and nothing here reads or writes a descriptor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "store/store.h"

namespace gopouch::protocol {

constexpr std::size_t kMaxObject = std::size_t{64} << 10U;

enum class Command { kGet, kPut, kClose, kUnknown };

struct Request {
  std::int64_t id = 0;
  Command command = Command::kUnknown;
  std::string name;  // of the command, as it was sent
  store::ActionId action;
  store::OutputId output;
  std::int64_t body_size = 0;
  // What is wrong with it: to be answered with this text. Empty: nothing. A put's body follows even
  // so.
  std::string problem;
};

// Takes the bytes of a stream in pieces of any size and gives requests and bodies, in order.
// For one thread. Its memory is one buffer of fixed size, whatever the stream holds.
class RequestReader {
 public:
  enum class Event {
    kNeedMore,  // all that could be read is read: fill space() and come again
    kRequest,   // request() is the next one
    kBody,      // body() is the next piece of the body of the last request
    kBodyEnd,   // the body has ended; body_problem() says whether it was one
    kBroken,    // the stream makes no sense any more: problem() says why. Stays so
  };

  RequestReader();

  // Where the next bytes of the stream go; never empty after kNeedMore.
  std::span<char> space();
  void filled(std::size_t size) { end_ += size; }

  Event next();

  // Each is valid until the next call of next() or space().
  const Request& request() const { return request_; }
  std::span<const std::uint8_t> body() const { return body_; }
  std::string_view body_problem() const { return body_problem_; }
  std::string_view problem() const { return problem_; }

 private:
  enum class State { kObject, kBodyBegin, kBody, kBroken };

  Event next_object();
  Event begin_body();
  Event next_body();
  Event end_body(std::string_view problem);
  Event broken(std::string_view why);
  bool skip_space();  // false when nothing but white space is left

  // Large enough for an object and for good pieces of a body, small enough for the processor's
  // cache: a body is read, decoded, hashed and written while it is there.
  static constexpr std::size_t kBufferSize = std::size_t{256} << 10U;
  static_assert(kBufferSize > 2 * kMaxObject);

  // Its pages come into being as they are used.
  const std::unique_ptr<std::array<char, kBufferSize>> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what is in buffer_ and not yet read
  State state_ = State::kObject;
  Request request_;
  std::span<const std::uint8_t> body_;
  bool body_padded_ = false;
  std::string_view body_problem_;
  std::string problem_;
};

// Answers, each one line of JSON appended to `out`.
void append_hello(std::string& out);
void append_hit(std::string& out, std::int64_t id, const store::Hit& hit);
void append_miss(std::string& out, std::int64_t id);
void append_stored(std::string& out, std::int64_t id, std::string_view path);
void append_done(std::string& out, std::int64_t id);
void append_error(std::string& out, std::int64_t id, std::string_view text);

}  // namespace gopouch::protocol
