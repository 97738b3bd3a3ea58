// Writes nothing where that was asked for, or where the store has said that we may not.
//
// A refused write is told once, as a line on stderr; those after it cost nothing. Rules:
// decorators.h.
#include <atomic>

#include <fmt/format.h>

#include "base/log.h"
#include "object/decorators.h"

namespace gopouch::object {

namespace {

using base::Fault;

// One body may be wrong for a store (too large for a proxy in between); so many in a row are not
// the bodies' fault, but a storage class, say, that does not exist.
constexpr int kWrongInARow = 5;

class WriteGuard final : public Store {
 public:
  WriteGuard(std::unique_ptr<Store> inner, std::string name, Gauges& gauges)
      : inner_(std::move(inner)), name_(std::move(name)), gauges_(gauges) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    inner_->get(gets, call, on_reply);
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    if (gauges_.read_only) return read_only();
    auto outcome = inner_->put(key, body, options, call);
    if (outcome) {
      wrong_ = 0;
    } else if (outcome.error().fault == Fault::kDenied ||
               (outcome.error().fault == Fault::kInvalid && ++wrong_ >= kWrongInARow)) {
      give_up(outcome.error());
    }
    return outcome;
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return inner_->head(key, call);
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    return inner_->list(prefix, call, on_page);
  }

  // Who may write need not be allowed to remove, so a refusal says nothing about puts.
  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return gauges_.read_only ? read_only() : inner_->remove(keys, call);
  }

 private:
  base::Error read_only() const { return {Fault::kDenied, name_ + ": read-only"}; }

  void give_up(const base::Error& error) {
    if (gauges_.read_only.exchange(true)) return;
    base::log(base::LogLevel::kWarning, "read-only from here on: {}", error.message);
  }

  const std::unique_ptr<Store> inner_;
  const std::string name_;
  Gauges& gauges_;
  std::atomic<int> wrong_ = 0;
};

}  // namespace

std::unique_ptr<Store> guard_writes(std::unique_ptr<Store> inner, std::string name,
                                    Gauges& gauges) {
  return std::make_unique<WriteGuard>(std::move(inner), std::move(name), gauges);
}

}  // namespace gopouch::object
