// Counts what is asked of a store and what comes of it.
#include "object/body.h"
#include "object/decorators.h"

namespace gopouch::object {

namespace {

// Hands on what arrives, and counts it.
class CountingSink final : public Sink {
 public:
  CountingSink(Sink* to, std::atomic<std::int64_t>& bytes) : to_(to), bytes_(bytes) {}
  void begin() override { to_->begin(); }
  bool write(std::span<const std::uint8_t> bytes) override {
    bytes_ += std::ssize(bytes);
    return to_->write(bytes);
  }

 private:
  Sink* const to_;
  std::atomic<std::int64_t>& bytes_;
};

class Meter final : public Store {
 public:
  Meter(std::unique_ptr<Store> inner, Gauges& gauges) : inner_(std::move(inner)), gauges_(gauges) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    std::vector<Get> counted(gets.begin(), gets.end());
    std::vector<CountingSink> sinks;
    sinks.reserve(gets.size());  // never moves: the gets point into it
    for (Get& get : counted) {
      if (get.sink != nullptr) get.sink = &sinks.emplace_back(get.sink, gauges_.bytes_down);
    }
    gauges_.gets += std::ssize(gets);
    inner_->get(counted, call, [&](std::size_t index, base::Result<std::optional<Object>> reply) {
      note(reply);
      if (reply && *reply) gauges_.bytes_down += std::ssize((*reply)->bytes);
      if (reply) ++(*reply ? gauges_.hits : gauges_.misses);
      on_reply(index, std::move(reply));
    });
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    net::Body counted = body;
    if (counted.sent == nullptr) counted.sent = &gauges_.moved;
    auto outcome = count(inner_->put(key, counted, options, call));
    ++gauges_.puts;
    if (outcome && *outcome == PutOutcome::kStored) {
      gauges_.bytes_up += size_of(body);
    }
    return outcome;
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return count(inner_->head(key, call));
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    return count(inner_->list(prefix, call, on_page));
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return count(inner_->remove(keys, call));
  }

 private:
  template <typename T>
  void note(const base::Result<T>& result) {
    // What the caller called off is nobody's fault.
    if (!result && result.error().fault != base::Fault::kStopped) ++gauges_.faults;
  }
  template <typename T>
  base::Result<T> count(base::Result<T> result) {
    note(result);
    return result;
  }

  const std::unique_ptr<Store> inner_;
  Gauges& gauges_;
};

}  // namespace

Counts Gauges::counts() const {
  return {.gets = gets,
          .hits = hits,
          .misses = misses,
          .puts = puts,
          .faults = faults,
          .bytes_down = bytes_down,
          .bytes_up = bytes_up,
          .retries = retries,
          .open = open || refused,
          .read_only = read_only};
}

std::unique_ptr<Store> meter(std::unique_ptr<Store> inner, Gauges& gauges) {
  return std::make_unique<Meter>(std::move(inner), gauges);
}

}  // namespace gopouch::object
