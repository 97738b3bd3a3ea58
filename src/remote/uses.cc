#include "remote/uses.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/files.h"
#include "base/little_endian.h"

namespace gopouch::remote {

namespace {

// "go index v2\n", where the strings begin, and how many packages there are; of a directory: one.
constexpr std::string_view kIndex = "go index v";
constexpr std::size_t kCountAt = 16, kHead = 20;

using Clock = std::chrono::steady_clock;

}  // namespace

GoIndex index_in(const std::string& path) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<std::uint8_t, kHead> head{};
  if (!file || ::pread(file.get(), head.data(), head.size(), 0) != std::ssize(head)) {
    return GoIndex::kNone;
  }
  if (!std::equal(kIndex.begin(), kIndex.end(), head.begin())) return GoIndex::kNone;
  const auto packages = base::get_number<std::uint32_t>(head.data() + kCountAt);
  return packages == 1 ? GoIndex::kOfDirectory : GoIndex::kOfModule;
}

Uses::Known& Uses::State::at(const store::ActionId& action) {
  const auto [place, fresh] = known.try_emplace(action);
  if (fresh) order.push_back(action);
  return place->second;
}

void Uses::State::take(Known& one, Kind kind) {
  if (!loading) return;
  one.index = kind != Kind::kOther;
  one.own = kind == Kind::kOwn;
  loading = one.index;
}

// What an output is; of no interest once go builds.
Uses::Kind Uses::kind_of(const store::ActionId& action, const std::string* path) const {
  using Recorded = pack::Packs::Recorded;
  if (!packs_ || !state_.lock()->loading) return Kind::kOther;
  const Recorded recorded = packs_->recorded(action);
  if (recorded == Recorded::kIndex) return Kind::kIndex;
  if (recorded == Recorded::kOther) return Kind::kOther;
  GoIndex index = GoIndex::kNone;
  if (path != nullptr) {
    index = index_in(*path);
  } else if (const auto here = local_.get(action); here && *here) {
    index = index_in((*here)->path);
  }
  if (index == GoIndex::kNone) return Kind::kOther;
  const bool own = index == GoIndex::kOfDirectory && recorded == Recorded::kUnknown;
  return own ? Kind::kOwn : Kind::kIndex;
}

bool Uses::is_own(const store::ActionId& action) const {
  return packs_ && state_.lock()->loading &&
         packs_->recorded(action) == pack::Packs::Recorded::kUnknown;
}

void Uses::note_hit(const store::ActionId& action, const store::Entry& entry, std::uint32_t cost_ms,
                    const std::string* path) {
  const Kind kind = kind_of(action, path);
  auto state = state_.lock();
  Known& one = state->at(action);
  one.asked = true;
  one.entry = entry;
  one.cost_ms = std::max(one.cost_ms, cost_ms);
  state->take(one, kind);
}

void Uses::note_miss(const store::ActionId& action) {
  auto state = state_.lock();
  Known& one = state->at(action);
  one.asked = one.missed = true;
  one.since = Clock::now();
}

void Uses::note_presumed(const store::ActionId& action) {
  note_miss(action);
  state_.lock()->at(action).own = true;
}

void Uses::note_lent(const store::ActionId& action) { state_.lock()->at(action).lent = true; }

Uses::Known Uses::note_put(const store::ActionId& action, const store::Hit& hit) {
  const Kind kind = kind_of(action, &hit.path);
  auto state = state_.lock();
  Known& one = state->at(action);
  one.cost_ms = 0;
  if (one.missed) {
    const auto time =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - one.since);
    one.cost_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
  }
  one.put = true;
  one.lent = one.own = false;
  one.entry = hit.entry;
  state->take(one, kind);
  return one;
}

Uses::Known Uses::known(const store::ActionId& action) const {
  auto state = state_.lock();
  const auto found = state->known.find(action);
  return found == state->known.end() ? Known() : found->second;
}

std::vector<pack::Used> Uses::all() const {
  auto state = state_.lock();
  std::vector<pack::Used> all;
  all.reserve(state->order.size());
  for (const store::ActionId& action : state->order) {
    const Known& one = state->known.at(action);
    if (one.own) continue;
    all.push_back({action, one.entry, one.cost_ms, one.asked, one.index, one.put, one.lent});
  }
  return all;
}

}  // namespace gopouch::remote
