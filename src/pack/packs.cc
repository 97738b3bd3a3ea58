// The two manifests of a session, from the first get to what is left for the next.
#include <algorithm>
#include <array>
#include <condition_variable>
#include <system_error>
#include <tuple>
#include <unordered_set>

#include "base/bytes.h"
#include "base/log.h"
#include "pack/prefetcher.h"
#include "pack/recipe.h"
#include "pack/writer.h"

namespace gopouch::pack {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

constexpr milliseconds kManifestTime{10'000};
constexpr milliseconds kPutTime{10'000};

// A manifest as it was read.
struct Read {
  std::optional<Tables> tables;
  std::string version;              // for a precondition
  bool absent = false;              // there is none
  std::optional<Error> fault = {};  // the store is down or slow
};

// Looks at an answer, and counts what is not to be believed.
Read read_manifest(base::Result<std::optional<object::Object>> reply, std::int64_t max_body,
                   std::atomic<std::int64_t>& corrupt) {
  Read read;
  if (!reply) {
    const Fault fault = reply.error().fault;
    if (fault == Fault::kUnavailable || fault == Fault::kTimeout) read.fault = reply.error();
    return read;
  }
  read.absent = !*reply;
  if (!*reply) return read;
  read.version = (*reply)->version;
  auto tables = decode(Kind::kManifest, base::bytes_of((*reply)->bytes), max_body);
  if (tables) {
    read.tables = *std::move(tables);
  } else {
    ++corrupt;
    base::log(base::LogLevel::kInfo, "a manifest: {}", tables.error().message);
  }
  return read;
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  in_hand += other.in_hand;
  waits += other.waits;
  waited_ms += other.waited_ms;
  dead += other.dead;
  ranges += other.ranges;
  bytes_down += other.bytes_down;
  in_vain += other.in_vain;
  corrupt += other.corrupt;
  bytes_up += other.bytes_up;
  return *this;
}

struct Packs::Rep {
  Rep(object::Remote& with, store::Store& to, Options how)
      : objects(with), local(to), options(std::move(how)), spool(options.temp_dir) {}

  object::Remote& objects;
  store::Store& local;
  const Options options;
  Spool spool;
  std::atomic<std::int64_t> dead = 0, corrupt = 0, bytes_up = 0;
  std::stop_source stop;

  // Written by the loader before `loaded`, and not after.
  base::Hash exact_name{}, module_name{};
  Read exact, module;
  std::optional<Prefetcher> all, demand;

  struct Loading {
    bool done = false;
  };
  mutable base::Guarded<Loading> loading;
  std::condition_variable loaded;
  std::jthread loader;  // last: ends first

  void load();
  bool ready(const base::Call& call);
  bool is_ready() const { return loading.lock()->done; }
  std::vector<store::OutputId> bad() const;
  Read read_again(const base::Hash& name, const base::Call& call);
  base::Result<PackRef> put_pack(const Packed& packed, const base::Call& call);
  base::Result<Tables> with_pack(Recipe recipe, const base::Call& call,
                                 const std::function<void()>& moved);
  base::Result<object::PutOutcome> put_manifest(const base::Hash& name, const Read& before,
                                                const Tables& tables, const base::Call& call);
};

Packs::Packs(object::Remote& objects, store::Store& local, Options options)
    : rep_(std::make_unique<Rep>(objects, local, std::move(options))) {
  try {
    rep_->loader = std::jthread([this] { rep_->load(); });
  } catch (const std::system_error&) {
    rep_->loading.lock()->done = true;  // without manifests, then
  }
}

Packs::~Packs() { stop(); }

void Packs::Rep::load() {
  std::tie(exact_name, module_name) = options.scope();
  const bool two = exact_name != module_name;
  const std::array gets{object::Get{.key = manifest_key(exact_name), .limit = kMaxManifest},
                        object::Get{.key = manifest_key(module_name), .limit = kMaxManifest}};
  objects.store().get(
      std::span(gets).first(two ? 2 : 1), base::Call::within(kManifestTime, stop.get_token()),
      [&](std::size_t index, base::Result<std::optional<object::Object>> reply) {
        (index == 0 ? exact : module) = read_manifest(std::move(reply), options.max_body, corrupt);
      });
  Prefetcher::Options how{options.prefetch == Prefetch::kAll, options.limit, options.connections};
  const auto left_to_others = [this](Which which) -> std::function<bool(const store::ActionId&)> {
    if (!options.elsewhere) return {};
    return
        [this, which](const store::ActionId& action) { return options.elsewhere(which, action); };
  };
  how.elsewhere = left_to_others(Which::kExact);
  if (exact.tables) all.emplace(objects, local, *exact.tables, how);
  how.all = false;
  how.elsewhere = left_to_others(Which::kModule);
  if (module.tables) demand.emplace(objects, local, *module.tables, how);
  loading.lock()->done = true;
  loaded.notify_all();
}

// Waits for the manifests. False: the call was over before.
bool Packs::Rep::ready(const base::Call& call) {
  const std::stop_callback on_stop(call.stop, [this] {
    { auto wait_for_whoever_looks = loading.lock(); }
    loaded.notify_all();
  });
  auto now = loading.lock();
  now.wait_until(loaded, call.deadline,
                 [&](const Loading& state) { return state.done || call.stop.stop_requested(); });
  return now->done;
}

Packs::Word Packs::find(const store::ActionId& action, const base::Call& call) {
  const Word word = find(Which::kExact, action, call);
  return word == Word::kUnknown ? find(Which::kModule, action, call) : word;
}

Packs::Word Packs::find(Which manifest, const store::ActionId& action, const base::Call& call) {
  Rep& r = *rep_;
  if (!r.ready(call)) return Word::kUnknown;
  std::optional<Prefetcher>& from = manifest == Which::kExact ? r.all : r.demand;
  const Word word = from ? from->find(action, call) : Word::kUnknown;
  r.dead += word == Word::kDead ? 1 : 0;
  return word;
}

bool Packs::promises(const store::ActionId& action) const {
  Rep& r = *rep_;
  return r.is_ready() && r.all && r.all->promises(action);
}

std::optional<Error> Packs::trouble() const {
  Rep& r = *rep_;
  if (!r.is_ready()) return std::nullopt;
  return r.exact.fault ? r.exact.fault : r.module.fault;
}

std::optional<Packs::Progress> Packs::fetch_all(
    const base::Call& call, const std::function<void(const Progress&)>& on_progress) {
  Rep& r = *rep_;
  if (!r.ready(call)) return std::nullopt;
  std::optional<Prefetcher>& from = r.all ? r.all : r.demand;
  if (!from) return std::nullopt;
  return from->fetch_all(call, on_progress);
}

std::optional<std::uint32_t> Packs::note_hit(const store::ActionId& action) {
  Rep& r = *rep_;
  if (!r.is_ready()) return std::nullopt;
  const Item* item = r.all ? r.all->use(action) : nullptr;
  if (item == nullptr && r.demand) item = r.demand->use(action);
  return item == nullptr ? std::nullopt : std::optional(item->cost_ms);
}

bool Packs::gives_nothing(const store::ActionId& action) const {
  const Rep& r = *rep_;
  if (!r.is_ready()) return false;
  const auto says = [&](const std::optional<Prefetcher>& from, const Read& read) {
    const Item* const item = from ? from->item(action) : nullptr;
    return item != nullptr && item->output != kNone && read.tables->outputs[item->output].size == 0;
  };
  return says(r.all, r.exact) || says(r.demand, r.module);
}

Packs::Recorded Packs::recorded(const store::ActionId& action) const {
  const Rep& r = *rep_;
  if (!r.is_ready()) return Recorded::kNoWord;
  const Item* item = r.all ? r.all->item(action) : nullptr;
  if (item == nullptr && r.demand) item = r.demand->item(action);
  if (item != nullptr) return item->index ? Recorded::kIndex : Recorded::kOther;
  return r.all ? Recorded::kUnknown : Recorded::kNoWord;
}

namespace {

// No archive of a package is as small as what a compiler was found to understand, say.
constexpr std::int64_t kSmallestPackage = 512;

bool may_be_package(bool asked, bool index, std::int64_t size) {
  return asked && !index && size >= kSmallestPackage;
}

}  // namespace

Packs::Left Packs::left(std::span<const Used> used) const {
  const Rep& r = *rep_;
  Left left;
  if (!r.is_ready() || !r.all) return left;
  const Tables& tables = *r.exact.tables;
  std::vector<bool> seen(tables.items.size());
  for (const Used& one : used) {
    const Item* const item = r.all->item(one.action);
    if (item != nullptr) {
      seen[static_cast<std::size_t>(item - tables.items.data())] = true;
    } else if (one.put && one.entry && may_be_package(one.asked, one.index, one.entry->size)) {
      ++left.strangers;
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Item& item = tables.items[i];
    if (seen[i]) continue;
    if (item.output == kNone) {
      left.dead += item.idle == 0 ? 1 : 0;
    } else if (may_be_package(item.asked, item.index, tables.outputs[item.output].size)) {
      ++left.alive;
    }
  }
  return left;
}

void Packs::keep(const store::Entry& entry, bool compressed, const net::Body& body) {
  if (entry.size <= kSmall) return;
  rep_->spool.keep(entry.output, compressed ? Codec::kZstd : Codec::kRaw, body);
}

void Packs::stop() {
  Rep& r = *rep_;
  r.stop.request_stop();
  if (r.loader.joinable()) r.loader.join();
  if (r.all) r.all->stop();
  if (r.demand) r.demand->stop();
}

std::vector<store::OutputId> Packs::Rep::bad() const {
  std::vector<store::OutputId> ids;
  const auto add = [&](const std::optional<Prefetcher>& from, const Read& read) {
    if (!from) return;
    const std::vector<bool> flags = from->bad();
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (flags[i]) ids.push_back(read.tables->outputs[i].id);
    }
  };
  add(all, exact);
  add(demand, module);
  return ids;
}

namespace {

const Tables* tables_of(const Read& read) { return read.tables ? &*read.tables : nullptr; }

// How many of the sources make a pack of about kRangeSize: at least one.
std::size_t share(std::span<const Source> sources) {
  constexpr std::int64_t kRaw = 4 * kRangeSize;  // before compression
  std::size_t count = 0;
  for (std::int64_t size = 0; count < sources.size(); ++count) {
    size += sources[count].size;
    if (size > kRaw && count > 0) break;
  }
  return count;
}

// Lent actions whose outputs the manifest does not name; null: there is none.
std::vector<store::ActionId> not_named(std::span<const Used> used, const Tables* manifest) {
  std::unordered_set<store::ActionId, store::IdHash> lacking;
  for (const Used& one : used) {
    if (one.lent && one.entry) lacking.insert(one.action);
  }
  if (lacking.empty()) return {};
  if (manifest != nullptr) {
    for (const Item& item : manifest->items) {
      if (item.output != kNone) lacking.erase(item.action);
    }
  }
  return {lacking.begin(), lacking.end()};
}

}  // namespace

base::Result<PackRef> Packs::Rep::put_pack(const Packed& packed, const base::Call& call) {
  object::PutOptions how;
  const base::Hash& id = packed.ref.id;
  how.sha256.assign(reinterpret_cast<const char*>(id.data()), id.size());
  const net::Body body{.fd = packed.file.get(), .size = packed.ref.size};
  const auto time = kPutTime + object::time_to_move(packed.ref.size);
  const auto stored = objects.store().put(pack_key(id), body, how, call.at_most(time));
  if (!stored) return stored.error();
  bytes_up += packed.ref.size;
  return packed.ref;
}

// The recipe with a new pack in it, which is in the remote then. Where the store gives whole
// objects only, a pack is no larger than what is fetched at once, and there are some.
base::Result<Tables> Packs::Rep::with_pack(Recipe recipe, const base::Call& call,
                                           const std::function<void()>& moved) {
  if (recipe.pack.empty()) return finish(std::move(recipe), {}, {});
  // Any action of an output leads to its file.
  std::vector<store::ActionId> actions(recipe.tables.outputs.size());
  for (const Item& item : recipe.tables.items) {
    if (item.output != kNone) actions[item.output] = item.action;
  }
  std::vector<Source> sources;
  for (const std::uint32_t index : recipe.pack) {
    const Output& output = recipe.tables.outputs[index];
    const auto hit = local.get(actions[index]);
    if (!hit || !*hit || (*hit)->entry.output != output.id) continue;
    sources.push_back({output.id, output.size, (*hit)->path});
  }
  Tables joined;
  std::vector<PackRef> packs;
  for (std::span<const Source> left(sources); !left.empty();) {
    const auto some = left.first(objects.features().ranges ? left.size() : share(left));
    left = left.subspan(some.size());
    const auto packed = write_pack(some, spool, options.temp_dir, call, moved);
    if (!packed) return packed.error();
    if (packed->tables.outputs.empty()) continue;
    const auto ref = put_pack(*packed, call);
    if (!ref) return ref.error();
    for (Output output : packed->tables.outputs) {
      output.frame += static_cast<std::uint32_t>(joined.frames.size());
      joined.outputs.push_back(output);
    }
    for (Frame frame : packed->tables.frames) {
      frame.pack = static_cast<std::uint32_t>(packs.size());
      joined.frames.push_back(frame);
    }
    packs.push_back(*ref);
  }
  return finish(std::move(recipe), joined, packs);
}

base::Result<object::PutOutcome> Packs::Rep::put_manifest(const base::Hash& name,
                                                          const Read& before, const Tables& tables,
                                                          const base::Call& call) {
  const std::string text = encode(Kind::kManifest, tables);
  object::PutOptions how;
  how.if_absent = before.absent;
  how.if_version = before.version;
  auto stored = objects.store().put(manifest_key(name), {.bytes = base::bytes_of(text)}, how,
                                    call.at_most(kPutTime));
  if (stored) bytes_up += std::ssize(text);
  return stored;
}

Read Packs::Rep::read_again(const base::Hash& name, const base::Call& call) {
  const object::Get get{.key = manifest_key(name), .limit = kMaxManifest};
  return read_manifest(object::get_one(objects.store(), get, call.at_most(kManifestTime)),
                       options.max_body, corrupt);
}

base::Result<std::vector<store::ActionId>> Packs::leave(std::span<const Used> used,
                                                        const base::Call& call,
                                                        const std::function<void()>& moved) {
  Rep& r = *rep_;
  if (!r.is_ready()) return not_named(used, nullptr);
  const auto bad = r.bad();
  // Who fetched nothing, from here or from elsewhere, works where all is on the disk, and changes
  // it again in a minute: what that leaves helps few, and go waits for it.
  const bool at_home =
      counts().ranges == 0 &&
      std::none_of(used.begin(), used.end(), [](const Used& one) { return one.lent; });

  // The scope's own, with a pack if need be. Where somebody else has left one meanwhile, once more
  // from theirs. What was read at the start stays: ranges of it may still be on their way.
  const Read *before = &r.exact, *before_module = &r.module;
  Read theirs, theirs_module;
  std::optional<Tables> exact;
  for (bool again = false;; again = true) {
    // The module's was written last: all its scopes draw on the same packs, and old ones fall free.
    const Known known{tables_of(*before), tables_of(r.module), bad, true};
    auto recipe = next_recipe(used, known, {.only_packs = at_home});
    if (!recipe) break;
    auto tables = r.with_pack(*std::move(recipe), call, moved);
    if (!tables) return tables.error();
    const auto stored = r.put_manifest(r.exact_name, *before, *tables, call);
    if (!stored) return stored.error();
    exact = *std::move(tables);
    moved();
    if (*stored == object::PutOutcome::kStored || again) break;
    theirs = r.read_again(r.exact_name, call);
    before = &theirs;
  }
  const Tables* const own = exact ? &*exact : tables_of(*before);
  if (r.exact_name == r.module_name) return not_named(used, own);

  Rules rules = kModuleRules;
  rules.only_packs = at_home && !exact;
  for (bool again = false;; again = true) {
    const Known known{tables_of(*before_module), own, bad, exact.has_value()};
    const auto recipe = next_recipe(used, known, rules);
    if (!recipe) break;
    const auto stored =
        r.put_manifest(r.module_name, *before_module, finish(*recipe, {}, {}), call);
    if (!stored) return stored.error();
    if (*stored == object::PutOutcome::kStored || again) break;
    theirs_module = r.read_again(r.module_name, call);
    before_module = &theirs_module;
  }
  return not_named(used, own);
}

Counts Packs::counts() const {
  Rep& r = *rep_;
  Counts counts;
  counts.dead = r.dead;
  counts.corrupt = r.corrupt;
  counts.bytes_up = r.bytes_up;
  if (!r.is_ready()) return counts;
  for (const auto* const from : {&r.all, &r.demand}) {
    if (!*from) continue;
    const Prefetcher::Counts one = (*from)->counts();
    counts.in_hand += one.in_hand;
    counts.waits += one.waits;
    counts.waited_ms += one.waited_ms;
    counts.ranges += one.ranges;
    counts.bytes_down += one.bytes;
    counts.in_vain += one.in_vain;
    counts.corrupt += one.corrupt;
  }
  return counts;
}

}  // namespace gopouch::pack
