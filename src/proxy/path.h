// What a path of a module proxy names, and how long that may be kept.
//
//   path = module "/@latest"
//        | module "/@v/list"
//        | module "/@v/" version ( ".info" | ".mod" | ".zip" )
//        | "sumdb/" name "/" ( "supported" | "latest" | "lookup/" module "@" version | "tile/" … )
//
// In modules and versions an upper-case letter is "!" and the lower-case one
// (golang.org/x/mod/module, EscapePath). Of a module's path no more is known than that its parts
// are no "." and "..": an upstream may have folders of its own before it. A database's name may
// have slashes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gopouch::proxy {

enum class Kind {
  kInfo,  // of a version
  kMod,
  kZip,
  kQuery,  // the .info of what is not yet a version: a branch, "v1"
  kList,
  kLatest,
  kSumSupported,
  kSumLatest,
  kSumLookup,
  kSumTile,
};

struct Path {
  Kind kind = Kind::kList;
  std::string text;     // the whole of it, without escapes of "%"
  std::string module;   // escaped with "!", as on the wire; empty for sumdb
  std::string version;  // as that; of kInfo, kMod, kZip, kQuery
  std::string sumdb;    // the name, where the path begins with "sumdb/"
  std::string below;    // of a database, behind its name and a slash: "tile/8/0/001"

  // What it names never changes.
  bool lasting() const;
};

// `raw` is as it came, behind the proxy's own prefix and a slash. nullopt: nothing can be there.
std::optional<Path> parse_path(std::string_view raw);

// "!burnt!sushi" is "BurntSushi"; nullopt where "!" stands before something else.
std::optional<std::string> unescape(std::string_view text);

// Whether go could have chosen it: v1.2.3, v1.2.3-pre, v2.0.0+incompatible, a pseudo-version.
bool is_version(std::string_view text);

// A part of a tile: the whole one, and how many of its bytes. nullopt: it is none, or one of data.
struct PartialTile {
  std::string whole;  // the path of the whole tile
  std::int64_t size = 0;
};
std::optional<PartialTile> partial_tile(const Path& path);

// As GOPRIVATE matches (golang.org/x/mod/module, MatchPrefixPatterns): `pattern`, a glob for each
// part, fits the beginning of the module's path.
bool matches(std::string_view pattern, std::string_view module);

}  // namespace gopouch::proxy
