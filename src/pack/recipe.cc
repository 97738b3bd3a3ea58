#include "pack/recipe.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "pack/plan.h"
#include "pack/prefetcher.h"

namespace gopouch::pack {

namespace {

constexpr std::int64_t kWorthPacking = std::int64_t{1} << 20U;
constexpr std::size_t kWorthPackingPart = 50;  // one of so many outputs
constexpr std::size_t kSpareRanges = 6;

struct OutputHash {
  std::size_t operator()(const store::OutputId& id) const {
    return ActionHash()(store::ActionId{id.hash});
  }
};
using OutputSet = std::unordered_set<store::OutputId, OutputHash>;

// Where known packs hold outputs.
class Places {
 public:
  struct Place {
    const Tables* tables = nullptr;
    const Output* output = nullptr;
  };

  explicit Places(const Known& known) {
    const OutputSet bad(known.bad.begin(), known.bad.end());
    for (const Tables* const tables : {known.own, known.other}) {
      if (tables == nullptr) continue;
      for (const Output& output : tables->outputs) {
        if (output.frame != kNone && !bad.contains(output.id)) {
          places_.try_emplace(output.id, Place{tables, &output});
        }
      }
    }
  }
  const Place* find(const store::OutputId& id) const {
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<store::OutputId, Place, OutputHash> places_;
};

// Tables that grow an item at a time, each pack, frame and output in them once.
class Builder {
 public:
  Builder(const Places& places, const OutputSet& to_pack) : places_(places), to_pack_(to_pack) {}

  // False: no pack holds the output, and none is to.
  bool add(Item item, const store::OutputId& id, std::int64_t size) {
    const auto found = outputs_.find(id);
    if (found != outputs_.end()) {
      item.output = found->second;
    } else {
      Output output{id, size, kNone, 0};
      const auto index = static_cast<std::uint32_t>(recipe_.tables.outputs.size());
      const Places::Place* const place = places_.find(id);
      if (to_pack_.contains(id)) {
        recipe_.pack.push_back(index);
      } else if (place != nullptr && place->output->size == size) {
        output.frame = frame_of(*place);
        output.offset = place->output->offset;
      } else if (size != 0) {
        return false;
      }
      recipe_.tables.outputs.push_back(output);
      item.output = outputs_[id] = index;
    }
    recipe_.tables.items.push_back(item);
    return true;
  }
  void add_dead(Item item) {
    item.output = kNone;
    recipe_.tables.items.push_back(item);
  }
  Recipe take() { return std::move(recipe_); }

 private:
  std::uint32_t frame_of(const Places::Place& place) {
    Frame frame = place.tables->frames[place.output->frame];
    const PackRef& pack = place.tables->packs[frame.pack];
    const auto [known, fresh] =
        packs_.try_emplace(pack.id, static_cast<std::uint32_t>(recipe_.tables.packs.size()));
    if (fresh) recipe_.tables.packs.push_back(pack);
    frame.pack = known->second;
    const auto [there, new_frame] = frames_.try_emplace(
        {frame.pack, frame.offset}, static_cast<std::uint32_t>(recipe_.tables.frames.size()));
    if (new_frame) recipe_.tables.frames.push_back(frame);
    return there->second;
  }

  const Places& places_;
  const OutputSet& to_pack_;
  Recipe recipe_;
  std::map<base::Hash, std::uint32_t> packs_;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> frames_;
  std::unordered_map<store::OutputId, std::uint32_t, OutputHash> outputs_;
};

Recipe build(std::span<const Used> used, const Known& known, const Rules& rules,
             const Places& places, const OutputSet& to_pack, bool keep_idle) {
  Builder builder(places, to_pack);
  std::unordered_set<store::ActionId, ActionHash> seen;
  for (const Used& one : used) {
    if (!seen.insert(one.action).second) continue;
    Item item{one.action, kNone, {}, one.cost_ms, 0};
    if (!one.entry) {
      builder.add_dead(item);
      continue;
    }
    item.put_time = std::max(one.entry->put_time, store::Time());
    builder.add(item, one.entry->output, one.entry->size);
  }
  if (known.own == nullptr || !keep_idle) return builder.take();
  for (Item item : known.own->items) {
    if (seen.contains(item.action) || item.idle >= rules.max_idle) continue;
    ++item.idle;
    if (item.output == kNone) {
      builder.add_dead(item);
    } else {
      const Output& output = known.own->outputs[item.output];
      builder.add(item, output.id, output.size);
    }
  }
  return builder.take();
}

// Used outputs that no known pack holds.
struct Lacking {
  OutputSet outputs;
  std::int64_t bytes = 0;
  std::size_t used = 0;  // outputs in all
};

Lacking lacking(std::span<const Used> used, const Places& places) {
  Lacking lack;
  OutputSet all;
  for (const Used& one : used) {
    if (!one.entry || one.entry->size == 0 || !all.insert(one.entry->output).second) continue;
    if (places.find(one.entry->output) != nullptr) continue;
    lack.outputs.insert(one.entry->output);
    lack.bytes += one.entry->size;
  }
  lack.used = all.size();
  return lack;
}

// Whether the scope's manifest does not say yet what this session would have it say.
bool has_news(std::span<const Used> used, const Known& known, const Places& places,
              const OutputSet& to_pack) {
  if (known.own == nullptr) return !used.empty();
  const Tables& own = *known.own;
  std::unordered_map<store::ActionId, std::uint32_t, ActionHash> items;
  for (std::uint32_t i = 0; i < own.items.size(); ++i) items.try_emplace(own.items[i].action, i);
  const OutputSet bad(known.bad.begin(), known.bad.end());
  return std::any_of(used.begin(), used.end(), [&](const Used& one) {
    const auto found = items.find(one.action);
    const Item* const item = found == items.end() ? nullptr : &own.items[found->second];
    if (!one.entry) return item == nullptr || item->output != kNone;
    const bool told = item != nullptr && item->output != kNone &&
                      own.outputs[item->output].id == one.entry->output;
    if (told) {
      return bad.contains(one.entry->output) || (one.put && one.entry->put_time > item->put_time);
    }
    return one.entry->size == 0 || places.find(one.entry->output) != nullptr ||
           to_pack.contains(one.entry->output);
  });
}

// Used outputs in packs of which less than two thirds is in use.
void add_from_poor_packs(OutputSet& to_pack, std::span<const Used> used, const Recipe& recipe,
                         const Known& known) {
  std::map<base::Hash, std::map<std::int64_t, std::int64_t>> in_use;  // stored size by offset
  for (const Tables* const tables : {&recipe.tables, known.other}) {
    if (tables == nullptr) continue;
    for (const Frame& frame : tables->frames) {
      in_use[tables->packs[frame.pack].id][frame.offset] = frame.stored;
    }
  }
  OutputSet poor;
  for (const Output& output : recipe.tables.outputs) {
    if (output.frame == kNone) continue;
    const PackRef& pack = recipe.tables.packs[recipe.tables.frames[output.frame].pack];
    std::int64_t bytes = 0;
    for (const auto& [offset, stored] : in_use[pack.id]) bytes += stored;
    if (bytes < pack.size / 3 * 2) poor.insert(output.id);
  }
  for (const Used& one : used) {
    if (one.entry && poor.contains(one.entry->output)) to_pack.insert(one.entry->output);
  }
}

bool is_scattered(const Tables& tables) {
  std::int64_t bytes = 0;
  const auto ranges = plan(tables, std::vector<bool>(tables.outputs.size(), true));
  for (const Range& range : ranges) bytes += range.size;
  return ranges.size() >
         static_cast<std::size_t>((bytes + kRangeSize - 1) / kRangeSize) + kSpareRanges;
}

}  // namespace

std::optional<Recipe> next_recipe(std::span<const Used> used, const Known& known,
                                  const Rules& rules) {
  const Places places(known);
  Lacking lack = lacking(used, places);
  OutputSet to_pack;
  if (rules.may_pack && !lack.outputs.empty() &&
      (lack.bytes > kWorthPacking || lack.outputs.size() * kWorthPackingPart > lack.used)) {
    to_pack = std::move(lack.outputs);
  }
  if (!has_news(used, known, places, to_pack)) return std::nullopt;
  Recipe recipe = build(used, known, rules, places, to_pack, true);
  if (!rules.may_pack) return recipe;

  if (is_scattered(recipe.tables)) {
    for (const Used& one : used) {
      if (one.entry && one.entry->size != 0) to_pack.insert(one.entry->output);
    }
    return build(used, known, rules, places, to_pack, false);
  }
  if (to_pack.empty()) return recipe;
  add_from_poor_packs(to_pack, used, recipe, known);
  return build(used, known, rules, places, to_pack, true);
}

Tables finish(Recipe recipe, const Tables& packed, const PackRef& pack) {
  Tables& tables = recipe.tables;
  const auto pack_index = static_cast<std::uint32_t>(tables.packs.size());
  const auto first_frame = static_cast<std::uint32_t>(tables.frames.size());
  if (!packed.outputs.empty()) tables.packs.push_back(pack);
  for (Frame frame : packed.frames) {
    frame.pack = pack_index;
    tables.frames.push_back(frame);
  }
  std::unordered_map<store::OutputId, const Output*, OutputHash> places;
  for (const Output& output : packed.outputs) places.emplace(output.id, &output);

  // What could not be packed goes, with its items.
  Tables whole{std::move(tables.packs), std::move(tables.frames), {}, {}};
  std::vector<std::uint32_t> moved(tables.outputs.size(), kNone);
  for (std::size_t i = 0; i < tables.outputs.size(); ++i) {
    Output output = tables.outputs[i];
    if (output.frame == kNone && output.size != 0) {
      const auto place = places.find(output.id);
      if (place == places.end()) continue;
      output.frame = place->second->frame + first_frame;
      output.offset = place->second->offset;
    }
    moved[i] = static_cast<std::uint32_t>(whole.outputs.size());
    whole.outputs.push_back(output);
  }
  for (Item item : tables.items) {
    if (item.output != kNone) {
      if (moved[item.output] == kNone) continue;
      item.output = moved[item.output];
    }
    whole.items.push_back(item);
  }
  return whole;
}

}  // namespace gopouch::pack
