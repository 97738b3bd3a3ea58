// One of libcurl's easy handles: carries a Transfer, again and again, and watches its clocks.
//
// Lives on the loop's thread, as all that it is called by. Knows one transfer at a time and nothing
// of the queue, the other transfers or who waits.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/curl.h"
#include "net/sockets.h"
#include "net/transfer.h"

namespace gopouch::net {

class Handle {
 public:
  using Time = base::Call::Clock::time_point;

  // All four must outlive the handle; `now` is the loop's idea of the time. Null: no memory.
  static std::unique_ptr<Handle> make(const Curl& curl, const Options& options, Sockets& sockets,
                                      const Time& now);

  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* easy() const { return easy_.get(); }
  Transfer* transfer() const { return transfer_; }

  // To be called before the handle is added to libcurl's multi handle.
  void begin(Transfer& transfer);

  // Why the transfer must end now, if it must: called off, or a time is over. Lets a transfer go on
  // whose caller has caught up.
  std::optional<base::Error> look();

  // What came of the transfer, after libcurl has done with it (`error` empty) or was told to leave
  // it.
  Mailbox::Parcel finish(CURLcode code, std::optional<base::Error> error);

 private:
  Handle(const Curl& curl, const Options& options, Sockets& sockets, const Time& now);

  // Where the transfer is. Connecting is timed by libcurl.
  enum class Phase { kConnecting, kSending, kWaiting, kReceiving };

  void set_up();
  bool to_sink() const;
  bool hand_over();
  std::int64_t unsent() const;
  std::optional<base::Error> stalled();
  void mark(Phase phase);
  std::size_t refuse(base::Fault fault, std::string_view why);

  // libcurl's callbacks. `self` is the Handle.
  static std::size_t on_header(char* text, std::size_t one, std::size_t size, void* self);
  static std::size_t on_write(char* bytes, std::size_t one, std::size_t size, void* self);
  static std::size_t on_read(char* space, std::size_t one, std::size_t size, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  std::size_t take_header(std::string_view line);
  std::size_t take_bytes(std::string_view bytes);
  std::size_t give_bytes(std::span<char> space);

  const Curl& curl_;
  const Options& options_;
  Sockets& sockets_;
  const Time& now_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  std::array<char, CURL_ERROR_SIZE> text_{};  // libcurl's words for what went wrong

  // Of the transfer.
  Transfer* transfer_ = nullptr;
  std::vector<curl_slist> list_;  // its lines as libcurl wants them
  Reply reply_;
  std::size_t header_bytes_ = 0;
  bool head_whole_ = false;  // its empty line was there
  bool head_given_ = false;  // to the mailbox, for on_head
  std::string incoming_;     // for the sink, not handed over yet
  std::optional<base::Error> refusal_;
  bool paused_ = false;
  std::int64_t received_ = 0, given_ = 0;  // bytes of reply, of request body
  Phase phase_ = Phase::kConnecting;
  Time marked_at_;           // when this phase began, or stall_bytes had moved again
  std::int64_t marked_ = 0;  // what had moved by then
};

}  // namespace gopouch::net
