// Names: everything a user may call a setting, and what a word under that name says.
//
// A setting's own flag and variable follow from its row in keys.cc. The table in aliases.cc has the
// flags and variables of the programs that gopouch takes the place of: gobuildcache (early and
// current), gocache-s3, go-cache-plugin and gocacheprog.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"

namespace gopouch::config {

// Where a name stands; an earlier place counts before a later one.
enum class Place {
  kFlag,
  kOwnVariable,   // GOPOUCH_X
  kGobuildcache,  // GOBUILDCACHE_X
  kOther,         // variables of the other programs
  kBare,          // gobuildcache's variables without a prefix: other programs set them too
  kFile,
};

// What the words under a name are.
enum class Words {
  kOwn,      // those of the setting
  kSwitch,   // a bool, which stands for the one or the other of `meaning`; or the setting's own
  kLevel,    // a switch, or a number that is 0 or not: go-cache-plugin's --debug N
  kBackend,  // gobuildcache's choice of a backend
  kPiece,    // a piece of a remote's URL: `meaning` says which (remotes.cc puts them together)
  kBucket,   // those of the setting, or a piece; of no meaning where that choice is the local disk
  kIgnored,  // any; `meaning` says why nothing follows from it
};

struct Name {
  std::string_view name;  // of a flag without its dashes
  Place place;
  std::string_view key;  // empty for kIgnored
  Words words;
  std::string_view meaning;  // "on|off" of a switch; "s3-bucket" of a piece
};

// One value under one name.
struct Saying {
  const Key* key = nullptr;
  Place place = Place::kFlag;
  Words words = Words::kOwn;
  std::string name;  // as the user wrote it: "--cache-dir", "GOPOUCH_CACHE_DIR", "<file>:3"
  Value value;
  std::string_view piece = {};  // of a remote's URL: "s3-bucket"; empty: it is no piece
  // A log switch that asks for no more than -v does. It gives way to any other in its place and is
  // no contradiction: `-v --debug 1` is one wish.
  bool faint = false;
};

// The older programs' names. Those of one place that mean the same stand in their order.
std::span<const Name> aliases();

// What `text` under `name`, shown as `shown`, says. Nothing where it is empty, where the name is
// ignored (then a line is added to `notes`), and where gobuildcache would have passed it over.
// Throws ConfigError when the value is bad.
std::optional<Saying> interpret(const Name& name, std::string_view shown, std::string_view text,
                                std::vector<std::string>& notes);

}  // namespace gopouch::config
