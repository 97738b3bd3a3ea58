// Packs and manifests: what lies under v1/p/<sha256 hex> and v1/m/<scope hex>.
//
// A pack is many outputs in one object, so that a machine that needs them all asks a few times and
// not thousands of times. A manifest is a recipe: the actions that a session asked for, in its
// order, and for each output the frame of the pack that holds it.
//
//   pack      = front data; the object's name is the SHA-256 of all of it
//   manifest  = front
//   front     = 64 bytes, integers little-endian:
//       0   7  "gopouch"
//       7   1  kind: 'P' pack, 'M' manifest
//       8   1  version, 1
//       9   3  0
//      12   4  stored size of the tables, at most 16 MiB
//      16   4  raw size of the tables, at most 32 MiB
//      20  12  0
//      32  32  SHA-256 of bytes 0 to 31 and the stored tables
//               then the tables, one zstd frame
//   tables    = counts packs frames outputs items
//   counts    = 4 x u32: packs, frames, outputs, items
//   packs     = each: id 32, size u64
//   frames    = each: pack u32, codec u32 (0 raw, 1 zstd), offset u64, stored size u64,
//               raw size u64
//   outputs   = each: OutputID 32, size u64, frame u32 (2^32-1: an output of no bytes),
//               offset in the raw frame u32
//   items     = each: ActionID 32, output u32 (2^32-1: dead), put time u64 (ns since the Unix
//               epoch), cost u32 (ms), idle u16, flags u16: 1 never asked for, 2 index
//   data      = frames, each decodable by itself
//
// Offsets count from the first byte of the pack's object; between the front and the first frame of
// a pack may be bytes that mean nothing. The tables of a pack stand for itself: they have no packs
// and no items. A frame of more than 128 KiB raw holds one output.
//
// *Dead* is an action that was asked for and that nobody puts: the link of a main package. *Idle*
// counts the manifests since the action was last used. *Never asked for*: only put. *Index*: what
// go keeps of the files of a module or a directory.
//
// Numbers here never change their meaning; a reader takes kinds and versions that it knows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pack/pack.h"
#include "store/store.h"

namespace gopouch::pack {

enum class Codec : std::uint32_t { kRaw = 0, kZstd = 1 };

constexpr std::size_t kFrontSize = 64;
constexpr std::int64_t kSharedFrame = std::int64_t{128} << 10U;  // raw bytes, of many outputs
constexpr std::uint32_t kNone = UINT32_MAX;

struct PackRef {
  base::Hash id{};
  std::int64_t size = 0;
};

struct Frame {
  std::uint32_t pack = 0;
  Codec codec = Codec::kRaw;
  std::int64_t offset = 0, stored = 0, raw = 0;
};

struct Output {
  store::OutputId id;
  std::int64_t size = 0;
  std::uint32_t frame = kNone;
  std::uint32_t offset = 0;
};

struct Item {
  store::ActionId action;
  std::uint32_t output = kNone;
  store::Time put_time;
  std::uint32_t cost_ms = 0;
  std::uint16_t idle = 0;
  bool asked = true;
  bool index = false;
};

// Tables whose indices and sizes have been looked at, where they come from decode().
struct Tables {
  std::vector<PackRef> packs;
  std::vector<Frame> frames;
  std::vector<Output> outputs;
  std::vector<Item> items;
};

std::string encode(Kind kind, const Tables& tables);

// What encode() gives at most for tables of these sizes, whatever is in them.
std::int64_t max_encoded_size(const Tables& tables);

// From the first bytes of an object, all of a manifest or at least the front of a pack. kCorrupt:
// it is none, or none that this version knows; `max_body` bounds the sizes that are believed.
base::Result<Tables> decode(Kind kind, std::span<const std::uint8_t> bytes, std::int64_t max_body);

object::Key pack_key(const base::Hash& id);

}  // namespace gopouch::pack
