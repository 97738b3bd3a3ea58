#include "proxy/download.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace gopouch::proxy {

bool Download::write(Shelf& shelf, const base::Hash& name, std::span<const std::uint8_t> bytes) {
  if (!draft_) {
    auto draft = shelf.begin(name);
    if (!draft) {
      base::log(base::LogLevel::kWarning, "modules: {}", draft.error().message);
      return false;
    }
    draft_ = *std::move(draft);
  }
  if (const auto again = std::min(draft_->size() - at_, std::ssize(bytes)); again > 0) {
    std::vector<std::uint8_t> before(static_cast<std::size_t>(again));
    const ssize_t got = ::pread(draft_->fd(), before.data(), before.size(), at_);
    if (got != again || !std::equal(before.begin(), before.end(), bytes.begin())) return false;
    at_ += again;
    bytes = bytes.subspan(static_cast<std::size_t>(again));
  }
  if (bytes.empty()) return true;
  if (auto done = draft_->write(bytes); !done) {
    base::log(base::LogLevel::kWarning, "modules: {}", done.error().message);
    return false;
  }
  at_ += std::ssize(bytes);
  state_.lock()->size = draft_->size();
  moved_.notify_all();
  return true;
}

void Download::finish(Outcome outcome) {
  state_.lock()->outcome.emplace(std::move(outcome));
  moved_.notify_all();
}

const Outcome* Download::wait_for_start() {
  auto state = state_.lock();
  state.wait(moved_, [](const State& now) { return now.size > 0 || now.outcome; });
  return state->outcome ? &*state->outcome : nullptr;
}

std::int64_t Download::wait_for_more(std::int64_t from) {
  auto state = state_.lock();
  state.wait(moved_, [&](const State& now) { return now.size > from || now.outcome; });
  return state->size;
}

const Outcome& Download::wait_for_end() {
  auto state = state_.lock();
  state.wait(moved_, [](const State& now) { return now.outcome.has_value(); });
  return *state->outcome;
}

}  // namespace gopouch::proxy
