// Brings what one manifest names into the local store before go asks for it.
//
// Nothing is fetched before the first get that the local store cannot answer and the manifest can:
// a machine that has everything pays for the manifest alone. Then the ranges of what is missing
// arrive in the recorded order, over several connections; a get that waits for a range has it moved
// to the front.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/call.h"
#include "base/guarded.h"
#include "pack/frame_sink.h"
#include "pack/pack.h"

namespace gopouch::pack {

// Safe for concurrent use.
class Prefetcher {
 public:
  struct Options {
    bool all = true;                 // false: only ranges that a get asks for
    std::int64_t limit = INT64_MAX;  // bytes of ranges
    std::size_t connections = 16;    // ranges on their way at once
    // Actions whose outputs are not fetched before a get asks for them here. Null: none.
    std::function<bool(const store::ActionId&)> elsewhere = {};
  };

  // All must outlive the Prefetcher.
  Prefetcher(object::Remote& objects, store::Store& local, const Tables& tables, Options options);
  ~Prefetcher();  // ends what is on its way

  // What the manifest says of an action.
  using Word = Packs::Word;

  // kHere: the local store is worth a look, now. Waits until the action's range has been dealt
  // with, or the call is over.
  Word find(const store::ActionId& action, const base::Call& call);

  // What the manifest has of an action; null: nothing.
  const Item* item(const store::ActionId& action) const;

  // Fetches everything; see Packs.
  Packs::Progress fetch_all(const base::Call& call,
                            const std::function<void(const Packs::Progress&)>& on_progress);

  // Whether the manifest names an output of the action, and it was or may yet be fetched.
  bool promises(const store::ActionId& action) const;

  // The first time that something which was fetched is used: the item; else null.
  const Item* use(const store::ActionId& action);

  // Ends all fetching; what waits is told at once.
  void stop();

  // Outputs (one flag each) that their pack turned out not to hold.
  std::vector<bool> bad() const;

  struct Counts {
    std::int64_t ranges = 0, bytes = 0;  // asked for
    std::int64_t in_hand = 0;            // gets that found what had been fetched
    std::int64_t waits = 0, waited_ms = 0;
    std::int64_t in_vain = 0;  // raw bytes of outputs that were fetched and not used
    std::int64_t corrupt = 0;  // frames that were not what the manifest says
  };
  Counts counts() const;

 private:
  // kSpare: planned as soon as a get asks for it, or for what shares its range.
  enum class Fate : std::uint8_t { kNotPlanned, kSpare, kPlanned, kHere, kGone };
  enum class RangeState : std::uint8_t { kIdle, kRunning, kDone };

  struct State {
    bool planned = false, stopped = false;
    std::vector<Fate> fates;              // of outputs
    std::vector<bool> used, bad;          // of outputs
    std::vector<std::uint32_t> range_of;  // of frames
    std::vector<Range> ranges;
    std::vector<RangeState> states;  // of ranges
    std::unique_ptr<Contents> contents;
    std::deque<std::uint32_t> urgent;  // ranges that a get waits for
    std::size_t next = 0, ahead = 0;   // in ranges: of those that nobody waits for, and their end
    std::size_t fetchers = 0;          // threads
    std::size_t idle = 0;              // those of them without a range
    std::int64_t left = 0;             // of the limit
    Counts counts;
    std::vector<std::jthread> threads;
  };

  void make_plan(State& state, bool all);
  void add_companions(std::vector<bool>& wanted, std::vector<bool>& spare) const;
  void add_ranges(State& state, const std::vector<bool>& wanted);
  void lay_empty_outputs();
  static void take_along(State& state, std::uint32_t range);
  void want(State& state, std::uint32_t range);
  void add_threads(State& state);
  void abandon(State& state);
  std::condition_variable& settled(std::uint32_t output) {
    return settled_.at(output % settled_.size());
  }
  void wake_all();
  void run();
  std::optional<std::uint32_t> next_range(State& state);
  void fetch(std::uint32_t index);

  object::Remote& objects_;
  store::Store& local_;
  const Tables& tables_;
  const Options options_;
  const bool ranges_;  // false: the store gives whole packs only
  std::unordered_map<store::ActionId, std::uint32_t, store::IdHash> index_;
  std::stop_source stop_;
  // A get waits on the one of its output, so that what is settled wakes few that wait for other
  // things: there are dozens of gets and thousands of outputs.
  std::array<std::condition_variable, 64> settled_;
  std::condition_variable wanted_;
  mutable base::Guarded<State> state_;
};

}  // namespace gopouch::pack
