// A layout: how what one action gave is written to an object store, and read back.
//
// Ours is one of them (entry.h); the others are those of the programs that gopouch takes the place
// of, so that a team can move one job at a time. docs/formats.md has their rules. A layout
// translates between objects and the local store; it does not count, log or queue, for remote.cc
// does that for all of them. Each is a constant of its own file, and layouts.cc is the list.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "remote/entry.h"
#include "remote/remote.h"

namespace gopouch::remote {

// What a get came to.
struct Fetched {
  // As Remote::get; kCorrupt: there was something, and it is not to be believed.
  base::Result<std::optional<store::Hit>> hit;
  std::uint32_t cost_ms = 0;  // what it took to compile, where the layout tells it
  std::int64_t received = 0;  // bytes
  bool local = false;         // the fault is the local disk's
};

// Safe for concurrent use.
class Layout {
 public:
  virtual ~Layout() = default;

  // Fetches what the action gave into the local store.
  virtual Fetched get(const store::ActionId& action, const base::Call& call) = 0;

  // True if this very output lies there for the action. False, too, where that cannot be told for
  // less than the whole output.
  virtual bool has(const store::ActionId& action, const store::Entry& entry,
                   const base::Call& call) = 0;

  // Makes ready what is to be sent: `header` says all but codec and stored size, `path` is the
  // body's file.
  virtual base::Result<Encoded> encode(Encoder& encoder, const Header& header,
                                       const char* path) = 0;

  // Sends it. REQUIRES: what encode() of this layout gave for the action.
  virtual base::Status put(const store::ActionId& action, const store::Entry& entry,
                           const Encoded& encoded, const base::Call& call) = 0;
};

// What a layout works with; all of it outlives the layout.
struct Ground {
  object::Remote& objects;
  store::Store& local;
  const Options& options;
};

struct Plan {
  std::string_view name;  // as --layout says it
  bool metadata;          // needs a store that keeps some beside its objects
  bool redis;             // is of Redis only
  bool (*is_key)(std::string_view key);
  std::unique_ptr<Layout> (*make)(const Ground& ground);
};

// Puts what was made ready under one key, and what is small.
base::Status put_body(object::Store& store, const object::Key& key, const Encoded& encoded,
                      object::Metadata metadata, const base::Call& call);
base::Status put_text(object::Store& store, const object::Key& key, std::string_view text,
                      const base::Call& call);

extern const Plan gopouch_layout, gobuildcache_layout, gocache_s3_layout, go_cache_plugin_layout,
    gocacheprog_layout, go_cacher_layout;

const Plan& plan_of(LayoutKind kind);
// The same, but of a store that takes one layout only, that one.
const Plan& plan_for(LayoutKind kind, const object::Remote& objects);

}  // namespace gopouch::remote
