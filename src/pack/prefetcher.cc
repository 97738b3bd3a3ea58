#include "pack/prefetcher.h"

#include <sys/resource.h>
#include <unistd.h>

#include <system_error>

#include "base/log.h"

namespace gopouch::pack {

namespace {

using Clock = base::Call::Clock;
using std::chrono::milliseconds;

// What is fetched ahead gives way to the compiler; a get that waits for it leaves its core free.
constexpr int kNice = 5;

// How often somebody who waits for everything is told.
constexpr milliseconds kTick{100};

// A range may take this long, and longer the larger it is.
constexpr milliseconds kRangeTime{30'000};

}  // namespace

Prefetcher::Prefetcher(object::Remote& objects, store::Store& local, const Tables& tables,
                       Options options)
    : objects_(objects),
      local_(local),
      tables_(tables),
      options_(std::move(options)),
      ranges_(objects.features().ranges) {
  index_.reserve(tables.items.size());
  for (std::uint32_t i = 0; i < tables.items.size(); ++i) {
    index_.try_emplace(tables.items[i].action, i);
  }
  auto state = state_.lock();
  state->fates.resize(tables.outputs.size(), Fate::kNotPlanned);
  state->used.resize(tables.outputs.size());
  state->bad.resize(tables.outputs.size());
  state->left = options_.limit;
}

Prefetcher::~Prefetcher() {
  stop();
  std::vector<std::jthread> threads;
  threads.swap(state_.lock()->threads);
}

void Prefetcher::stop() {
  stop_.request_stop();
  state_.lock()->stopped = true;
  wake_all();
  wanted_.notify_all();
}

void Prefetcher::wake_all() {
  for (std::condition_variable& one : settled_) one.notify_all();
}

Prefetcher::Word Prefetcher::find(const store::ActionId& action, const base::Call& call) {
  const Item* const asked = item(action);
  if (asked == nullptr) return Word::kUnknown;
  const std::uint32_t output = asked->output;
  if (output == kNone) return Word::kDead;
  const std::uint32_t frame = tables_.outputs[output].frame;
  // Before the lock: it may call at once, and must not be waited for with the lock held.
  const std::stop_callback on_stop(call.stop, [this, output] {
    { auto state = state_.lock(); }
    settled(output).notify_all();
  });
  auto state = state_.lock();
  if (!state->planned) make_plan(*state, options_.all);
  if (state->fates[output] == Fate::kSpare) take_along(*state, state->range_of[frame]);
  if (state->fates[output] == Fate::kPlanned) {
    if (frame != kNone) want(*state, state->range_of[frame]);
    const auto start = Clock::now();
    state.wait_until(settled(output), call.deadline, [&](const State& now) {
      return now.fates[output] != Fate::kPlanned || now.stopped || call.stop.stop_requested();
    });
    ++state->counts.waits;
    state->counts.waited_ms +=
        std::chrono::duration_cast<milliseconds>(Clock::now() - start).count();
  }
  return state->fates[output] == Fate::kHere ? Word::kHere : Word::kUnknown;
}

// What the local store has is not fetched.
void Prefetcher::make_plan(State& state, bool all) {
  state.planned = true;
  std::vector<bool> missing(tables_.items.size());
  std::vector<bool> wanted(tables_.outputs.size()), spare(tables_.outputs.size());
  for (std::size_t i = 0; i < tables_.items.size(); ++i) {
    const Item& item = tables_.items[i];
    if (item.output == kNone) continue;
    const auto here = local_.get(item.action);
    if (here && *here && (*here)->entry.output == tables_.outputs[item.output].id) continue;
    missing[i] = true;
    const bool left = options_.elsewhere && options_.elsewhere(item.action);
    (left ? spare : wanted)[item.output] = true;
  }
  state.contents = std::make_unique<Contents>(tables_, missing);
  state.range_of.assign(tables_.frames.size(), kNone);
  if (options_.elsewhere) add_companions(wanted, spare);
  add_ranges(state, wanted);
  state.ahead = all ? state.ranges.size() : 0;
  add_ranges(state, spare);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] || spare[i]) state.fates[i] = wanted[i] ? Fate::kPlanned : Fate::kSpare;
  }
  add_threads(state);
  try {
    state.threads.emplace_back([this] { lay_empty_outputs(); });
  } catch (const std::system_error&) {
    abandon(state);
  }
}

// Makes wanted what comes along anyway: outputs of no bytes, and the rest of a frame, or of a pack
// where the store gives whole ones only.
void Prefetcher::add_companions(std::vector<bool>& wanted, std::vector<bool>& spare) const {
  const auto piece = [this](std::uint32_t frame) {
    return ranges_ ? frame : tables_.frames[frame].pack;
  };
  std::vector<bool> comes(ranges_ ? tables_.frames.size() : tables_.packs.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::uint32_t frame = tables_.outputs[i].frame;
    if (wanted[i] && frame != kNone) comes[piece(frame)] = true;
  }
  for (std::size_t i = 0; i < spare.size(); ++i) {
    const std::uint32_t frame = tables_.outputs[i].frame;
    if (!spare[i] || (frame != kNone && !comes[piece(frame)])) continue;
    spare[i] = false;
    wanted[i] = true;
  }
}

void Prefetcher::add_ranges(State& state, const std::vector<bool>& wanted) {
  auto ranges = plan(tables_, wanted);
  if (!ranges_) ranges = whole_packs(tables_, std::move(ranges));
  for (Range& range : ranges) {
    const auto index = static_cast<std::uint32_t>(state.ranges.size());
    for (const std::uint32_t frame : range.frames) state.range_of[frame] = index;
    state.ranges.push_back(std::move(range));
  }
  state.states.resize(state.ranges.size(), RangeState::kIdle);
}

// Outputs of no bytes lie in no pack. (They are all the same one.)
void Prefetcher::lay_empty_outputs() {
  const Contents& contents = *state_.lock()->contents;
  for (std::uint32_t output = 0; output < tables_.outputs.size(); ++output) {
    if (tables_.outputs[output].frame != kNone) continue;
    bool good = true;
    for (const std::uint32_t index : contents.items[output]) {
      const Item& item = tables_.items[index];
      good &= local_.put(item.action, tables_.outputs[output].id, 0, item.put_time).commit().ok();
    }
    auto state = state_.lock();
    if (state->fates[output] == Fate::kPlanned) {
      state->fates[output] = good ? Fate::kHere : Fate::kGone;
    }
    settled(output).notify_all();
  }
}

// What shares a range with what is asked for is left to others no longer. (What is spare lies in a
// frame: add_companions.)
void Prefetcher::take_along(State& state, std::uint32_t range) {
  for (const std::uint32_t frame : state.ranges[range].frames) {
    for (const std::uint32_t output : state.contents->outputs[frame]) {
      if (state.fates[output] == Fate::kSpare) state.fates[output] = Fate::kPlanned;
    }
  }
}

// To the front with it, if it is not on its way.
void Prefetcher::want(State& state, std::uint32_t range) {
  if (state.states[range] != RangeState::kIdle) return;
  state.urgent.push_back(range);
  add_threads(state);
  wanted_.notify_one();
}

// One for each range that may be fetched now, up to the number of connections.
void Prefetcher::add_threads(State& state) {
  const std::size_t work = state.urgent.size() + (state.ahead - state.next);
  try {
    while (state.fetchers < std::min(options_.connections, state.ranges.size()) &&
           state.idle < work) {
      state.threads.emplace_back([this] { run(); });
      ++state.fetchers;
      ++state.idle;
    }
  } catch (const std::system_error&) {
    if (state.fetchers == 0) abandon(state);  // else those that are there will do
  }
}

// Nothing can be fetched: everybody is told.
void Prefetcher::abandon(State& state) {
  for (Fate& fate : state.fates) {
    if (fate == Fate::kPlanned || fate == Fate::kSpare) fate = Fate::kGone;
  }
  wake_all();
}

std::optional<std::uint32_t> Prefetcher::next_range(State& state) {
  const auto start = [&](std::uint32_t index) {
    state.states[index] = RangeState::kRunning;
    state.left -= state.ranges[index].size;
    ++state.counts.ranges;
    return index;
  };
  while (!state.urgent.empty()) {
    const std::uint32_t index = state.urgent.front();
    state.urgent.pop_front();
    if (state.states[index] == RangeState::kIdle) return start(index);
  }
  while (state.next < state.ahead) {
    const auto index = static_cast<std::uint32_t>(state.next);
    if (state.states[index] == RangeState::kIdle && state.ranges[index].size > state.left) {
      state.next = state.ahead;  // beyond the limit, what is asked for is fetched
      break;
    }
    ++state.next;
    if (state.states[index] == RangeState::kIdle) return start(index);
  }
  return std::nullopt;
}

// A thread: one range after another.
void Prefetcher::run() {
  // Linux keeps a priority for each thread.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  for (;;) {
    std::optional<std::uint32_t> index;
    {
      auto state = state_.lock();
      state.wait(wanted_,
                 [&](State& now) { return now.stopped || (index = next_range(now)).has_value(); });
      if (state->stopped) return;
      --state->idle;
    }
    fetch(*index);
    ++state_.lock()->idle;
  }
}

void Prefetcher::fetch(std::uint32_t index) {
  // Neither changes any more.
  const auto [range, contents] = [&] {
    auto state = state_.lock();
    return std::pair<const Range*, const Contents*>(&state->ranges[index], state->contents.get());
  }();

  const auto settle = [&, contents = contents](std::uint32_t frame, Fate fate, bool bad) {
    auto state = state_.lock();
    for (const std::uint32_t output : contents->outputs[frame]) {
      state->fates[output] = fate;
      if (bad) state->bad[output] = true;
      settled(output).notify_all();
    }
    state->counts.corrupt += bad ? 1 : 0;
  };
  FrameSink sink(tables_, *contents, *range, local_, [&](std::uint32_t frame, bool good) {
    settle(frame, good ? Fate::kHere : Fate::kGone, !good);
  });
  const auto time = kRangeTime + object::time_to_move(range->size);
  object::Get get{.key = pack_key(tables_.packs[range->pack].id), .sink = &sink};
  if (ranges_) get.range = object::Range{range->offset, range->size};
  const auto reply =
      object::get_one(objects_.store(), get, base::Call::within(time, stop_.get_token()));

  // The pack is gone or shorter than it was, or the store fails: gets go on without it.
  const bool gone = reply ? true : reply.error().fault == base::Fault::kCorrupt;
  if (sink.done() < range->frames.size() && !stop_.stop_requested()) {
    base::log(base::LogLevel::kInfo, "{}: {}", get.key,
              !reply   ? reply.error().message
              : *reply ? std::string("cut short")
                       : std::string("gone"));
  }
  for (std::size_t i = sink.done(); i < range->frames.size(); ++i) {
    settle(range->frames[i], Fate::kGone, gone);
  }
  auto state = state_.lock();
  state->states[index] = RangeState::kDone;
  state->counts.bytes += sink.received();
}

Packs::Progress Prefetcher::fetch_all(
    const base::Call& call, const std::function<void(const Packs::Progress&)>& on_progress) {
  auto state = state_.lock();
  if (!state->planned) make_plan(*state, true);
  for (;;) {
    Packs::Progress now{0, std::ssize(state->fates), state->counts.bytes};
    bool open = false;
    for (const Fate fate : state->fates) {
      if (fate == Fate::kNotPlanned || fate == Fate::kHere) ++now.done;
      open |= fate == Fate::kPlanned;
    }
    if (!open || call.over()) return now;
    on_progress(now);
    state.wait_until(settled_.front(), std::min(call.deadline, Clock::now() + kTick),
                     [](const State&) { return false; });
  }
}

bool Prefetcher::promises(const store::ActionId& action) const {
  const Item* const named = item(action);
  if (named == nullptr || named->output == kNone) return false;
  auto state = state_.lock();
  const Fate fate = state->fates[named->output];
  return !state->planned || fate == Fate::kPlanned || fate == Fate::kHere;
}

const Item* Prefetcher::item(const store::ActionId& action) const {
  const auto found = index_.find(action);
  return found == index_.end() ? nullptr : &tables_.items[found->second];
}

const Item* Prefetcher::use(const store::ActionId& action) {
  const Item* const used = item(action);
  if (used == nullptr || used->output == kNone) return nullptr;
  auto state = state_.lock();
  // Planned: it lies in the store already, and the rest of its frame is on the way.
  const Fate fate = state->fates[used->output];
  if (fate != Fate::kHere && fate != Fate::kPlanned) return nullptr;
  state->used[used->output] = true;
  ++state->counts.in_hand;
  return used;
}

std::vector<bool> Prefetcher::bad() const { return state_.lock()->bad; }

Prefetcher::Counts Prefetcher::counts() const {
  auto state = state_.lock();
  Counts counts = state->counts;
  for (std::size_t i = 0; i < state->fates.size(); ++i) {
    if (state->fates[i] == Fate::kHere && !state->used[i]) {
      counts.in_vain += tables_.outputs[i].size;
    }
  }
  return counts;
}

}  // namespace gopouch::pack
