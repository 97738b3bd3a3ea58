// Brings files: from the object stores, else from upstream, each once however many want it; and
// keeps them, with what is known of things that are not there.
//
// Knows nothing of who asked, nor of what a reply looks like.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "base/workers.h"
#include "keep/keep.h"
#include "proxy/proxy.h"
#include "proxy/sources.h"

namespace gopouch::proxy {

using keep::Download;
using keep::Facts;
using keep::Kept;
using keep::Outcome;
using keep::Shelf;

// What ModuleCounts are taken from.
struct Tally {
  std::atomic<std::int64_t> hits = 0, remote_hits = 0, fetched = 0, absent = 0, stale = 0;
  std::atomic<std::int64_t> joined = 0, faults = 0, damaged = 0, unkept = 0, requests = 0,
                            bytes_up = 0;
};

// Safe for concurrent use.
class Fetcher {
 public:
  // All must outlive it, and the Sources what is asked for.
  Fetcher(const ModuleOptions& options, Shelf& shelf, Tally& tally);

  // A place at the fetch of this file: a new one, or the one that is under way.
  Download::Reader join(const Path& path, const Source& source, const base::Hash& name);

  // From the object stores to the shelf, with nobody else asked. True: it is there now.
  bool borrow(const Path& path, const base::Hash& name);

  // What upstream said of a thing that is not there, while that is believed.
  std::optional<Answer> absent(const base::Hash& name) const;

  // Whether what is kept may be given without asking.
  bool is_fresh(const Path& path, const Kept& kept) const;

  // Whether a request is one of ours that has come back.
  bool is_ours(const http::Request& request) const { return via_.is_in(request.headers); }

  // Whether an upstream did not answer a moment ago.
  bool is_quiet() const { return Clock::now().time_since_epoch().count() < quiet_until_; }

  // Ends what is under way: whoever waits is told so.
  void stop() { stop_.request_stop(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Absent {
    Clock::time_point until;
    Answer answer;
  };

  Outcome fetch(const Path& path, const Source& source, const base::Hash& name, Download& download);
  Outcome take(const Path& path, const base::Hash& name, Download& download, const Answer& answer,
               std::optional<Kept> old);
  Outcome fail(const Path& path, const base::Hash& name, Download& download,
               const base::Result<Answer>& answer, std::optional<Kept> old);
  void remember_absent(const base::Hash& name, const Answer& answer);

  const ModuleOptions& options_;
  Shelf& shelf_;
  Tally& tally_;
  const http::ViaName via_;
  base::Guarded<std::map<base::Hash, std::shared_ptr<Download>>> under_way_;
  mutable base::Guarded<std::map<base::Hash, Absent>> absent_;
  std::atomic<Clock::rep> quiet_until_ =
      0;  // upstream did not answer: no second attempts till then
  std::stop_source stop_;
  net::Client client_;
  base::Workers workers_;  // last: ends first
};

}  // namespace gopouch::proxy
