// A connection: one go command on the other end of two descriptors.
//
// Reads requests, has the session answer them, and writes the answers in batches: those to what
// came in one read leave in one write, and those that come while nothing is read leave at once, in
// whatever order. go takes a single stray byte on this stream for a failed
// build, so nothing but whole answers is ever written to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "protocol/greeting.h"
#include "protocol/ledger.h"
#include "protocol/message.h"
#include "session/session.h"

namespace gopouch::protocol {

struct Options {
  bool log_requests = false;   // a line on stderr for each request; never a body
  bool log_responses = false;  // a line on stderr for each answer
};

// How the stream of requests ended.
enum class Ending {
  kClose,       // go said close and waits for finish()
  kEndOfInput,  // as good as a close, in whatever place of the stream it came
  kGone,        // nobody reads our answers any more
  kBroken,      // what came is not the protocol; it was logged
};

// hello(), serve() and finish() are for one thread. Does not own its descriptors.
class Connection {
 public:
  Connection(int in, int out, Options options) : in_(in), out_(out), options_(options) {}

  // Says what we can do. False: nobody reads it.
  bool hello();

  // In the place of a connection that was cut: its requests without answers come before what is
  // read; those that are lost are answered with an error now, and of what is read everything up to
  // a newline is left out where that belongs to them. REQUIRES: before serve().
  void take_over(Ledger::Rest rest);

  // Answers until the stream ends. When it returns, the session owes this connection nothing.
  Ending serve(session::Session& session);

  // Answers the close, if there was one. Nothing may follow.
  void finish();

 private:
  // What is not yet written, and who writes it.
  struct Answers {
    std::string text;
    bool reading = false;  // the reader waits for go: whoever has an answer writes it
    bool gone = false;     // a write failed: nobody reads them
  };

  Ending read_all(session::Session& session);
  void handle(const Request& request, session::Session& session);
  void finish_put(std::string_view problem, session::Session& session);
  // Calls `append` with the text that answers are added to; from any thread.
  template <typename Append>
  void answer(const Append& append);
  bool flush();
  void write(Answers& answers) const;
  bool read_more();  // false at the end of input, and when nobody reads our answers
  std::ptrdiff_t read_some(std::span<char> space);

  const int in_;
  const int out_;
  const Options options_;
  RequestReader reader_;
  Ledger::Rest rest_;          // of take_over()
  std::size_t rest_read_ = 0;  // of rest_.requests
  base::Guarded<Answers> answers_;
  std::optional<store::Put> put_;  // whose body is coming in
  std::int64_t put_id_ = 0;        // its request's
  std::optional<std::int64_t> close_id_;
};

}  // namespace gopouch::protocol
