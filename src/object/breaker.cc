// A store that does not work is switched off, so that it costs a build no more than a few seconds.
//
//   closed   calls go through. It opens on `faults` reads or writes in a row that were
//            kUnavailable, on reads that have failed for longer than `patience` in sum, and on a
//            single kTimeout.
//   open     calls fail at once; reads that were under way end. After a pause, the next call (which
//            fails, too) has a probe sent in the background: a head of its key.
//   closed   again, when the probe is answered, whatever the answer. Else open for another pause.
//
// The first pause is short, since a server that is started again, or a Cluster that loses a node,
// is back in a few seconds; each one after it is twice as long as the last, up to `pause`. A store
// that opens it again before it was closed for as long as that waits for all of it.
//
// The probe is nobody's call, so that a store that swallows requests costs nothing any more,
// however long the build is.
//
// Reads that are refused (kDenied, kInvalid), `faults` of them in a row without one that worked,
// are refused for good. One alone may mean an object that is not there: S3 says 403 to who may get
// but not list. Refused writes are readonly.cc's business. Corrupt answers and what the caller
// called off count as nothing.
#include <algorithm>
#include <stop_token>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "object/decorators.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

using Clock = base::Call::Clock;
using Reply = base::Result<std::optional<Object>>;

// Somebody waits for a read; writes happen in the background.
enum class Kind { kRead, kWrite };

// A token that is stopped when either of two is.
class EitherStop {
 public:
  EitherStop(const std::stop_token& a, const std::stop_token& b)
      : a_(a, Pass{&stop_}), b_(b, Pass{&stop_}) {}
  std::stop_token token() const { return stop_.get_token(); }

 private:
  struct Pass {
    std::stop_source* to;
    void operator()() const { to->request_stop(); }
  };
  std::stop_source stop_;
  std::stop_callback<Pass> a_, b_;
};

class Breaker final : public Store {
 public:
  Breaker(std::unique_ptr<Store> inner, BreakerOptions options, Gauges& gauges)
      : inner_(std::move(inner)), options_(std::move(options)), gauges_(gauges) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    if (gets.empty()) return;
    const auto pass = enter(Kind::kRead, gets.front().key);
    if (!pass) {
      for (std::size_t i = 0; i < gets.size(); ++i) on_reply(i, pass.error());
      return;
    }
    const EitherStop stop(call.stop, pass->off);
    inner_->get(gets, {call.deadline, stop.token()}, [&](std::size_t index, Reply reply) {
      on_reply(index, leave(*pass, call, std::move(reply)));
    });
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    const auto pass = enter(Kind::kWrite, key);
    if (!pass) return pass.error();
    return leave(*pass, call, inner_->put(key, body, options, call));
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    const auto pass = enter(Kind::kRead, key);
    if (!pass) return pass.error();
    const EitherStop stop(call.stop, pass->off);
    return leave(*pass, call, inner_->head(key, {call.deadline, stop.token()}));
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    const auto pass = enter(Kind::kWrite, {});
    if (!pass) return pass.error();
    return leave(*pass, call, inner_->list(prefix, call, on_page));
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    const auto pass = enter(Kind::kWrite, keys.empty() ? Key() : keys.front());
    if (!pass) return pass.error();
    return leave(*pass, call, inner_->remove(keys, call));
  }

 private:
  // What a call that went through takes along.
  struct Pass {
    Kind kind;
    std::uint64_t period;  // Now::period when it went through
    std::stop_token off;   // stopped when the breaker opens
    Clock::time_point start;
  };

  struct Now {
    std::uint64_t period = 0;  // grows with each opening: what began before counts no more
    std::stop_source off;      // of this period
    int read_faults = 0;       // in a row
    int write_faults = 0;      // in a row
    milliseconds lost{0};      // by reads, in that row
    int refusals = 0;          // in a row
    bool open = false;
    bool probing = false;
    Clock::time_point until;                  // open: when a probe may be sent
    milliseconds pause{0};                    // open: between probes
    std::optional<Clock::time_point> closed;  // since then, after it had been open
    Error why;                                // open: what is told
    std::optional<Error> refused;             // what reads are told, for good
  };

  base::Result<Pass> enter(Kind kind, const Key& key) {
    auto now = now_.lock();
    if (kind == Kind::kRead && now->refused) return *now->refused;
    if (!now->open) return Pass{kind, now->period, now->off.get_token(), options_.now()};
    if (!now->probing && options_.now() >= now->until && !key.empty()) send_probe(*now, key);
    return now->why;
  }

  // What came of a call: counted, and told in the breaker's words where it ended the call.
  template <typename T>
  base::Result<T> leave(const Pass& pass, const base::Call& call, base::Result<T> result) {
    if (result) {
      note_success(pass);
      return result;
    }
    if (call.stop.stop_requested()) return result;
    const Error& error = result.error();
    switch (error.fault) {
      case Fault::kTimeout:
      case Fault::kUnavailable:
        note_fault(pass, call, error);
        break;
      case Fault::kDenied:
      case Fault::kInvalid:
        if (pass.kind == Kind::kRead) note_refusal(pass, error);
        break;
      case Fault::kStopped:
        if (pass.off.stop_requested()) return now_.lock()->why;
        break;
      default:
        break;
    }
    return result;
  }

  void note_success(const Pass& pass) {
    auto now = now_.lock();
    if (pass.period != now->period) return;
    // Whoever takes what is written may still be unable to give.
    if (pass.kind == Kind::kWrite) {
      now->write_faults = 0;
      return;
    }
    now->read_faults = now->refusals = 0;
    now->lost = milliseconds(0);
  }

  void note_refusal(const Pass& pass, const Error& error) {
    auto now = now_.lock();
    if (pass.period != now->period || now->refused || ++now->refusals < options_.faults) return;
    now->refused = Error{error.fault, "not asked again: " + error.message};
    gauges_.refused = true;
  }

  void note_fault(const Pass& pass, const base::Call& call, const Error& error) {
    const auto time = options_.now();
    std::stop_source off;
    {
      auto now = now_.lock();
      if (pass.period != now->period || now->open) return;
      const int faults = pass.kind == Kind::kRead ? ++now->read_faults : ++now->write_faults;
      if (pass.kind == Kind::kRead) {
        now->lost += std::chrono::duration_cast<milliseconds>(time - pass.start);
      }
      // A body that did not get through a thin line in its time is one fault among others.
      const bool thin = pass.kind == Kind::kWrite && time >= call.deadline;
      const bool dead = error.fault == Fault::kTimeout && !thin;
      if (!dead && faults < options_.faults && now->lost < options_.patience) return;
      off = open(*now, time, error);
    }
    off.request_stop();  // without the lock: it calls others
  }

  // The stop of the period that this ends.
  std::stop_source open(Now& now, Clock::time_point time, const Error& error) {
    const bool soon = now.closed && time - *now.closed < options_.pause;
    now.pause = soon ? options_.pause : std::min(options_.first_pause, options_.pause);
    now.open = gauges_.open = true;
    now.until = time + now.pause;
    now.why = {Fault::kUnavailable,
               fmt::format("{}: switched off: {}", options_.name, error.message)};
    now.read_faults = now.write_faults = now.refusals = 0;
    now.lost = milliseconds(0);
    ++now.period;
    base::log(base::LogLevel::kInfo, "{}", now.why.message);
    return std::exchange(now.off, std::stop_source());
  }

  void send_probe(Now& now, const Key& key) {
    try {
      // An earlier probe has ended, or is about to.
      probe_ = std::jthread([this, key](const std::stop_token& stop) { probe(key, stop); });
      now.probing = true;
    } catch (const std::system_error&) {
      now.until = options_.now() + now.pause;  // no thread to be had
    }
  }

  void probe(const Key& key, const std::stop_token& stop) {
    const auto answer = inner_->head(key, base::Call::within(options_.probe_time, stop));
    const bool answered = answer || (answer.error().fault != Fault::kUnavailable &&
                                     answer.error().fault != Fault::kTimeout &&
                                     answer.error().fault != Fault::kStopped);
    auto now = now_.lock();
    now->probing = false;
    if (answered) {
      now->open = gauges_.open = false;
      now->closed = options_.now();
      base::log(base::LogLevel::kInfo, "{}: answers again", options_.name);
    } else {
      now->pause = std::min(2 * now->pause, options_.pause);
      now->until = options_.now() + now->pause;
    }
  }

  const std::unique_ptr<Store> inner_;
  const BreakerOptions options_;
  Gauges& gauges_;
  base::Guarded<Now> now_;
  std::jthread probe_;  // last: ends first; assigned under the lock of now_
};

}  // namespace

std::unique_ptr<Store> break_circuit(std::unique_ptr<Store> inner, BreakerOptions options,
                                     Gauges& gauges) {
  return std::make_unique<Breaker>(std::move(inner), std::move(options), gauges);
}

}  // namespace gopouch::object
