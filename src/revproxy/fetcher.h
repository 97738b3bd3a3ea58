// Brings replies: from the object stores, else from their server, each once for all who want it at
// the same time; and keeps what may be kept.
//
// A reply that may be kept goes into a file, and all who want it read from there, each as fast as
// it can. One that may not goes straight to the client whose request it answers, as fast as that
// takes it. Which of the two it is, its head says.
#pragma once

#include <atomic>
#include <latch>
#include <map>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/guarded.h"
#include "base/workers.h"
#include "revproxy/archive.h"
#include "revproxy/revproxy.h"

namespace gopouch::revproxy {

// What Counts are taken from.
struct Tally {
  std::atomic<std::int64_t> hits = 0, remote_hits = 0, revalidated = 0, stale = 0, fetched = 0;
  std::atomic<std::int64_t> passed = 0, joined = 0, refused = 0, faults = 0, requests = 0;
  std::atomic<std::int64_t> bytes_up = 0;
};

// The words of X-Cache.
inline constexpr std::string_view kLocal = "hit, local", kRemote = "hit, remote",
                                  kRevalidated = "hit, revalidated", kStale = "hit, stale",
                                  kCached = "fetch, cached", kUncached = "fetch, uncached";

// What is asked for.
struct Target {
  net::Url url;
  std::string text;  // the URL with its port: what replies are kept by
};

// One fetch, and who waits for it.
struct Flight {
  // What came of it, in its Outcome: 200: `kept`, or where that is none, the download; kPassed: it
  // is no reply for others; else a failure.
  static constexpr int kPassed = 0;

  Target target;
  std::vector<net::Header> request;  // of the one who began it
  // The head of archive.h, and the body. With those who read it.
  const std::shared_ptr<keep::Download> download = std::make_shared<keep::Download>();
  std::atomic<bool> unwanted = false;  // something changed meanwhile: not to be kept

  // Done with the exchange of the one who began it, who waits for that where it was passed.
  std::latch left{1};

  // Set before the download has its first byte.
  Response response;
  base::Hash name{};
  std::int64_t body_at = 0;
  std::optional<std::int64_t> size;  // of the body
};

// Safe for concurrent use.
class Fetcher {
 public:
  // All must outlive it. `folder`: where bodies of requests may lie while they are sent on.
  Fetcher(const Options& options, base::Fd folder, keep::Shelf& shelf, Archive& archive,
          Tally& tally);

  struct Seat {
    std::shared_ptr<Flight> flight;
    keep::Download::Reader reader;
    bool began = false;
  };
  // Begins a fetch, or joins the one that is under way. Who began it waits
  // until it has started or is over, and where it was passed until it has left `exchange`. `alone`:
  // for this request only.
  Seat join(const Target& target, const base::Hash& name, bool alone, http::Exchange& exchange);

  // Leads a request to its server and the reply back; nothing is kept.
  void pass(http::Exchange& exchange, const Target& target);

  // Whether a request is one of ours that has come back.
  bool is_ours(const http::Request& request) const { return via_.is_in(request.headers); }

  // Ends what is under way: whoever waits is told so.
  void stop() { stop_.request_stop(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Reception;

  void land(Flight& flight, keep::Outcome outcome);
  keep::Outcome bring(Flight& flight, http::Exchange& exchange);
  keep::Outcome give_old(const Held& held);
  keep::Outcome settle(Reception& reception, const base::Result<net::Reply>& reply);
  base::Result<net::Reply> ask(Reception& reception, bool whether_good);
  void take_head(Reception& reception, const net::Reply& head);
  bool begin_keeping(Reception& reception, const net::Reply& head);
  net::Request request_for(const Target& target, std::string_view method, Headers headers) const;
  base::Result<std::optional<base::NewFile>> take_body(http::Exchange& exchange);
  void forget(const Target& target);

  bool is_quiet(const net::Url& url) const;
  void note_silence(const net::Url& url);

  const Options& options_;
  const base::Fd folder_;
  keep::Shelf& shelf_;
  Archive& archive_;
  Tally& tally_;
  const http::ViaName via_;
  base::Guarded<std::map<base::Hash, std::shared_ptr<Flight>>> under_way_;
  mutable base::Guarded<std::map<std::string, Clock::time_point>> silent_;  // until when
  std::stop_source stop_;
  net::Client client_;
  base::Workers workers_;  // last: ends first
};

// A head for the client: without what is for one connection, with what the cache says.
http::Head head_for(int status, std::vector<net::Header> headers, std::string_view word);

// Sends a failure as text.
http::Head failure_head(int status);

}  // namespace gopouch::revproxy
