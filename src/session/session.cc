#include "session/session.h"

#include "base/log.h"

namespace gopouch::session {

namespace {

// A get that takes longer is a miss: by then go could have compiled it.
constexpr std::chrono::seconds kFetchTime{60};

// Tells the fate of a request and how long that took, where debug lines are wanted.
class Timer {
 public:
  Timer() : wanted_(base::log_enabled(base::LogLevel::kDebug)) {
    if (wanted_) start_ = Clock::now();
  }
  void log(std::string_view what, const store::ActionId& action, std::string_view fate) const {
    if (!wanted_) return;
    const std::chrono::duration<double, std::micro> time = Clock::now() - start_;
    base::log(base::LogLevel::kDebug, "{} {}: {} in {:.0f} µs", what, base::to_hex(action.hash),
              fate, time.count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool wanted_;
  Clock::time_point start_;
};

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  hits += other.hits;
  hit_bytes += other.hit_bytes;
  misses += other.misses;
  puts += other.puts;
  put_bytes += other.put_bytes;
  faults += other.faults;
  return *this;
}

Session::Session(store::Store& store, remote::Tiers* remote, Options options, Flights* flights,
                 Misses* misses)
    : store_(store),
      remote_(remote),
      options_(options),
      flights_(flights),
      misses_(misses),
      fetchers_(options.fetches) {}

Session::~Session() {
  cancel();
  wait();
}

void Session::get(const store::ActionId& action, OnGet done) {
  const Timer timer;
  auto found = store_.get(action);
  const bool hit = found && *found;
  timer.log("get", action, hit ? "local hit" : "local miss");
  if (!found) say_fault("local get", found.error());
  if (hit) {
    ++hits_;
    hit_bytes_ += (*found)->entry.size;
    if (remote_ != nullptr) remote_->note_local_hit(action, (*found)->entry);
    done(*std::move(found));
  } else if (remote_ == nullptr || !found) {
    count_miss(action);
    done(std::nullopt);
  } else {
    begin();
    fetchers_.add([this, action, done = std::move(done)] {
      fetch(action, done);
      end();
    });
  }
}

void Session::fetch(const store::ActionId& action, const OnGet& done) {
  const Timer timer;
  auto found = fetch_once(action, base::Call::within(kFetchTime, stop_.get_token()));
  const bool hit = found && *found;
  timer.log("get", action, hit ? "remote hit" : !found ? found.error().message : "remote miss");
  if (hit) {
    ++hits_;
    hit_bytes_ += (*found)->entry.size;
    done(*std::move(found));
  } else {
    count_miss(action);
    done(std::nullopt);
  }
}

void Session::count_miss(const store::ActionId& action) {
  ++missed_;
  if (misses_ != nullptr) misses_->note_miss(action);
}

// Where another session fetches the same action, or has just done so, its hit is ours. Its miss is
// not: it may only have been called off, and our remote wants to know what we asked for.
base::Result<std::optional<store::Hit>> Session::fetch_once(const store::ActionId& action,
                                                            const base::Call& call) {
  if (flights_ == nullptr) return remote_->get(action, call);
  const Flights::Flight flight(*flights_, action, call);
  auto found = store_.get(action);
  if (found && *found) {
    remote_->note_local_hit(action, (*found)->entry);
    return found;
  }
  return remote_->get(action, call);
}

void Session::end_put(store::Put put, OnPut done) {
  const Timer timer;
  const store::ActionId action = put.action();
  const auto stored = put.commit();
  timer.log("put", action, stored ? "stored" : stored.error().message);
  if (!stored) {
    if (stored.error().fault != base::Fault::kInvalid) say_fault("local put", stored.error());
    done(stored);
    return;
  }
  ++puts_;
  put_bytes_ += stored->entry.size;
  if (misses_ != nullptr) misses_->note_put(action, stored->entry.size);
  if (remote_ == nullptr || !options_.sync_uploads) {
    done(stored);
    if (remote_ != nullptr) remote_->put(action, *stored);
    return;
  }
  begin();
  remote_->put(action, *stored, [this, stored, done = std::move(done)] {
    done(stored);
    end();
  });
}

void Session::end() {
  auto pending = pending_.lock();
  if (--*pending == 0) none_pending_.notify_all();
}

void Session::wait() {
  pending_.lock().wait(none_pending_, [](std::int64_t pending) { return pending == 0; });
}

void Session::cancel() { stop_.request_stop(); }

Counts Session::counts() const { return {hits_, hit_bytes_, missed_, puts_, put_bytes_, faults_}; }

// One line for the first fault; the rest are in the count.
void Session::say_fault(std::string_view what, const base::Error& error) {
  if (faults_++ == 0) base::log(base::LogLevel::kWarning, "{}: {}", what, error.message);
}

}  // namespace gopouch::session
