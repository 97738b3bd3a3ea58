// Gets and uploads: what is asked of the object store, what is believed, what is counted.
#include "remote/remote.h"

#include <algorithm>
#include <unordered_map>

#include "base/guarded.h"
#include "base/log.h"
#include "base/workers.h"
#include "remote/layout.h"

namespace gopouch::remote {

namespace {

using Clock = base::Call::Clock;
using std::chrono::milliseconds;

// An upload may take this long, and longer the larger it is.
constexpr milliseconds kPutTime{10'000};
constexpr std::int64_t kSlowestBytesPerMs = 64;  // 64 kB/s

// Compressors beside each other: each holds 1.3 MB, and there are only so many cores.
constexpr std::size_t kEncoders = 2;

// A body of up to this size is sent without asking whether the remote has it.
constexpr std::int64_t kNotAskedFor = std::int64_t{4} << 10U;

// More changes than this are not looked through for what takes the place of what.
constexpr std::int64_t kFewChanges = 16;

// Uploads give way to the compiler.
constexpr int kNice = 10;

// What this session knows of an action. A put of one that it never asked for (`go build -a`) may be
// one that the remote has.
struct Known {
  bool asked = false, missed = false, put = false, lent = false;
  Clock::time_point since;            // when it was missed
  std::optional<store::Entry> entry;  // what it gives
  std::uint32_t cost_ms = 0;
};

class Session {
 public:
  Known& operator[](const store::ActionId& action) {
    const auto [place, fresh] = known_.try_emplace(action);
    if (fresh) order_.push_back(action);
    return place->second;
  }
  // In the order of first mention.
  std::vector<pack::Used> used() const {
    std::vector<pack::Used> all;
    all.reserve(order_.size());
    for (const store::ActionId& action : order_) {
      const Known& known = known_.at(action);
      all.push_back({action, known.entry, known.cost_ms, known.put, known.lent});
    }
    return all;
  }

 private:
  std::unordered_map<store::ActionId, Known, store::IdHash> known_;
  std::vector<store::ActionId> order_;
};

// Uploads that are queued or on their way.
struct Queue {
  std::int64_t all = 0, empty = 0;  // empty: of outputs of no bytes
  std::int64_t left(Remote::Flush what) const {
    return what == Remote::Flush::kAll ? all : all - empty;
  }
};

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
      : objects(with), local(to), options(std::move(how)) {}

  object::Remote& objects;
  store::Store& local;
  const Options options;
  const Plan& plan = plan_for(options.layout, objects);
  const std::unique_ptr<Layout> layout =
      plan.make({.objects = objects, .local = local, .options = options});

  mutable base::Guarded<Session> session;

  // Few compressors, and whoever needs one waits for it: memory is bounded, and so is the load.
  base::Guarded<std::vector<std::unique_ptr<Encoder>>> encoders;
  std::condition_variable encoder_free;
  std::size_t encoders_made = 0;  // under the lock of encoders

  std::atomic<std::int64_t> hits = 0, misses = 0, corrupt = 0, faults = 0, saved_ms = 0;
  std::atomic<std::int64_t> uploads = 0, upload_faults = 0, bytes_down = 0, bytes_up = 0;
  std::atomic<std::int64_t> strangers_hit = 0, strangers_missed = 0;  // asked for singly
  std::atomic<std::int64_t> given_up = 0;                             // uploads that were dropped
  std::atomic<std::int64_t> moved = 0;                                // grows while something does
  mutable base::Guarded<Queue> queue;
  std::condition_variable shorter;  // the queue is
  std::int64_t seen = -1;           // by flush(), of what moves
  Clock::time_point since;          // when it last saw that grow
  std::stop_source stop;
  std::optional<pack::Packs> packs;      // where there are any
  std::optional<base::Workers> workers;  // last: ends first

  void note_hit(const store::ActionId& action, const store::Entry& entry, std::uint32_t cost_ms);
  std::optional<store::Hit> note_miss(const store::ActionId& action);
  bool follows_a_dead_one() const;
  void queue_up(bool empty);
  void end_one(bool empty);
  void upload_packs();
  template <typename Upload>
  void add_upload(bool empty, Upload upload, std::function<void()> done);
  void upload_lent(const store::ActionId& action);
  base::Result<Encoded> encode(const Header& header, const std::string& path);
  void upload(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost, bool check);
  base::Call call(milliseconds time) const { return base::Call::within(time, stop.get_token()); }
};

Remote::Remote(object::Remote& objects, store::Store& local, Options options)
    : rep_(std::make_unique<Rep>(objects, local, std::move(options))) {
  Rep& r = *rep_;
  r.workers.emplace(std::max<std::size_t>(r.options.upload_concurrency, 1), kNice);
  if (r.options.packs.prefetch != pack::Prefetch::kOff && r.options.packs.scope &&
      &r.plan == &gopouch_layout) {
    r.packs.emplace(objects, local, r.options.packs);
  }
}

Remote::~Remote() { give_up(); }

void Remote::Rep::note_hit(const store::ActionId& action, const store::Entry& entry,
                           std::uint32_t cost_ms) {
  auto now = session.lock();
  Known& known = (*now)[action];
  known.asked = true;
  known.entry = entry;
  known.cost_ms = std::max(known.cost_ms, cost_ms);
}

std::optional<store::Hit> Remote::Rep::note_miss(const store::ActionId& action) {
  ++misses;
  auto now = session.lock();
  Known& known = (*now)[action];
  known.asked = known.missed = true;
  known.since = Clock::now();
  return std::nullopt;
}

// After a change new actions take the places of old ones, which nobody asks for any more. Where
// only dead ones are left for the next to take, and the remote had none of those before it, the
// next is the link of what was just compiled here for the first time: not worth a round trip.
// Should that be wrong, something is compiled twice.
bool Remote::Rep::follows_a_dead_one() const {
  const std::int64_t missed = strangers_missed;
  if (missed == 0 || missed > kFewChanges || strangers_hit > 0) return false;
  const auto left = packs->left(session.lock()->used());
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
    r.note_hit(action, (*fetched.hit)->entry, fetched.cost_ms);
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
  r.note_hit(action, entry, cost_ms.value_or(0));
  return cost_ms.has_value();
}

pack::Packs::Word Remote::find(pack::Which manifest, const store::ActionId& action,
                               const base::Call& call) {
  Rep& r = *rep_;
  return r.packs ? r.packs->find(manifest, action, call) : pack::Packs::Word::kUnknown;
}

void Remote::note_dead(const store::ActionId& action) { rep_->note_miss(action); }

void Remote::note_lent(const store::ActionId& action, const store::Entry& entry,
                       std::uint32_t cost_ms, bool lacks) {
  Rep& r = *rep_;
  if (read_only()) return;
  r.note_hit(action, entry, cost_ms);
  if (!lacks) return;
  (*r.session.lock())[action].lent = true;
  if (!r.packs) r.upload_lent(action);
}

std::uint32_t Remote::cost_of(const store::ActionId& action) const {
  return (*rep_->session.lock())[action].cost_ms;
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
  if (r.options.min_upload_size > hit.entry.size || r.objects.counts().read_only ||
      r.stop.stop_requested()) {
    if (done) done();
    return;
  }
  const bool empty = hit.entry.size == 0;
  std::uint32_t cost = 0;
  bool check = false;
  {
    auto now = r.session.lock();
    Known& known = (*now)[action];
    check = !known.asked && hit.entry.size > kNotAskedFor;
    if (known.missed) {
      const auto time = std::chrono::duration_cast<milliseconds>(Clock::now() - known.since);
      cost = static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
    }
    known.put = true;
    known.lent = false;
    known.entry = hit.entry;
    known.cost_ms = cost;
  }
  if (empty && gives_nothing(action)) {
    if (done) done();
    return;
  }
  r.add_upload(
      empty, [&r, action, hit, cost, check] { r.upload(action, hit, cost, check); },
      std::move(done));
}

template <typename Upload>
void Remote::Rep::add_upload(bool empty, Upload upload, std::function<void()> done) {
  if (queue.lock()->all >= static_cast<std::int64_t>(options.upload_queue)) {
    ++given_up;
    if (done) done();
    return;
  }
  queue_up(empty);
  workers->add([this, empty, upload = std::move(upload), done = std::move(done)] {
    if (stop.stop_requested()) {
      ++given_up;
    } else {
      upload();
    }
    if (done) done();
    end_one(empty);
  });
}

// As an entry, what another remote gave and the local store has.
void Remote::Rep::upload_lent(const store::ActionId& action) {
  const Known known = (*session.lock())[action];
  if (!known.lent || known.entry->size < options.min_upload_size || stop.stop_requested()) return;
  add_upload(known.entry->size == 0,
             [this, action, known] {
               const auto hit = local.get(action);
               if (hit && *hit) upload(action, **hit, known.cost_ms, !known.missed);
             },
             {});
}

base::Result<Encoded> Remote::Rep::encode(const Header& header, const std::string& path) {
  std::unique_ptr<Encoder> encoder;
  {
    auto free = encoders.lock();
    free.wait(encoder_free,
              [&](const auto& idle) { return !idle.empty() || encoders_made < kEncoders; });
    if (free->empty()) {
      ++encoders_made;
    } else {
      encoder = std::move(free->back());
      free->pop_back();
    }
  }
  if (!encoder) encoder = std::make_unique<Encoder>();
  auto encoded = layout->encode(*encoder, header, path.c_str());
  encoders.lock()->push_back(std::move(encoder));
  encoder_free.notify_one();
  return encoded;
}

void Remote::Rep::upload(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost,
                         bool check) {
  if (check && layout->has(action, hit.entry, call(kPutTime))) return;
  const auto encoded = encode({.cost_ms = cost, .action = action, .entry = hit.entry}, hit.path);
  if (!encoded) {
    // Something removed the file, or there is no room to compress it: nobody's fault but this
    // machine's.
    ++given_up;
    base::log(base::LogLevel::kInfo, "upload: {}", encoded.error().message);
    return;
  }
  if (packs) packs->keep(hit.entry, encoded->codec() == Codec::kZstd, encoded->body());
  const auto time = kPutTime + milliseconds(encoded->size() / kSlowestBytesPerMs);
  const auto stored = layout->put(action, hit.entry, *encoded, call(time));
  if (stored) {
    ++uploads;
    bytes_up += encoded->size();
    return;
  }
  if (stored.error().fault == base::Fault::kDenied) return;  // the store said so, once
  ++given_up;
  if (stored.error().fault == base::Fault::kStopped) return;
  // Misses that the breaker spared us are no news.
  if (upload_faults++ == 0 && !objects.counts().open) {
    base::log(base::LogLevel::kWarning, "upload: {}", stored.error().message);
  }
}

void Remote::close() {
  Rep& r = *rep_;
  if (!r.packs) return;
  r.packs->stop();
  if (r.objects.counts().read_only || r.stop.stop_requested()) return;
  r.queue_up(false);
  r.workers->add([&r] {
    r.upload_packs();
    r.end_one(false);
  });
}

void Remote::Rep::upload_packs() {
  if (stop.stop_requested()) {
    ++given_up;
    return;
  }
  const auto used = session.lock()->used();
  const auto left =
      packs->leave(used, {Clock::time_point::max(), stop.get_token()}, [this] { ++moved; });
  if (left) {
    for (const store::ActionId& action : *left) upload_lent(action);
    return;
  }
  if (left.error().fault == base::Fault::kDenied) return;
  ++given_up;
  base::log(base::LogLevel::kInfo, "packs: {}", left.error().message);
}

void Remote::Rep::queue_up(bool empty) {
  auto now = queue.lock();
  ++now->all;
  now->empty += empty ? 1 : 0;
}

void Remote::Rep::end_one(bool empty) {
  ++moved;
  auto now = queue.lock();
  --now->all;
  now->empty -= empty ? 1 : 0;
  shorter.notify_all();
}

bool Remote::flush(Clock::time_point until, milliseconds stall, Flush what) {
  Rep& r = *rep_;
  auto queue = r.queue.lock();
  while (queue->left(what) > 0) {
    const std::int64_t moved = r.moved + r.objects.moved();
    const Clock::time_point now = Clock::now();
    if (moved != r.seen) {
      r.seen = moved;
      r.since = now;
    }
    if (now >= until || now - r.since >= stall) return false;
    queue.wait_until(r.shorter, std::min({until, r.since + stall, now + milliseconds(100)}),
                     [&](const Queue& state) { return state.left(what) == 0; });
  }
  return true;
}

std::int64_t Remote::pending() const { return rep_->queue.lock()->all; }

std::int64_t Remote::give_up() {
  Rep& r = *rep_;
  r.stop.request_stop();
  // Each job sees the stop and ends at once, so that whoever waits for one is told.
  r.workers->wait_idle(Clock::time_point::max());
  return r.given_up;
}

Counts Remote::counts() const {
  const Rep& r = *rep_;
  Counts counts{r.hits,    r.misses,        r.corrupt,    r.faults,   r.saved_ms,
                r.uploads, r.upload_faults, r.bytes_down, r.bytes_up, {}};
  if (!r.packs) return counts;
  counts.packs = r.packs->counts();
  counts.corrupt += counts.packs.corrupt;
  counts.bytes_down += counts.packs.bytes_down;
  counts.bytes_up += counts.packs.bytes_up;
  return counts;
}

}  // namespace gopouch::remote
