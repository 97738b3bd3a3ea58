// Which tier is asked for what, and which is told of it. Rules: remote.h.
//
// Knows neither layouts nor stores: a tier is a Remote.
#include <algorithm>
#include <mutex>

#include "base/log.h"
#include "remote/remote.h"

namespace gopouch::remote {

namespace {

using Word = pack::Packs::Word;

// Finding the scope out takes reading files; it is the same for all.
std::function<std::pair<base::Hash, base::Hash>()> once(
    std::function<std::pair<base::Hash, base::Hash>()> scope) {
  struct Found {
    std::once_flag done;
    std::pair<base::Hash, base::Hash> names;
  };
  auto found = std::make_shared<Found>();  // of the copies that the tiers hold
  return [found, scope = std::move(scope)] {
    std::call_once(found->done, [&] { found->names = scope(); });
    return found->names;
  };
}

bool is_in(std::uint32_t set, std::size_t tier) { return ((set >> tier) & 1U) != 0; }

}  // namespace

Tiers::Tiers(std::span<object::Remote> objects, store::Store& local, const Options& options)
    : local_(local) {
  if (objects.size() == 1) {
    tiers_.emplace_back(objects.front(), local, options);
    return;
  }
  Options each = options;
  if (each.packs.scope) each.packs.scope = once(std::move(each.packs.scope));
  for (std::size_t i = 0; i < objects.size(); ++i) {
    tiers_.emplace_back(objects[i], local, options_of(i, each));
  }
}

Options Tiers::options_of(std::size_t tier, const Options& options) {
  Options own = options;
  own.packs.elsewhere = [this, tier](pack::Which manifest, const store::ActionId& action) {
    return promised(tier, manifest, action);
  };
  return own;
}

// Whether the exact manifest of a tier that is asked before has the action. Those of all tiers are
// asked before any module's.
bool Tiers::promised(std::size_t tier, pack::Which manifest, const store::ActionId& action) const {
  const std::size_t end = manifest == pack::Which::kExact ? tier : tiers_.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (tiers_[i].remote.promises(action)) return true;
  }
  return false;
}

base::Result<std::optional<store::Hit>> Tiers::get(const store::ActionId& action,
                                                   const base::Call& call) {
  if (tiers_.size() == 1) {
    auto found = tiers_.front().remote.get(action, call);
    if (!found) say(tiers_.front(), found.error());
    return found;
  }

  std::uint32_t dead = 0;  // tiers that say so
  if (auto hit = find(action, call, dead)) return hit;

  const bool nothing = std::any_of(tiers_.begin(), tiers_.end(), [&](const Tier& tier) {
    return tier.remote.expects_nothing(action);
  });
  if (nothing) {
    for (Tier& tier : tiers_) tier.remote.note_nothing(action);
    return std::optional<store::Hit>();
  }

  base::Result<std::optional<store::Hit>> answer = std::optional<store::Hit>();
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    Remote& remote = tiers_[i].remote;
    if (is_in(dead, i)) {
      remote.note_dead(action);
      continue;
    }
    if (call.over()) break;  // one has taken all the time: not the next one's fault
    auto found = remote.get_entry(action, call);
    if (!found) {
      say(tiers_[i], found.error());
      answer = found.error();
    } else if (*found) {
      lend(action, (*found)->entry, i);
      return found;
    }
  }
  return answer;
}

// What packs hold.
std::optional<store::Hit> Tiers::find(const store::ActionId& action, const base::Call& call,
                                      std::uint32_t& dead) {
  for (const auto manifest : {pack::Which::kExact, pack::Which::kModule}) {
    for (std::size_t i = 0; i < tiers_.size(); ++i) {
      if (is_in(dead, i)) continue;
      Tier& tier = tiers_[i];
      const Word word = tier.remote.find(manifest, action, call);
      if (word == Word::kDead) dead |= 1U << i;
      if (word == Word::kHere) {
        auto hit = local_.get(action);
        if (hit && *hit) {
          note_local_hit(action, (*hit)->entry);
          return *std::move(hit);
        }
      }
      // Where the others have everything, nobody else would tell that this one is down.
      if (!tier.fault_said) {
        if (const auto trouble = tier.remote.trouble()) say(tier, *trouble);
      }
    }
  }
  return std::nullopt;
}

void Tiers::note_local_hit(const store::ActionId& action, const store::Entry& entry) {
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    if (!tiers_[i].remote.note_local_hit(action, entry)) continue;
    lend(action, entry, i);
    return;
  }
}

// Lets the other tiers know what one has given.
void Tiers::lend(const store::ActionId& action, const store::Entry& entry, std::size_t from) {
  if (tiers_.size() == 1) return;
  const std::uint32_t cost_ms = tiers_[from].remote.cost_of(action);
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    if (i != from) tiers_[i].remote.note_lent(action, entry, cost_ms, i < from);
  }
}

// One line for the first fault of a tier; the rest are in its count.
void Tiers::say(Tier& tier, const base::Error& error) const {
  if (error.fault == base::Fault::kStopped || tier.fault_said.exchange(true)) return;
  base::log(base::LogLevel::kWarning, "{}; going on with {}", error.message,
            tiers_.size() == 1 ? "the local cache" : "the other remotes and the local cache");
}

void Tiers::put(const store::ActionId& action, const store::Hit& hit, std::function<void()> done) {
  if (tiers_.size() == 1) return tiers_.front().remote.put(action, hit, std::move(done));
  if (hit.entry.size == 0 && put_nothing(action, hit.entry)) {
    if (done) done();
    return;
  }
  if (!done) {
    for (Tier& tier : tiers_) tier.remote.put(action, hit);
    return;
  }
  struct Waiting {
    Waiting(std::size_t count, std::function<void()> then) : tiers(count), done(std::move(then)) {}
    std::atomic<std::size_t> tiers;
    std::function<void()> done;
  };
  // Held by the uploads: the last one tells.
  const auto waiting = std::make_shared<Waiting>(tiers_.size(), std::move(done));
  for (Tier& tier : tiers_) {
    tier.remote.put(action, hit, [waiting] {
      if (--waiting->tiers == 0) waiting->done();
    });
  }
}

// True: a manifest says that the action gives nothing, and there is nothing to be put.
bool Tiers::put_nothing(const store::ActionId& action, const store::Entry& entry) {
  const auto knows = std::find_if(tiers_.begin(), tiers_.end(), [&](const Tier& tier) {
    return tier.remote.gives_nothing(action);
  });
  if (knows == tiers_.end()) return false;
  for (Tier& tier : tiers_) {
    if (&tier != &*knows)
      tier.remote.note_lent(action, entry, 0, !tier.remote.gives_nothing(action));
  }
  return true;
}

void Tiers::close() {
  for (Tier& tier : tiers_) tier.remote.close();
}

// The others go on while one is waited for.
bool Tiers::flush(std::chrono::steady_clock::time_point until, std::chrono::milliseconds stall,
                  Remote::Flush what) {
  bool all = true;
  for (Tier& tier : tiers_) all = tier.remote.flush(until, stall, what) && all;
  return all;
}

std::int64_t Tiers::pending() const {
  std::int64_t sum = 0;
  for (const Tier& tier : tiers_) sum += tier.remote.pending();
  return sum;
}

std::int64_t Tiers::give_up() {
  std::int64_t sum = 0;
  for (Tier& tier : tiers_) sum += tier.remote.give_up();
  return sum;
}

Counts Tiers::counts() const {
  Counts sum;
  for (const Tier& tier : tiers_) sum += tier.remote.counts();
  return sum;
}

std::vector<Tiers::Part> Tiers::parts() const {
  std::vector<Part> parts;
  for (const Tier& tier : tiers_) parts.push_back({tier.remote.name(), tier.remote.counts()});
  return parts;
}

}  // namespace gopouch::remote
