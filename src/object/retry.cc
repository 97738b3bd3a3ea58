// Tries again what may go better the next time.
//
// All operations of a Store can be done twice. What is tried again: kUnavailable, nothing else; a
// timeout has cost enough already. The pause before attempt n+1 is a random part of first_pause *
// 2^(n-1), so that many callers who failed together do not come back together ("full jitter"), but
// not less than what the other side asks for (Retry-After, RFC 9110, 10.2.3). Where the call or the
// caller's patience ends before the pause does, the error is told at once.
//
// A put with a precondition that is tried again may meet its own first attempt, whose reply was
// lost: then it is a conflict.
#include <algorithm>
#include <unordered_set>

#include "object/decorators.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

using Clock = base::Call::Clock;
using Reply = base::Result<std::optional<Object>>;

constexpr int kMostDoublings = 6;
constexpr milliseconds kLongestPause = std::chrono::minutes(10);  // whatever is asked for

// One call on its way through its attempts.
class Attempts {
 public:
  // `patience` from now on is when the last attempt may begin.
  Attempts(const RetryOptions& options, Gauges& gauges, const base::Call& call,
           milliseconds patience = milliseconds::max())
      : options_(options), gauges_(gauges), call_(call), last_start_(call.deadline) {
    if (patience != milliseconds::max()) {
      last_start_ = std::min(last_start_, Clock::now() + patience);
    }
  }

  bool may_help(const Error& error) const {
    return error.fault == Fault::kUnavailable && done_ < options_.attempts && !gauges_.open &&
           Clock::now() + std::min(error.retry_after, kLongestPause) < last_start_;
  }

  // Waits before the next attempt. False: there is to be none.
  bool wait(milliseconds at_least) {
    const auto longest = options_.first_pause * (1 << std::min(done_ - 1, kMostDoublings));
    const auto part = std::chrono::duration<double, std::milli>(longest) * options_.random();
    const auto time =
        std::min(std::max(at_least, std::chrono::ceil<milliseconds>(part)), kLongestPause);
    if (Clock::now() + time >= last_start_ || !base::pause(call_, time) || gauges_.open) {
      return false;
    }
    ++done_;
    return true;
  }

  // Does `work` until it helps.
  template <typename Work>
  auto run(const Work& work) -> decltype(work()) {
    for (;;) {
      auto result = work();
      if (result || !may_help(result.error()) || !wait(result.error().retry_after)) return result;
      ++gauges_.retries;
    }
  }

 private:
  const RetryOptions& options_;
  Gauges& gauges_;
  const base::Call& call_;
  Clock::time_point last_start_;
  int done_ = 1;  // attempts, with the one under way
};

class Retry final : public Store {
 public:
  Retry(std::unique_ptr<Store> inner, RetryOptions options, Gauges& gauges)
      : inner_(std::move(inner)), options_(std::move(options)), gauges_(gauges) {}

  // What failed goes out again together, and only that.
  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    Attempts attempts(options_, gauges_, call, options_.patience);
    std::vector<Failed> failed = attempt(attempts, gets, call, on_reply);
    while (!failed.empty()) {
      milliseconds at_least{0};
      for (const Failed& one : failed) at_least = std::max(at_least, one.error.retry_after);
      if (!attempts.wait(at_least)) break;
      gauges_.retries += std::ssize(failed);
      std::vector<Get> again;
      again.reserve(failed.size());
      for (const Failed& one : failed) again.push_back(gets[one.index]);
      const std::vector<Failed> before = std::move(failed);
      failed = attempt(attempts, again, call, [&](std::size_t nth, Reply reply) {
        on_reply(before[nth].index, std::move(reply));
      });
      for (Failed& one : failed) one.index = before[one.index].index;
    }
    for (Failed& one : failed) on_reply(one.index, std::move(one.error));
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    return Attempts(options_, gauges_, call).run([&] {
      return inner_->put(key, body, options, call);
    });
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return Attempts(options_, gauges_, call, options_.patience).run([&] {
      return inner_->head(key, call);
    });
  }

  // A listing begins anew, so what was told already is left out.
  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    std::unordered_set<std::size_t> told;  // hashes: a million keys would be too much to keep
    bool first = true;
    return Attempts(options_, gauges_, call).run([&] {
      const bool again = !std::exchange(first, false);
      return inner_->list(prefix, call, [&](std::span<const Info> page) {
        std::vector<Info> fresh;
        for (const Info& info : page) {
          if (told.insert(std::hash<Key>()(info.key)).second && again) fresh.push_back(info);
        }
        if (!again) return on_page(page);
        return fresh.empty() || on_page(fresh);
      });
    });
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return Attempts(options_, gauges_, call).run([&] { return inner_->remove(keys, call); });
  }

 private:
  struct Failed {
    std::size_t index;
    Error error;
  };

  // What failed and may be tried again; all else is told.
  std::vector<Failed> attempt(const Attempts& attempts, std::span<const Get> gets,
                              const base::Call& call, const OnReply& on_reply) {
    std::vector<Failed> failed;
    inner_->get(gets, call, [&](std::size_t index, Reply reply) {
      if (!reply && attempts.may_help(reply.error())) {
        failed.push_back({index, reply.error()});
      } else {
        on_reply(index, std::move(reply));
      }
    });
    return failed;
  }

  const std::unique_ptr<Store> inner_;
  const RetryOptions options_;
  Gauges& gauges_;
};

}  // namespace

std::unique_ptr<Store> retry(std::unique_ptr<Store> inner, RetryOptions options, Gauges& gauges) {
  return std::make_unique<Retry>(std::move(inner), std::move(options), gauges);
}

}  // namespace gopouch::object
