// Credentials that are fetched when first wanted, kept, and renewed before they end.
//
// Far from their end nobody asks anew. Near it one caller does, and the others go on with the old
// ones meanwhile; so does everybody when the renewal fails. At the very end all wait for it. A
// clock that is wrong must not keep us from trying: what was just fetched counts as good for a
// while, whatever its date says; the server is the judge.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>

#include "auth/auth.h"
#include "base/guarded.h"

namespace gopouch::auth {

// Safe for concurrent use. T is AwsCredentials or GoogleToken: it has `expires`, and same_secret()
// tells two of them apart.
template <typename T>
class KeptOf {
 public:
  using Found = base::Result<std::optional<T>>;
  using Fetch = std::function<Found(const base::Call& call)>;
  struct Ends {
    std::chrono::seconds ahead;  // one caller renews when less time than this is left
    std::chrono::seconds last;   // all wait for it when less than this is
  };

  // `fetch` runs on the thread of whoever gets, one at a time. It must not throw.
  KeptOf(Fetch fetch, std::function<Time()> now, Ends ends)
      : fetch_(std::move(fetch)), now_(std::move(now)), ends_(ends) {}

  Found get(const base::Call& call);

  // The next get() fetches, whatever the time. With `refused`: not if others are here by now.
  void renew();
  void renew(const T& refused);

 private:
  enum class Need { kNothing, kSoon, kNow };
  struct State {
    std::optional<std::optional<T>> held;  // nullopt: never asked
    bool refused = false;                  // what is held
    std::uint64_t refusals = 0;            // calls of renew() that counted
    bool fetching = false;
    std::uint64_t rounds = 0;          // fetches that ended
    std::optional<base::Error> error;  // of the last one
    bool error_is_ours = false;        // of whoever fetched: out of time, stopped
    Time tried{};                      // when it ended
  };
  using Locked = typename base::Guarded<State>::Locked;

  Need need(const State& state) const;
  bool usable(const State& state) const;
  bool recent(const State& state, std::chrono::seconds time) const;
  // The answer of a round that has ended; nullopt: ask again.
  std::optional<Found> outcome(const State& state) const;
  void fetch(Locked& state, const base::Call& call);
  static void refuse(State& state);

  const Fetch fetch_;
  const std::function<Time()> now_;
  const Ends ends_;
  std::condition_variable ended_;
  base::Guarded<State> state_;
};

bool same_secret(const AwsCredentials& a, const AwsCredentials& b);
bool same_secret(const GoogleToken& a, const GoogleToken& b);

extern template class KeptOf<AwsCredentials>;
extern template class KeptOf<GoogleToken>;

using Kept = KeptOf<AwsCredentials>;
using Found = Kept::Found;

}  // namespace gopouch::auth
