#include "session/misses.h"

#include <algorithm>

namespace gopouch::session {

namespace {

constexpr std::size_t kMost = 12;
// Of what was never put: a test that failed, a vet that was called off.
constexpr std::size_t kMostMissed = 20'000;
constexpr std::chrono::hours kOfLate{24};

}  // namespace

void Misses::note_miss(const store::ActionId& action) {
  auto state = state_.lock();
  if (state->missed.size() >= kMostMissed) state->missed.clear();
  state->missed.insert_or_assign(action, Clock::now());
}

void Misses::note_put(const store::ActionId& action, std::int64_t bytes) {
  auto state = state_.lock();
  const auto found = state->missed.find(action);
  if (found == state->missed.end()) return;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - found->second);
  state->missed.erase(found);
  const auto now = std::chrono::system_clock::now();
  auto& list = state->costliest;
  std::erase_if(list,
                [&](const Miss& one) { return now - one.put > kOfLate || one.action == action; });
  const auto place =
      std::find_if(list.begin(), list.end(), [&](const Miss& one) { return one.took < took; });
  list.insert(place, {action, bytes, took, now});
  if (list.size() > kMost) list.pop_back();
}

std::vector<Miss> Misses::costliest() const { return state_.lock()->costliest; }

}  // namespace gopouch::session
