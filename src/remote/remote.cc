// Gets: what is asked of the object store, what is believed, what is counted; and what is worth an
// upload.
#include "remote/remote.h"

#include <algorithm>

#include "base/log.h"
#include "remote/layout.h"
#include "remote/uploads.h"
#include "remote/uses.h"

namespace gopouch::remote {

namespace {

// A body of up to this size is sent without asking whether the remote has it.
constexpr std::int64_t kNotAskedFor = std::int64_t{4} << 10U;

// More changes than this are not looked through for what takes the place of what.
constexpr std::int64_t kFewChanges = 16;

}  // namespace

object::Key entry_key(const store::ActionId& action) {
  return std::string(kEntries) + base::to_hex(action.hash);
}

bool is_our_key(std::string_view key) {
  return pack::kind_of(key) || (key.starts_with(kEntries) &&
                                base::hash_from_hex(key.substr(kEntries.size())).has_value());
}

Counts& Counts::operator+=(const Counts& other) {
  hits += other.hits;
  misses += other.misses;
  corrupt += other.corrupt;
  faults += other.faults;
  saved_ms += other.saved_ms;
  uploads += other.uploads;
  upload_faults += other.upload_faults;
  bytes_down += other.bytes_down;
  bytes_up += other.bytes_up;
  packs += other.packs;
  return *this;
}

struct Remote::Rep {
  Rep(object::Remote& with, store::Store& to, Options how)
      : objects(with), local(to), options(std::move(how)) {
    if (options.packs.prefetch == pack::Prefetch::kOff || !options.packs.scope ||
        &plan != &gopouch_layout) {
      return;
    }
    packs.emplace(objects, local, options.packs);
    uploads.keep_for([this](const store::Entry& entry, bool compressed, const net::Body& body) {
      packs->keep(entry, compressed, body);
    });
  }

  object::Remote& objects;
  store::Store& local;
  const Options options;
  const Plan& plan = plan_for(options.layout, objects);
  const std::unique_ptr<Layout> layout =
      plan.make({.objects = objects, .local = local, .options = options});
  std::optional<pack::Packs> packs;  // where there are any
  Uses uses{packs, local};

  std::atomic<std::int64_t> hits = 0, misses = 0, corrupt = 0, faults = 0, saved_ms = 0;
  std::atomic<std::int64_t> bytes_down = 0;
  std::atomic<std::int64_t> strangers_hit = 0, strangers_missed = 0;  // asked for singly
  Uploads uploads{objects, local, *layout, options};                  // last: ends first

  std::optional<store::Hit> note_miss(const store::ActionId& action);
  bool follows_a_dead_one() const;
  void upload_packs(const base::Call& call, const std::function<void()>& moved);
  void upload_lent(const store::ActionId& action);
};

Remote::Remote(object::Remote& objects, store::Store& local, Options options)
    : rep_(std::make_unique<Rep>(objects, local, std::move(options))) {}

Remote::~Remote() { give_up(); }

std::optional<store::Hit> Remote::Rep::note_miss(const store::ActionId& action) {
  ++misses;
  uses.note_miss(action);
  return std::nullopt;
}

// After a change new actions take the places of old ones, which nobody asks for any more. Where
// only dead ones are left for the next to take, and the remote had none of those before it, the
// next is the link of what was just compiled here for the first time: not worth a round trip.
// Should that be wrong, something is compiled twice.
bool Remote::Rep::follows_a_dead_one() const {
  const std::int64_t missed = strangers_missed;
  if (missed == 0 || missed > kFewChanges || strangers_hit > 0) return false;
  const auto left = packs->left(uses.all());
  return left.dead > 0 && left.alive <= left.strangers;
}

base::Result<std::optional<store::Hit>> Remote::get(const store::ActionId& action,
                                                    const base::Call& call) {
  Rep& r = *rep_;
  if (r.packs) {
    const auto word = r.packs->find(action, call);
    const bool stranger = word == pack::Packs::Word::kUnknown;
    if (word == pack::Packs::Word::kDead || (stranger && r.follows_a_dead_one())) {
      return r.note_miss(action);
    }
    if (stranger && expects_nothing(action)) {
      note_nothing(action);
      return std::optional<store::Hit>();
    }
    if (word == pack::Packs::Word::kHere) {
      auto hit = r.local.get(action);
      if (hit && *hit) {
        note_local_hit(action, (*hit)->entry);
        return hit;
      }
    }
  }
  return get_entry(action, call);
}

base::Result<std::optional<store::Hit>> Remote::get_entry(const store::ActionId& action,
                                                          const base::Call& call) {
  Rep& r = *rep_;
  Fetched fetched = r.layout->get(action, call);
  r.bytes_down += fetched.received;
  if (fetched.hit && !*fetched.hit) {
    ++r.strangers_missed;
    return r.note_miss(action);
  }
  if (fetched.hit) {
    ++r.strangers_hit;
    ++r.hits;
    r.saved_ms += fetched.cost_ms;
    r.uses.note_hit(action, (*fetched.hit)->entry, fetched.cost_ms, &(*fetched.hit)->path);
    return std::move(fetched.hit);
  }
  auto miss = r.note_miss(action);
  const base::Error& error = fetched.hit.error();
  if (error.fault != base::Fault::kCorrupt) {
    if (!fetched.local) ++r.faults;
    return error;
  }
  ++r.corrupt;
  base::log(base::LogLevel::kInfo, "{}: {}: {}", r.objects.name(), base::to_hex(action.hash),
            error.message);
  return miss;
}

bool Remote::note_local_hit(const store::ActionId& action, const store::Entry& entry) {
  Rep& r = *rep_;
  const auto cost_ms = r.packs ? r.packs->note_hit(action) : std::nullopt;
  if (cost_ms) {
    ++r.hits;
    r.saved_ms += *cost_ms;
  }
  r.uses.note_hit(action, entry, cost_ms.value_or(0));
  return cost_ms.has_value();
}

pack::Packs::Word Remote::find(pack::Which manifest, const store::ActionId& action,
                               const base::Call& call) {
  Rep& r = *rep_;
  return r.packs ? r.packs->find(manifest, action, call) : pack::Packs::Word::kUnknown;
}

void Remote::note_dead(const store::ActionId& action) { rep_->note_miss(action); }

bool Remote::expects_nothing(const store::ActionId& action) const {
  return rep_->uses.is_own(action);
}

void Remote::note_nothing(const store::ActionId& action) {
  ++rep_->misses;
  rep_->uses.note_presumed(action);
}

void Remote::note_lent(const store::ActionId& action, const store::Entry& entry,
                       std::uint32_t cost_ms, bool lacks) {
  Rep& r = *rep_;
  if (read_only()) return;
  r.uses.note_hit(action, entry, cost_ms);
  if (!lacks) return;
  r.uses.note_lent(action);
  if (!r.packs) r.upload_lent(action);
}

std::uint32_t Remote::cost_of(const store::ActionId& action) const {
  return rep_->uses.known(action).cost_ms;
}

bool Remote::promises(const store::ActionId& action) const {
  return rep_->packs && rep_->packs->promises(action);
}

bool Remote::gives_nothing(const store::ActionId& action) const {
  return rep_->packs && rep_->packs->gives_nothing(action);
}

std::optional<base::Error> Remote::trouble() const {
  return rep_->packs ? rep_->packs->trouble() : std::nullopt;
}

const std::string& Remote::name() const { return rep_->objects.name(); }

bool Remote::read_only() const { return rep_->objects.counts().read_only; }

void Remote::put(const store::ActionId& action, const store::Hit& hit, std::function<void()> done) {
  Rep& r = *rep_;
  if (r.options.min_upload_size > hit.entry.size || read_only() || r.uploads.stopped()) {
    if (done) done();
    return;
  }
  const Uses::Known known = r.uses.note_put(action, hit);
  if (known.own || (hit.entry.size == 0 && gives_nothing(action))) {
    if (done) done();
    return;
  }
  const bool check = !known.asked && hit.entry.size > kNotAskedFor;
  r.uploads.put(action, hit, known.cost_ms, check, std::move(done));
}

// As an entry, what another remote gave and the local store has.
void Remote::Rep::upload_lent(const store::ActionId& action) {
  const Uses::Known known = uses.known(action);
  if (!known.lent || known.entry->size < options.min_upload_size || uploads.stopped()) return;
  uploads.put_stored(action, *known.entry, known.cost_ms, !known.missed);
}

void Remote::close() {
  Rep& r = *rep_;
  if (!r.packs) return;
  r.packs->stop();
  if (read_only() || r.uploads.stopped()) return;
  r.uploads.add([&r](const base::Call& call, const std::function<void()>& moved) {
    r.upload_packs(call, moved);
  });
}

void Remote::Rep::upload_packs(const base::Call& call, const std::function<void()>& moved) {
  const auto left = packs->leave(uses.all(), call, moved);
  if (left) {
    for (const store::ActionId& action : *left) upload_lent(action);
    return;
  }
  if (left.error().fault == base::Fault::kDenied) return;
  uploads.note_given_up();
  base::log(base::LogLevel::kInfo, "packs: {}", left.error().message);
}

bool Remote::flush(base::Call::Clock::time_point until, std::chrono::milliseconds stall,
                   Flush what) {
  return rep_->uploads.flush(until, stall, what);
}

std::int64_t Remote::pending() const { return rep_->uploads.pending(); }

std::int64_t Remote::give_up() { return rep_->uploads.give_up(); }

Counts Remote::counts() const {
  const Rep& r = *rep_;
  const Uploads::Counts up = r.uploads.counts();
  Counts counts{r.hits,     r.misses,  r.corrupt,    r.faults, r.saved_ms,
                up.uploads, up.faults, r.bytes_down, up.bytes, {}};
  if (!r.packs) return counts;
  counts.packs = r.packs->counts();
  counts.corrupt += counts.packs.corrupt;
  counts.bytes_down += counts.packs.bytes_down;
  counts.bytes_up += counts.packs.bytes_up;
  return counts;
}

}  // namespace gopouch::remote
