// One request on its way, and the box in which its caller finds what came of it.
//
// Two threads meet here: the caller, who sleeps in send(), and the loop, which owns the network. A
// Transfer is the caller's until it is handed to the loop, the loop's until the parcel with its end
// lies in the mailbox, then the caller's again. libcurl is not known here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "net/net.h"

namespace gopouch::net {

class Mailbox;

struct Transfer {
  const Request* request = nullptr;
  std::size_t index = 0;  // in its send()
  Mailbox* mailbox = nullptr;
  base::Call::Clock::time_point deadline;
  std::string origin;                  // scheme and authority: what connections are counted by
  std::string url;                     // as libcurl is told it
  std::vector<std::string> lines;      // the headers
  std::atomic<bool> unwanted = false;  // set by the caller: its sink has said no
  bool head_told = false;              // the caller's: on_head was called
};

// Makes `transfer` ready for the loop. The error is why the request cannot be sent by anyone.
base::Status prepare(const Request& request, Transfer& transfer);

// An error of `request`, which names what was asked of whom and shows neither user nor query.
base::Error failure(const Request& request, base::Fault fault, std::string_view why);

// Where the bytes of a request's body are.
std::int64_t body_size(const Request& request);

// What the loop hands to one send(). Small bodies come with the end of their transfer, large ones
// before it in pieces of kPiece; more than kFull unread bytes are not taken, so that memory stays
// bounded when a sink is slower than the network.
class Mailbox {
 public:
  static constexpr std::size_t kPiece = std::size_t{128} << 10U;
  static constexpr std::size_t kFull = std::size_t{1} << 20U;

  struct Parcel {
    Transfer* transfer = nullptr;
    std::string bytes;                         // for the sink
    std::optional<base::Result<Reply>> end;    // with the last parcel of a transfer
    std::optional<Reply> head = std::nullopt;  // with the first one, for Request::on_head
  };

  // The loop's side. After the parcel with the last end, the mailbox may be gone.

  // Takes the bytes, and the head if there is one; or is full: then has_room() will be true one
  // day, and the loop is poked. So it is after has_room() was false.
  bool offer(Transfer& transfer, std::string& bytes, std::optional<Reply>& head);
  bool has_room();
  // Takes the ends, full or not.
  void put(std::span<Parcel> parcels);
  bool stopped() const { return stopped_; }

  // The caller's side.

  // Waits until there is something.
  std::vector<Parcel> take();
  // `size` bytes went to their sink. True: the loop waits for this and must be poked.
  bool drained(std::size_t size);
  void stop() { stopped_ = true; }

 private:
  struct State {
    std::vector<Parcel> parcels;
    std::size_t unread = 0;
    bool full = false;  // an offer was refused
  };
  base::Guarded<State> state_;
  std::condition_variable arrived_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace gopouch::net
