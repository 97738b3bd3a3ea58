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
};

// The next manifest, without places for what is to be packed.
struct Recipe {
  Tables tables;                    // outputs in `pack` have frame kNone as yet
  std::vector<std::uint32_t> pack;  // outputs of `tables` that go into a new pack, in order
};

struct Rules {
  std::uint32_t max_idle = 4;  // manifests that an action stays in without being asked for
  bool may_pack = true;        // false: only draw on packs that are there
};

// nullopt: the manifest that is there is as good. Else the next one:
//
//   - what was used, in its order, then what was not, until it has been idle for too long;
//   - each output where a known pack holds it; the rest goes into a new pack, if it is more than 2
//   %
//     of what was used or 1 MiB, and else is left out: it is fetched singly;
//   - where a new pack is written, it also takes what was used from packs of which less than two
//     thirds is in use;
//   - where the recipe has become scattered (more than six ranges above what its bytes need), all
//     that was used goes into the new pack.
std::optional<Recipe> next_recipe(std::span<const Used> used, const Known& known,
                                  const Rules& rules);

// Puts the frames of a new pack, whose tables are `packed`, into the recipe. Items whose output
// could not be packed are left out.
Tables finish(Recipe recipe, const Tables& packed, const PackRef& pack);

}  // namespace gopouch::pack
