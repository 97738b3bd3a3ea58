// The shared cache: actions and outputs as objects that machines share.
//
// Gives keys their meaning and checks all that comes back; has never heard of S3. Nothing from a
// store is believed: an entry that is served is whole and hashes to its OutputID, and everything
// else (torn, foreign, newer, lying) is a miss, counted.
//
//   v1/e/<action hex>   one entry, self-contained: header, then body (entry.h has the grammar)
//
// Packs (pack.h) answer before entries do. In place of ours stands, where it is asked for, the
// layout of an older program, and before a server of go-cacher's, which takes no other keys, its
// own (layout.h); then there are no packs, and nothing of ours is written.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "object/object.h"
#include "pack/pack.h"
#include "store/store.h"

namespace gopouch::remote {

// Whose keys and formats: docs/formats.md.
enum class LayoutKind { kGopouch, kGobuildcache, kGocacheS3, kGoCachePlugin, kGocacheprog };

struct Options {
  LayoutKind layout = LayoutKind::kGopouch;
  bool compress = true;                            // where it makes a body smaller
  std::int64_t max_body = std::int64_t{4} << 30U;  // what claims to be larger is not believed
  std::int64_t min_upload_size = 0;                // smaller bodies are not uploaded
  std::size_t upload_concurrency = 32;
  std::size_t upload_queue = 65536;  // uploads that may wait; more are given up
  // Where a compressed body lies until it is sent: a file without a name.
  std::filesystem::path temp_dir = {};
  pack::Options packs = {};
};

struct Counts {
  Counts& operator+=(const Counts& other);

  std::int64_t hits = 0, misses = 0;  // hits: fetched when asked for, or before
  std::int64_t corrupt = 0;   // objects that were no entry of their action: among the misses
  std::int64_t faults = 0;    // gets that the store failed: among the misses
  std::int64_t saved_ms = 0;  // what the hits took to compile, by whoever put them
  std::int64_t uploads = 0, upload_faults = 0;
  std::int64_t bytes_down = 0, bytes_up = 0;  // as stored, with packs
  pack::Counts packs;
};

// Safe for concurrent use.
class Remote {
 public:
  // Both must outlive the Remote.
  Remote(object::Remote& objects, store::Store& local, Options options);
  ~Remote();  // gives up what is not uploaded

  // Fetches the action's entry into the local store. nullopt: there is none, or none to be
  // believed; an error: the store failed, or the local disk.
  base::Result<std::optional<store::Hit>> get(const store::ActionId& action,
                                              const base::Call& call);

  // The local store had it, maybe because it was fetched ahead: then true.
  bool note_local_hit(const store::ActionId& action, const store::Entry& entry);

  // Uploads in the background what the local store now holds. `done`, if any, is called when that
  // was done or given up, on another thread or on this one.
  void put(const store::ActionId& action, const store::Hit& hit, std::function<void()> done = {});

  // No more gets and puts. Packs for the next session what this one used: one more upload.
  void close();

  // Waits for uploads until they are done, `until` is reached, or nothing has moved for `stall`
  // since the first call. True: done. For one thread.
  enum class Flush { kAll, kNotEmpty };  // kNotEmpty: but for those of outputs of no bytes
  bool flush(std::chrono::steady_clock::time_point until, std::chrono::milliseconds stall,
             Flush what = Flush::kAll);

  // How many uploads are queued or on their way.
  std::int64_t pending() const;

  // Ends all uploads and starts no more; how many were given up, since the start.
  std::int64_t give_up();

  Counts counts() const;

  // The steps of get(), for who asks several remotes (Tiers): what a manifest knows, the entry,
  // and that nothing is known of it.
  pack::Packs::Word find(pack::Which manifest, const store::ActionId& action,
                         const base::Call& call);
  base::Result<std::optional<store::Hit>> get_entry(const store::ActionId& action,
                                                    const base::Call& call);
  void note_dead(const store::ActionId& action);

  // Whether go is asking for what its own checkout alone can know (uses.h); then a miss of it.
  bool expects_nothing(const store::ActionId& action) const;
  void note_nothing(const store::ActionId& action);

  // Another remote had it. `lacks`: this one has not, and is to have it: in the next pack, or,
  // where that is not worth it or there are none, as an entry, unless it turns out to be there.
  void note_lent(const store::ActionId& action, const store::Entry& entry, std::uint32_t cost_ms,
                 bool lacks);
  std::uint32_t cost_of(const store::ActionId& action) const;  // as far as it is known here

  // See pack::Packs.
  bool promises(const store::ActionId& action) const;
  bool gives_nothing(const store::ActionId& action) const;
  std::optional<base::Error> trouble() const;

  const std::string& name() const;
  bool read_only() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// More would be a mistake: each is asked in turn.
constexpr std::size_t kMostTiers = 8;

// Several remotes, as one: looked up in order, written to all that may be.
//
//   get    the packs of each tier in order, then the entry in each tier in order. So an empty tier
//          before a full one costs nothing but its manifests, as long as packs answer.
//   hit    what a tier gave is lent to the writable ones before it (Remote::note_lent), so that the
//          next session finds it in the first.
//   put    to each that is not read-only. Of an output of no bytes that a tier's manifest knows
//          the others take note as of a hit: such a put comes with every link.
//
// What one tier says of an action never hides what the next has: a recorded miss spares one GET of
// that tier alone. A tier that fails is passed over, and told of once. What another tier's manifest
// promises is not fetched a second time.
//
// One alone is asked directly.
//
// Safe for concurrent use. The methods that Remote has, too, mean the same here.
class Tiers {
 public:
  // All must outlive the Tiers. REQUIRES: one object store at least, kMostTiers at most.
  Tiers(std::span<object::Remote> objects, store::Store& local, const Options& options);

  // An error: no tier had it, and one failed; that has been told.
  base::Result<std::optional<store::Hit>> get(const store::ActionId& action,
                                              const base::Call& call);
  void note_local_hit(const store::ActionId& action, const store::Entry& entry);
  void put(const store::ActionId& action, const store::Hit& hit, std::function<void()> done = {});
  void close();
  bool flush(std::chrono::steady_clock::time_point until, std::chrono::milliseconds stall,
             Remote::Flush what = Remote::Flush::kAll);
  std::int64_t pending() const;
  std::int64_t give_up();
  Counts counts() const;  // of all

  struct Part {
    std::string_view name;
    Counts counts;
  };
  std::vector<Part> parts() const;  // in order

 private:
  struct Tier {
    Tier(object::Remote& objects, store::Store& local, Options options)
        : remote(objects, local, std::move(options)) {}
    std::atomic<bool> fault_said = false;
    Remote remote;
  };

  Options options_of(std::size_t tier, const Options& options);
  bool promised(std::size_t tier, pack::Which manifest, const store::ActionId& action) const;
  std::optional<store::Hit> find(const store::ActionId& action, const base::Call& call,
                                 std::uint32_t& dead);
  bool put_nothing(const store::ActionId& action, const store::Entry& entry);
  void lend(const store::ActionId& action, const store::Entry& entry, std::size_t from);
  void say(Tier& tier, const base::Error& error) const;

  store::Store& local_;
  std::deque<Tier> tiers_;  // they stay where they are
};

// Below this lie all entries.
constexpr std::string_view kEntries = "v1/e/";

// The object that holds an action's entry.
object::Key entry_key(const store::ActionId& action);

// Whether a key is one of ours: what clear-remote may delete.
bool is_our_key(std::string_view key);

// Whether `size` bytes of the file `fd` are what such a key says: an entry of that action whose
// body hashes to its OutputID, a pack of that hash, a manifest. kCorrupt: they are not; kInvalid:
// the key is among ours and none of them. Any other key may hold anything.
base::Status check_object(std::string_view key, int fd, std::int64_t size, std::int64_t max_body);

// Whether a store can hold a layout; kInvalid with one line for the user.
base::Status check_layout(LayoutKind kind, const object::Remote& objects);

// Whether a key is one of that layout, and what all of them begin with.
bool is_key_of(LayoutKind kind, std::string_view key);
std::string_view keys_of(LayoutKind kind);

// What a sweep takes away.
struct SweepOptions {
  std::chrono::seconds max_age;  // of manifests and entries, since they were last written
  // A pack that no manifest names is as old as this at least: a session may be about to name it.
  std::chrono::seconds grace = std::chrono::hours(24);
  bool dry_run = false;  // only counts
  std::function<std::chrono::sys_seconds()> now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };
};

struct SweepReport {
  struct Sum {
    std::int64_t objects = 0, bytes = 0;
  };
  Sum manifests, packs, entries;  // that went, or would
  Sum kept;
};

// Removes what is too old, and packs that no manifest names any more. Safe beside running sessions:
// one that finds a pack gone asks for entries. An error: not all could be looked at or removed;
// while a manifest cannot be read, no pack goes.
base::Result<SweepReport> sweep(object::Store& store, const SweepOptions& options,
                                const base::Call& call);

}  // namespace gopouch::remote
