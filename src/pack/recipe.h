// What the next manifest of a scope says, and what must be packed for it.
//
// A pure function of what was and of what this session used: no network, no files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pack/manifest.h"
#include "pack/pack.h"

namespace gopouch::pack {

// What is known of a scope and of its neighbours when a session ends.
struct Known {
  const Tables* own = nullptr;       // the scope's manifest; null: none
  const Tables* other = nullptr;     // another whose packs may be drawn on; null: none
  std::vector<store::OutputId> bad;  // outputs that their packs turned out not to hold
  bool follow_other = false;  // where both know an output, it is drawn from where `other` says
};

// The next manifest, without places for what is to be packed.
struct Recipe {
  Tables tables;                    // outputs in `pack` have frame kNone as yet
  std::vector<std::uint32_t> pack;  // outputs of `tables` that go into a new pack, in order
};

struct Rules {
  std::uint32_t max_idle = 4;     // manifests that an action stays in without being asked for
  std::uint32_t max_keeping = 0;  // of those: in which it keeps a pack named that nobody else needs
  bool may_pack = true;           // false: only draw on packs that are there
  bool only_packs = false;        // true: what is not worth a pack is no news
};

// For a manifest that all commands of a module write.
constexpr Rules kModuleRules{.max_idle = 64, .max_keeping = 2, .may_pack = false};

// nullopt: the manifest that is there is as good. Else the next one:
//
//   - what was used, in its order, then what was not, until it has been idle for too long or is all
//     that its pack would be named for;
//   - each output where a known pack holds it; the rest goes into a new pack, if it is more than a
//     fiftieth of what was used or 1 MiB, and else is left out: it is fetched singly;
//   - where a new pack is written, it also takes what was used from packs of which less than three
//     quarters is in use;
//   - where the recipe has become scattered (more than six ranges above what its bytes need), what
//     was used of the smallest ranges goes into the new pack. Not all of it: the packs stay for as
//     long as other scopes name them, and each would have a copy.
std::optional<Recipe> next_recipe(std::span<const Used> used, const Known& known,
                                  const Rules& rules);

// Puts the frames of new packs, whose tables are `packed` (each frame with its place among
// `packs`), into the recipe. Items whose output could not be packed are left out.
Tables finish(Recipe recipe, const Tables& packed, const std::vector<PackRef>& packs);

}  // namespace gopouch::pack
