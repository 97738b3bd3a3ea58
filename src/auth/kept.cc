#include "auth/kept.h"

#include <algorithm>

namespace gopouch::auth {

namespace {

constexpr std::chrono::seconds kBetween{10};  // fetches while something is there to go on with
constexpr std::chrono::seconds kHopeless{
    30};  // an answer that will not change is not asked for again
constexpr std::chrono::milliseconds kAhead{2000};  // of a call's time, for what is not urgent yet
constexpr std::chrono::milliseconds kSlice{20};    // between looks at a stop token

bool will_pass(const base::Error& error) {
  return error.fault != base::Fault::kInvalid && error.fault != base::Fault::kDenied;
}

}  // namespace

template <typename T>
bool KeptOf<T>::recent(const State& state, std::chrono::seconds time) const {
  const auto since = now_() - state.tried;
  return state.rounds > 0 && since >= Time::duration::zero() && since < time;
}

template <typename T>
bool KeptOf<T>::usable(const State& state) const {
  return state.held && !state.refused &&
         (!*state.held || !(*state.held)->expires || *(*state.held)->expires > now_());
}

template <typename T>
typename KeptOf<T>::Need KeptOf<T>::need(const State& state) const {
  if (!state.held || state.refused) return Need::kNow;
  if (!*state.held || !(*state.held)->expires) return Need::kNothing;
  if (recent(state, kBetween) && (!state.error || usable(state))) return Need::kNothing;
  const auto left = *(*state.held)->expires - now_();
  if (left < ends_.last) return Need::kNow;
  return left < ends_.ahead ? Need::kSoon : Need::kNothing;
}

template <typename T>
void KeptOf<T>::fetch(Locked& state, const base::Call& call) {
  const std::uint64_t refusals = state->refusals;
  state->fetching = true;
  Found found = base::Error{};
  state.unlocked([&] { found = fetch_(call); });
  state->fetching = false;
  state->rounds += 1;
  state->tried = now_();
  state->error.reset();
  if (found.ok()) {
    state->held = *std::move(found);
    if (state->refusals == refusals) state->refused = false;
  } else {
    state->error = found.error();
    state->error_is_ours = found.error().fault == base::Fault::kStopped || call.over();
  }
  ended_.notify_all();
}

template <typename T>
auto KeptOf<T>::outcome(const State& state) const -> std::optional<Found> {
  if (!state.error) return std::nullopt;
  if (usable(state)) return Found(*state.held);
  if (state.error_is_ours) return std::nullopt;
  return Found(*state.error);
}

template <typename T>
auto KeptOf<T>::get(const base::Call& call) -> Found {
  auto state = state_.lock();
  while (true) {
    const Need now = need(*state);
    if (now == Need::kNothing || (now == Need::kSoon && state->fetching)) return *state->held;
    if (now == Need::kSoon) {
      fetch(state, call.at_most(kAhead));
      return *state->held;
    }
    if (state->error && !state->error_is_ours && !will_pass(*state->error) &&
        recent(*state, kHopeless)) {
      return *state->error;
    }
    if (call.over()) {
      return base::Error{call.stop.stop_requested() ? base::Fault::kStopped : base::Fault::kTimeout,
                         "no credentials in the time there was"};
    }
    if (!state->fetching) {
      fetch(state, call);
      if (!state->error) return *state->held;
      return usable(*state) ? Found(*state->held) : Found(*state->error);
    }
    const std::uint64_t round = state->rounds;
    const auto until = std::min(call.deadline, base::Call::Clock::now() + kSlice);
    const auto over = [round](const State& now_state) { return now_state.rounds != round; };
    if (!state.wait_until(ended_, until, over)) continue;
    if (auto answer = outcome(*state)) return *std::move(answer);
  }
}

template <typename T>
void KeptOf<T>::refuse(State& state) {
  state.refused = true;
  state.refusals += 1;
  state.error.reset();
}

template <typename T>
void KeptOf<T>::renew() {
  refuse(*state_.lock());
}

template <typename T>
void KeptOf<T>::renew(const T& refused) {
  auto state = state_.lock();
  if (state->held && *state->held && !same_secret(**state->held, refused)) return;
  refuse(*state);
}

bool same_secret(const AwsCredentials& a, const AwsCredentials& b) {
  return a.access_key_id == b.access_key_id && a.session_token == b.session_token;
}

bool same_secret(const GoogleToken& a, const GoogleToken& b) { return a.token == b.token; }

template class KeptOf<AwsCredentials>;
template class KeptOf<GoogleToken>;

}  // namespace gopouch::auth
