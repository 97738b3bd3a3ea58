// What a session has asked for and put, in order: what its manifests will say.
//
// And where the go command stands. It loads packages, which asks for indexes of modules and of
// directories and for nothing else; then it builds (cmd/go/internal/modindex and .../work). An
// index of a directory goes by the times of its files: every checkout has its own, which is of no
// use to any other. So as long as go loads, an action that the manifests of its scope do not know
// is taken for one of these: not worth a round trip, nor an upload, nor a line in a manifest. The
// first output that is no index ends it, and where it was guessed wrongly something is compiled
// twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "pack/pack.h"
#include "store/store.h"

namespace gopouch::remote {

// What the first bytes of an output say (cmd/go/internal/modindex/write.go).
enum class GoIndex { kNone, kOfModule, kOfDirectory };
GoIndex index_in(const std::string& path);  // a file that cannot be read has none

// Safe for concurrent use.
class Uses {
 public:
  // Both must outlive the Uses. Without packs it does not matter that go loads.
  Uses(const std::optional<pack::Packs>& packs, store::Store& local)
      : packs_(packs), local_(local) {}

  // What is known of an action. A put of one that was never asked for (`go build -a`) may be one
  // that the remote has.
  struct Known {
    bool asked = false, missed = false, put = false, lent = false;
    bool index = false;
    bool own = false;                             // of this checkout: stays here
    std::chrono::steady_clock::time_point since;  // when it was missed
    std::optional<store::Entry> entry;            // what it gives
    std::uint32_t cost_ms = 0;
  };

  // The output is in the file at `path`; null: where the local store has it.
  void note_hit(const store::ActionId& action, const store::Entry& entry, std::uint32_t cost_ms,
                const std::string* path = nullptr);
  void note_miss(const store::ActionId& action);
  void note_presumed(const store::ActionId& action);  // a miss, for is_own() says so
  void note_lent(const store::ActionId& action);
  Known note_put(const store::ActionId& action, const store::Hit& hit);

  // Whether an action of which no manifest knows is one that only this checkout can know.
  bool is_own(const store::ActionId& action) const;

  Known known(const store::ActionId& action) const;  // of what was never mentioned: nothing

  // In the order of first mention.
  std::vector<pack::Used> all() const;

 private:
  enum class Kind { kOther, kIndex, kOwn };

  struct State {
    bool loading = true;
    std::unordered_map<store::ActionId, Known, store::IdHash> known;
    std::vector<store::ActionId> order;

    Known& at(const store::ActionId& action);
    void take(Known& one, Kind kind);
  };

  Kind kind_of(const store::ActionId& action, const std::string* path) const;

  const std::optional<pack::Packs>& packs_;
  store::Store& local_;
  mutable base::Guarded<State> state_;
};

}  // namespace gopouch::remote
