// Two hundred sessions of ten scopes that share a bucket, while their sources are edited: what the
// rules of recipe.h make of it in the long run.
//
// Sizes and names alone: no bodies, no network. Modules are graphs of packages; an edit changes
// what a package's own action and those of all that import it are called, as go's does.
#include <array>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "pack/plan.h"
#include "pack/prefetcher.h"
#include "pack/recipe.h"

namespace gopouch::pack {
namespace {

using Random = std::mt19937;
using Id = std::uint64_t;

Id mix(Id a, Id b) {
  Id x = a * 0x9E3779B97F4A7C15U + b + 0x7F4A7C15U;
  x ^= x >> 29U;
  x *= 0xBF58476D1CE4E5B9U;
  return x ^ x >> 32U;
}

base::Hash hash(Id id) {
  base::Hash hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    hash.at(i) = static_cast<std::uint8_t>(id >> 8 * (i % 8));
  }
  return hash;
}

std::size_t below(Random& random, std::size_t count) { return random() % count; }

struct Package {
  Id name = 0;
  std::vector<std::size_t> imports;
  std::int64_t size = 0;
  int version = 0;  // of its files
  int meaning = 0;  // of its files, comments left out
};

// An action and its output; size -1: nobody puts it.
struct Step {
  Id action, output;
  std::int64_t size;
};

// What go commands ask for in one module.
enum class Command { kBuild, kTool, kVet, kTest, kRace };
constexpr std::array kCommands{Command::kBuild, Command::kTool, Command::kVet, Command::kTest,
                               Command::kRace};

class Module {
 public:
  static constexpr std::size_t kStd = 150, kDeps = 90, kOwn = 30;

  Module(Id name, Random& random) {
    constexpr std::array<std::int64_t, 10> kSizes{300,    1500,   3000,   3000,    8000,
                                                  20'000, 40'000, 90'000, 200'000, 600'000};
    Random std_random(1);  // that part is the same in all modules
    for (std::size_t i = 0; i < kStd + kDeps + kOwn; ++i) {
      Random& dice = i < kStd ? std_random : random;
      Package one{mix(i < kStd ? 0 : name, i), {}, kSizes.at(below(dice, kSizes.size()))};
      for (std::size_t n = below(dice, 6); i > 0 && n > 0; --n) {
        const std::size_t near = std::min<std::size_t>(i, 20);
        one.imports.push_back(n % 3 == 0 ? i - 1 - below(dice, near) : below(dice, i));
      }
      packages_.push_back(std::move(one));
    }
  }

  void edit(Random& random) {
    const std::size_t dice = below(random, 100);
    const std::size_t at = dice < 2    ? below(random, kStd)
                           : dice < 10 ? kStd + below(random, kDeps)
                                       : kStd + kDeps + below(random, kOwn);
    ++packages_[at].version;
    packages_[at].meaning += below(random, 100) < 85 ? 1 : 0;
  }

  std::vector<Step> steps(Command command) const {
    std::vector<Step> steps;
    const Id flags = command == Command::kRace ? 1 : 0;
    const std::vector<bool> wanted = wanted_by(command);
    std::vector<Id> outputs(packages_.size()), inputs(packages_.size());
    for (std::size_t i = 0; i < packages_.size(); ++i) {
      const Package& one = packages_[i];
      if (!wanted[i]) continue;
      for (const std::size_t other : one.imports) inputs[i] = mix(inputs[i], outputs[other]);
      const Id base = mix(mix(one.name, inputs[i]), flags);
      outputs[i] = mix(base, static_cast<Id>(one.meaning));
      steps.push_back({mix(mix(base, 7), static_cast<Id>(one.version)), outputs[i], one.size});
      steps.push_back({mix(mix(one.name, 8), static_cast<Id>(one.version)),
                       mix(mix(one.name, 9), static_cast<Id>(one.meaning)), 800});
    }
    if (command == Command::kBuild || command == Command::kTool) {
      steps.push_back({mix(outputs.back(), 10), 0, -1});
    }
    for (std::size_t i = kStd; i < packages_.size(); ++i) {
      if (command == Command::kVet) {
        steps.push_back({mix(outputs[i], 11), mix(packages_[i].name, 12), i % 3 == 0 ? 120 : 0});
      }
      if (command == Command::kTest && i >= kStd + kDeps) {
        steps.push_back({mix(outputs[i], 13), mix(outputs[i], 14), packages_[i].size + 2000});
        steps.push_back({mix(outputs[i], 15), 0, -1});
        steps.push_back({mix(outputs[i], 16), mix(outputs[i], 17), 90});
      }
    }
    return steps;
  }

 private:
  std::vector<bool> wanted_by(Command command) const {
    std::vector<bool> wanted(packages_.size(), command != Command::kTool);
    wanted.back() = true;
    for (std::size_t i = packages_.size(); i-- > 0;) {
      if (!wanted[i]) continue;
      for (const std::size_t other : packages_[i].imports) wanted[other] = true;
    }
    return wanted;
  }

  std::vector<Package> packages_;
};

// A bucket as far as manifests and packs go. Bodies compress to a half.
class Bucket {
 public:
  // As a session ends: Packs::leave.
  void leave(const std::vector<Used>& used, Id exact, Id module) {
    auto recipe = next_recipe(used, {read(exact), read(module), {}, true}, {});
    const bool fresh = recipe.has_value();
    if (fresh) manifests_[exact] = packed(*std::move(recipe));
    recipe = next_recipe(used, {read(module), read(exact), {}, fresh}, kModuleRules);
    if (recipe) manifests_[module] = finish(*std::move(recipe), {}, {});
  }

  // Removes what no manifest names.
  std::int64_t sweep() {
    std::map<base::Hash, std::int64_t> named;
    for (const auto& [name, tables] : manifests_) {
      for (const PackRef& pack : tables.packs) named[pack.id] = pack.size;
    }
    packs_ = named;
    return size();
  }

  std::int64_t size() const {
    std::int64_t bytes = 0;
    for (const auto& [id, size] : packs_) bytes += size;
    return bytes;
  }

  const Tables* read(Id name) const {
    const auto found = manifests_.find(name);
    return found == manifests_.end() ? nullptr : &found->second;
  }

  std::int64_t written = 0;

 private:
  // As write_pack lays it.
  Tables packed(Recipe recipe) {
    constexpr std::int64_t kShared = std::int64_t{128} << 10U;
    Tables front;
    std::int64_t end = 64, shared = kShared;
    for (const std::uint32_t index : recipe.pack) {
      Output output = recipe.tables.outputs[index];
      const bool alone = output.size > kShared;
      if (alone || shared + output.size > kShared) {
        front.frames.push_back({0, Codec::kZstd, end, 0, 0});
        shared = alone ? kShared : 0;
      }
      Frame& frame = front.frames.back();
      output.frame = static_cast<std::uint32_t>(front.frames.size() - 1);
      output.offset = static_cast<std::uint32_t>(frame.raw);
      frame.raw += output.size;
      if (!alone) shared += output.size;
      frame.stored += (output.size + 1) / 2;
      end += (output.size + 1) / 2;
      front.outputs.push_back(output);
    }
    std::vector<PackRef> packs;
    if (!recipe.pack.empty()) {
      packs.push_back({hash(mix(99, ++number_)), end});
      packs_[packs[0].id] = end;
      written += end;
    }
    return finish(std::move(recipe), front, packs);
  }

  std::map<Id, Tables> manifests_;
  std::map<base::Hash, std::int64_t> packs_;
  Id number_ = 0;
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    for (const Id name : {Id{1}, Id{2}}) modules_.emplace_back(name, random_);
  }

  void session() {
    const std::size_t at = below(random_, modules_.size());
    const Command command = kCommands.at(below(random_, kCommands.size()));
    for (std::size_t n = below(random_, 4); n > 0; --n) modules_[at].edit(random_);
    history_[at].push_back(modules_[at]);
    const bool branch = below(random_, 8) == 0;  // of some days ago
    const std::size_t back = std::min<std::size_t>(history_[at].size(), 1 + below(random_, 8));
    const Module& source = branch ? history_[at][history_[at].size() - back] : modules_[at];
    const std::vector<Step> steps = source.steps(command);
    const Id module = mix(1000, at), exact = mix(module, static_cast<Id>(command));
    singly += count_lacking(steps, exact, module);
    std::vector<Used> used;
    for (const Step& step : steps) {
      if (step.size < 0) {
        used.push_back({{hash(step.action)}, std::nullopt, 0, false});
        continue;
      }
      const bool put = ever_.insert(step.action).second;
      hits += put ? 0 : 1;
      used.push_back(
          {{hash(step.action)}, store::Entry{{hash(step.output)}, step.size, {}}, 5, put});
    }
    bucket.leave(used, exact, module);
    if (const Tables* const before = bucket.read(exact)) note_start(*before, steps);
    auto& now = last_[{at, command}];
    now.clear();
    for (const Step& step : steps) {
      if (step.size > 0) now[step.output] = step.size;
    }
  }

  // Bytes of what the scopes' last sessions used, compressed. Modules share no packs, so what
  // is in two counts twice.
  std::int64_t in_use() const {
    std::map<std::pair<std::size_t, Id>, std::int64_t> all;
    for (const auto& [scope, outputs] : last_) {
      for (const auto& [output, size] : outputs) all[{scope.first, output}] = (size + 1) / 2;
    }
    std::int64_t bytes = 0;
    for (const auto& [output, size] : all) bytes += size;
    return bytes;
  }

  Bucket bucket;
  std::int64_t hits = 0;
  std::int64_t singly = 0;               // hits that no manifest knows: each costs a round trip
  std::int64_t useful = 0, fetched = 0;  // bytes of what the exact manifests said, raw and stored
  std::size_t most_spare = 0;            // ranges above what their bytes need

 private:
  // Hits that neither manifest knows.
  std::int64_t count_lacking(const std::vector<Step>& steps, Id exact, Id module) const {
    std::set<base::Hash> known;
    for (const Id name : {exact, module}) {
      const Tables* const tables = bucket.read(name);
      if (tables == nullptr) continue;
      for (const Item& item : tables->items) known.insert(item.action.hash);
    }
    std::int64_t lacking = 0;
    for (const Step& step : steps) {
      const bool hit = step.size >= 0 && ever_.contains(step.action);
      lacking += hit && !known.contains(hash(step.action)) ? 1 : 0;
    }
    return lacking;
  }

  // A fresh machine begins: what the manifest makes it fetch.
  void note_start(const Tables& manifest, const std::vector<Step>& steps) {
    const auto ranges = plan(manifest, std::vector<bool>(manifest.outputs.size(), true));
    std::int64_t bytes = 0;
    for (const Range& range : ranges) bytes += range.size;
    fetched += bytes;
    for (const Step& step : steps) useful += std::max<std::int64_t>(step.size, 0) / 2;
    const auto needed = static_cast<std::size_t>((bytes + kRangeSize - 1) / kRangeSize);
    most_spare = std::max(most_spare, ranges.size() - std::min(ranges.size(), needed));
  }

  Random random_;
  std::vector<Module> modules_;
  std::map<std::size_t, std::vector<Module>> history_;
  std::set<Id> ever_;
  std::map<std::pair<std::size_t, Command>, std::map<Id, std::int64_t>> last_;
};

TEST(ManySessions, KeepThePacksSmall) {
  constexpr int kSessions = 200, kSweep = 10, kBegin = 60;
  for (const unsigned seed : {1U, 2U, 3U}) {
    World world(seed);
    double sum = 0, most = 0;
    int sweeps = 0;
    for (int i = 1; i <= kSessions; ++i) {
      world.session();
      if (i % kSweep != 0) continue;
      const double share =
          static_cast<double>(world.bucket.sweep()) / static_cast<double>(world.in_use());
      if (i < kBegin) continue;
      sum += share;
      most = std::max(most, share);
      ++sweeps;
    }
    const double mean = sum / sweeps,
                 vain = static_cast<double>(world.fetched) / static_cast<double>(world.useful);
    RecordProperty(fmt::format("seed {}", seed), fmt::format("{:.2f} at most {:.2f}", mean, most));
    EXPECT_LE(mean, 1.5) << "seed " << seed << ": bytes in packs, of those in use";
    EXPECT_LE(most, 2.0) << "seed " << seed << ": when much has just changed";
    EXPECT_LE(vain, 1.25) << "seed " << seed << ": bytes fetched ahead, of those used";
    EXPECT_LE(world.most_spare, 24U) << "seed " << seed << ": ranges";
    EXPECT_LE(world.singly * 50, world.hits) << "seed " << seed;
    EXPECT_LE(world.bucket.written, 6 * world.in_use()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace gopouch::pack
