#include "pack/recipe.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "pack/plan.h"

namespace gopouch::pack {

namespace {

constexpr std::int64_t kWorthPacking = std::int64_t{1} << 20U;
constexpr std::size_t kWorthPackingPart = 50;  // one of so many outputs
constexpr double kRich = 0.75;                 // of a pack that is in use

// Ranges above what the bytes need: more make a recipe scattered, so many are left then.
constexpr std::size_t kSpareRanges = 6;
constexpr std::size_t kGatheredRanges = 5;

using OutputSet = std::unordered_set<store::OutputId, store::IdHash>;

using PackSet = std::set<base::Hash>;

const PackRef& pack_of(const Tables& tables, const Output& output) {
  return tables.packs[tables.frames[output.frame].pack];
}

// Where known packs hold outputs.
class Places {
 public:
  struct Place {
    const Tables* tables = nullptr;
    const Output* output = nullptr;
  };

  explicit Places(const Known& known) {
    const OutputSet bad(known.bad.begin(), known.bad.end());
    const bool follow = known.follow_other;
    for (const Tables* const tables :
         {follow ? known.other : known.own, follow ? known.own : known.other}) {
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
  std::unordered_map<store::OutputId, Place, store::IdHash> places_;
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
  PackSet packs() const {
    PackSet ids;
    for (const PackRef& pack : recipe_.tables.packs) ids.insert(pack.id);
    return ids;
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
  std::unordered_map<store::OutputId, std::uint32_t, store::IdHash> outputs_;
};

using ActionSet = std::unordered_set<store::ActionId, store::IdHash>;
using Items = std::unordered_map<store::ActionId, const Item*, store::IdHash>;

Items items_of(const Tables* tables) {
  Items items;
  if (tables == nullptr) return items;
  items.reserve(tables->items.size());
  for (const Item& item : tables->items) items.try_emplace(item.action, &item);
  return items;
}

// What was not used, but may be the next time: at no cost where its pack is named anyway.
void add_idle(Builder& builder, const ActionSet& used, const Tables& own, const Rules& rules,
              const Places& places) {
  const auto pack_id = [&](const Item& item) -> const base::Hash* {
    const Output& output = own.outputs[item.output];
    const Places::Place* const place = output.size == 0 ? nullptr : places.find(output.id);
    return place == nullptr ? nullptr : &pack_of(*place->tables, *place->output).id;
  };
  PackSet packs = builder.packs();
  for (const Item& item : own.items) {
    if (item.output == kNone || item.idle >= rules.max_keeping || used.contains(item.action)) {
      continue;
    }
    if (const base::Hash* const id = pack_id(item)) packs.insert(*id);
  }
  for (Item item : own.items) {
    if (used.contains(item.action) || item.idle >= rules.max_idle) continue;
    ++item.idle;
    if (item.output == kNone) {
      builder.add_dead(item);
      continue;
    }
    const Output& output = own.outputs[item.output];
    const base::Hash* const id = pack_id(item);
    if (output.size == 0 || (id != nullptr && packs.contains(*id))) {
      builder.add(item, output.id, output.size);
    }
  }
}

Recipe build(std::span<const Used> used, const Known& known, const Rules& rules,
             const Places& places, const Items& before, const OutputSet& to_pack) {
  Builder builder(places, to_pack);
  ActionSet seen;
  for (const Used& one : used) {
    if (!seen.insert(one.action).second) continue;
    Item item{one.action, kNone, {}, one.cost_ms, 0, one.asked, one.index};
    // Who has it on the disk does not know what it costs, and `go build -a` asks for nothing.
    if (const auto old = before.find(one.action); old != before.end()) {
      if (item.cost_ms == 0) item.cost_ms = old->second->cost_ms;
      item.asked |= old->second->asked;
      item.index |= old->second->index;
    }
    if (!one.entry) {
      builder.add_dead(item);
      continue;
    }
    item.put_time = std::max(one.entry->put_time, store::Time());
    builder.add(item, one.entry->output, one.entry->size);
  }
  if (known.own != nullptr) add_idle(builder, seen, *known.own, rules, places);
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
              const Items& before, const OutputSet& to_pack) {
  if (known.own == nullptr) return !used.empty();
  const Tables& own = *known.own;
  const OutputSet bad(known.bad.begin(), known.bad.end());
  return std::any_of(used.begin(), used.end(), [&](const Used& one) {
    const auto found = before.find(one.action);
    const Item* const item = found == before.end() ? nullptr : found->second;
    if (!one.entry) return item == nullptr || item->output != kNone;
    // What is left out as too little would stay a known miss.
    if (item != nullptr && item->output == kNone) return true;
    if (item != nullptr && own.outputs[item->output].id == one.entry->output) {
      // When something was put matters to test results; what is empty is none, and go puts what a
      // linker printed at each build.
      const bool later = one.put && one.entry->size != 0 && one.entry->put_time > item->put_time;
      return later || bad.contains(one.entry->output);
    }
    return one.entry->size == 0 || places.find(one.entry->output) != nullptr ||
           to_pack.contains(one.entry->output);
  });
}

// What an output takes of its pack.
double share_of(const Tables& tables, const Output& output) {
  const Frame& frame = tables.frames[output.frame];
  return static_cast<double>(output.size) * static_cast<double>(frame.stored) /
         static_cast<double>(std::max<std::int64_t>(frame.raw, 1));
}

// Used outputs in packs of which less than three quarters is in use, here or by the neighbour.
void add_from_poor_packs(OutputSet& to_pack, std::span<const Used> used, const Recipe& recipe,
                         const Known& known) {
  struct InUse {
    OutputSet outputs;
    double bytes = 0;
  };
  std::map<base::Hash, InUse> packs;
  for (const Tables* const tables : {&recipe.tables, known.other}) {
    if (tables == nullptr) continue;
    for (const Item& item : tables->items) {
      if (item.output == kNone || item.idle > 0) continue;
      const Output& output = tables->outputs[item.output];
      if (output.frame == kNone || to_pack.contains(output.id)) continue;
      InUse& in_use = packs[pack_of(*tables, output).id];
      if (in_use.outputs.insert(output.id).second) in_use.bytes += share_of(*tables, output);
    }
  }
  OutputSet poor;
  for (const Output& output : recipe.tables.outputs) {
    if (output.frame == kNone) continue;
    const PackRef& pack = pack_of(recipe.tables, output);
    if (packs[pack.id].bytes < kRich * static_cast<double>(pack.size)) poor.insert(output.id);
  }
  for (const Used& one : used) {
    if (one.entry && poor.contains(one.entry->output)) to_pack.insert(one.entry->output);
  }
}

// Used outputs in the smallest ranges, where there are too many.
void add_scattered(OutputSet& to_pack, std::span<const Used> used, const Tables& tables) {
  OutputSet mine;
  for (const Used& one : used) {
    if (one.entry) mine.insert(one.entry->output);
  }
  std::vector<bool> wanted(tables.outputs.size());
  std::vector<std::vector<std::uint32_t>> held(tables.frames.size());
  for (std::uint32_t i = 0; i < tables.outputs.size(); ++i) {
    const Output& output = tables.outputs[i];
    wanted[i] = mine.contains(output.id);
    if (wanted[i] && output.frame != kNone) held[output.frame].push_back(i);
  }
  auto ranges = plan(tables, wanted);
  std::int64_t bytes = 0;
  for (const Range& range : ranges) bytes += range.size;
  const auto needed = static_cast<std::size_t>((bytes + kRangeSize - 1) / kRangeSize);
  if (ranges.size() <= needed + kSpareRanges) return;
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.size < b.size; });
  ranges.resize(ranges.size() - needed - kGatheredRanges);
  for (const Range& range : ranges) {
    for (const std::uint32_t frame : range.frames) {
      for (const std::uint32_t output : held[frame]) to_pack.insert(tables.outputs[output].id);
    }
  }
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
  const Items items = items_of(known.own);
  const bool only_packs = rules.only_packs && known.own != nullptr;
  if (only_packs ? to_pack.empty() : !has_news(used, known, places, items, to_pack))
    return std::nullopt;
  Recipe recipe = build(used, known, rules, places, items, to_pack);
  if (!rules.may_pack) return recipe;
  const std::size_t before = to_pack.size();
  add_scattered(to_pack, used, recipe.tables);
  if (to_pack.empty()) return recipe;
  add_from_poor_packs(to_pack, used, recipe, known);
  return to_pack.size() == before ? recipe : build(used, known, rules, places, items, to_pack);
}

Tables finish(Recipe recipe, const Tables& packed, const std::vector<PackRef>& packs) {
  Tables& tables = recipe.tables;
  const auto pack_index = static_cast<std::uint32_t>(tables.packs.size());
  const auto first_frame = static_cast<std::uint32_t>(tables.frames.size());
  tables.packs.insert(tables.packs.end(), packs.begin(), packs.end());
  for (Frame frame : packed.frames) {
    frame.pack += pack_index;
    tables.frames.push_back(frame);
  }
  std::unordered_map<store::OutputId, const Output*, store::IdHash> places;
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
