// Packs: how the network's latency goes away.
//
// A session leaves a recipe of what it used, a manifest, under the name of its scope, and what no
// pack holds yet in a pack; the next session of that scope, on a machine that has nothing, fetches
// all of it in a few large pieces, in the order in which it will be asked for. manifest.h has the
// formats.
//
// Packs are an accelerator: entries are the truth. Nothing here can make a get fail or lie, only
// slow; whatever is missing, torn, foreign or late is unknown, and is asked for singly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "object/object.h"
#include "store/store.h"

namespace gopouch::pack {

enum class Prefetch {
  kAll,     // what the scope's last session used
  kDemand,  // what is asked for, with its neighbours
  kOff,     // nothing: no manifests are read or written
};

// The two manifests of a session: of the very go command, and of any in its module.
enum class Which { kExact, kModule };

struct Options {
  Prefetch prefetch = Prefetch::kAll;
  std::int64_t limit = INT64_MAX;  // bytes that are fetched before they are asked for
  std::size_t connections = 16;
  std::int64_t max_body = std::int64_t{4} << 30U;  // what claims to be larger is not believed
  std::filesystem::path temp_dir = {};             // for files without names
  // Names the manifests: of this very go command, and of any in this module. Null: no packs.
  std::function<std::pair<base::Hash, base::Hash>()> scope = {};
  // Of several Packs that fill one local store: whether another one promises an action, so that
  // what this manifest names of it is left alone until a get asks for it here. Null: never.
  std::function<bool(Which, const store::ActionId&)> elsewhere = {};
};

// An action that a session asked for or put, in the order of first mention.
struct Used {
  store::ActionId action;
  std::optional<store::Entry> entry;  // nullopt: asked for and never put
  std::uint32_t cost_ms = 0;
  bool asked = true;
  bool index = false;  // what go has of a module's or a directory's files
  bool put = false;    // by this session: a later put of what is known is news, if it is not empty
  bool lent = false;   // by another remote: there may be no entry of it in this one
};

struct Counts {
  Counts& operator+=(const Counts& other);

  std::int64_t in_hand = 0;               // gets answered by what had been fetched
  std::int64_t waits = 0, waited_ms = 0;  // gets that waited for what was on its way
  std::int64_t dead = 0;                  // gets answered as a miss without asking
  std::int64_t ranges = 0, bytes_down = 0;
  std::int64_t in_vain = 0;   // bytes of outputs that were fetched and not used
  std::int64_t corrupt = 0;   // manifests and frames that were not to be believed
  std::int64_t bytes_up = 0;  // packs and manifests
};

// Safe for concurrent use.
class Packs {
 public:
  // Both must outlive the Packs. The manifests are on their way when this returns.
  Packs(object::Remote& objects, store::Store& local, Options options);
  ~Packs();  // ends what is on its way

  // What is known of an action: kHere: the local store is worth another look. Waits for what is on
  // its way, until the call is over.
  enum class Word { kUnknown, kDead, kHere };
  Word find(const store::ActionId& action, const base::Call& call);
  Word find(Which manifest, const store::ActionId& action, const base::Call& call);

  // Whether the manifest of the exact scope names an output of the action, and the pack may still
  // give it.
  bool promises(const store::ActionId& action) const;

  // Why the store did not answer when it was asked for the manifests; nullopt: it did, or has not
  // been heard yet.
  std::optional<base::Error> trouble() const;

  // Fetches all that the manifest of the exact scope names, or of the module's where there is no
  // other, and tells of it now and then. Outputs in hand, here before or fetched, and how many
  // there are; nullopt: no manifest.
  struct Progress {
    std::int64_t done = 0, all = 0;
    std::int64_t bytes = 0;  // fetched
  };
  std::optional<Progress> fetch_all(const base::Call& call,
                                    const std::function<void(const Progress&)>& on_progress);

  // The local store answered. The cost of the action, where it was fetched here; else nullopt.
  std::optional<std::uint32_t> note_hit(const store::ActionId& action);

  // Whether a manifest that is here says that the action gives nothing: an empty output.
  bool gives_nothing(const store::ActionId& action) const;

  // What the manifests that are here say of an action. For who has waited for them, in find().
  // kNoWord: nothing, and there is none of the exact scope that could have known.
  enum class Recorded { kNoWord, kUnknown, kIndex, kOther };
  Recorded recorded(const store::ActionId& action) const;

  // What may be packages that the scope's sessions asked for and this one, which has used these,
  // has not, as yet; the dead likewise; and what may be packages that this one asked for and put
  // and that they did not know.
  struct Left {
    std::int64_t alive = 0, dead = 0, strangers = 0;
  };
  Left left(std::span<const Used> used) const;

  // The body of an entry on its way to the remote: kept, so that packing it is a copy.
  void keep(const store::Entry& entry, bool compressed, const net::Body& body);

  // No more gets: ends all fetching.
  void stop();

  // Leaves the next manifests, and a pack where that is worth it. `moved` is called as it goes on.
  // Gives those of the lent actions that were not worth it: the next session will ask for their
  // entries. An error: they could not be written; nothing is lost but time.
  base::Result<std::vector<store::ActionId>> leave(std::span<const Used> used,
                                                   const base::Call& call,
                                                   const std::function<void()>& moved);

  Counts counts() const;

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// What lies under a key.
enum class Kind : char { kPack = 'P', kManifest = 'M' };
std::optional<Kind> kind_of(std::string_view key);

// Below these lie all manifests and all packs.
constexpr std::string_view kManifests = "v1/m/", kPacks = "v1/p/";

object::Key manifest_key(const base::Hash& scope);

// Bytes of a manifest; what is larger is none.
constexpr std::size_t kMaxManifest = std::size_t{17} << 20U;

// What a manifest names. kCorrupt: this version cannot tell.
struct Summary {
  std::vector<object::Key> packs;
  std::int64_t actions = 0, dead = 0;
  std::int64_t outputs = 0, bytes = 0;  // raw
};
base::Result<Summary> summary_of(std::string_view manifest);

}  // namespace gopouch::pack
