// What go has asked a server and has no answer to: kept by `gopouch connect`, so that a server that
// goes away in the middle of a session is not the end of a build.
//
// go takes the end of its cache program's answers for a failure. So the bridge between it and the
// server reads along, as far as telling requests and answers apart, and whoever takes over can be
// told again all that was not answered. Requests are kept as they came, with their bodies, as long
// as those are few bytes; a put that was larger is answered with an error in the end, which go
// ignores for what compilers give.
//
// Knows lines (message.h), no descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gopouch::protocol {

// For one thread at a time.
class Ledger {
 public:
  // Bytes of unanswered requests that are kept.
  static constexpr std::size_t kKept = std::size_t{8} << 20U;

  // The next bytes of requests, as they came from go.
  void asked(std::string_view bytes);

  // The next bytes of answers, as they came from the server. Returns how many of them are parts of
  // whole lines: only these may go to go before more has come.
  std::size_t answered(std::string_view bytes);

  // Whether the server's hello is among the answers, and the answer to a close.
  bool hello_seen() const { return hello_seen_; }
  bool closed() const { return closed_; }

  // What whoever takes over needs. `requests` come before what go sends next; where that is still a
  // part of a put of which not all is here, it is no use to anybody up to its newline.
  struct Rest {
    std::string requests;
    std::vector<std::int64_t> lost;  // requests that cannot be told again
    bool in_lost_body = false;
  };
  Rest take_rest();

 private:
  enum class Line { kStart, kRequest, kBody, kOther };
  struct Entry {
    std::string bytes;  // with its body
    bool close = false;
    bool lost = false;  // its bytes are not kept
  };
  using Entries = std::map<std::int64_t, Entry>;

  void take_request_line();
  void take_answer_line(std::string_view line);
  Entry* body_entry();
  void keep(Entry& entry, std::string_view bytes);

  Entries open_;
  std::size_t kept_ = 0;  // bytes in open_
  Line line_ = Line::kStart;
  std::string request_;                  // the beginning of a request's line
  std::optional<std::int64_t> body_of_;  // the put whose body is to come, or is coming
  std::string answer_;                   // the beginning of an answer's line
  bool hello_seen_ = false, closed_ = false;
};

}  // namespace gopouch::protocol
