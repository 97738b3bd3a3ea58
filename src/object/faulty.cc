// Faults on purpose, to see that nothing breaks on them. Rules: decorators.h.
#include "object/decorators.h"

namespace gopouch::object {

namespace {

class Faulty final : public Store {
 public:
  Faulty(std::unique_ptr<Store> inner, double rate, std::uint64_t seed)
      : inner_(std::move(inner)), rate_(rate), dice_(seed) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    std::vector<Get> sent;
    std::vector<std::size_t> indexes;
    std::vector<bool> lost;
    for (std::size_t i = 0; i < gets.size(); ++i) {
      const Fate fate = roll();
      if (fate == Fate::kRefused) {
        on_reply(i, fault());
        continue;
      }
      sent.push_back(gets[i]);
      indexes.push_back(i);
      lost.push_back(fate == Fate::kLost);
    }
    if (sent.empty()) return;
    inner_->get(sent, call, [&](std::size_t nth, base::Result<std::optional<Object>> reply) {
      on_reply(indexes[nth], lost[nth] ? fault() : std::move(reply));
    });
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    return maybe([&] { return inner_->put(key, body, options, call); });
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return maybe([&] { return inner_->head(key, call); });
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    return maybe([&] { return inner_->list(prefix, call, on_page); });
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return maybe([&] { return inner_->remove(keys, call); });
  }

 private:
  enum class Fate { kGood, kRefused, kLost };

  Fate roll() {
    const double number = dice_.roll();
    if (number >= rate_) return Fate::kGood;
    return number < rate_ / 2 ? Fate::kRefused : Fate::kLost;
  }

  static base::Error fault() {
    return {base::Fault::kUnavailable, "failed on purpose (--error-rate)"};
  }

  template <typename Work>
  auto maybe(const Work& work) -> decltype(work()) {
    const Fate fate = roll();
    if (fate == Fate::kRefused) return fault();
    auto result = work();
    if (fate == Fate::kLost) return fault();
    return result;
  }

  const std::unique_ptr<Store> inner_;
  const double rate_;
  Dice dice_;
};

}  // namespace

std::unique_ptr<Store> fail_at_random(std::unique_ptr<Store> inner, double rate,
                                      std::uint64_t seed) {
  return std::make_unique<Faulty>(std::move(inner), rate, seed);
}

}  // namespace gopouch::object
