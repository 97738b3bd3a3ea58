// The tables of packs and manifests, byte by byte, and what is asked of them before they are
// believed.
#include "pack/manifest.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/little_endian.h"

namespace gopouch::pack {

namespace {

using base::get_number;
using base::put_number;

constexpr std::string_view kMagic = "gopouch";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSummed = 32;
constexpr std::size_t kMaxStored = std::size_t{16} << 20U, kMaxRaw = std::size_t{32} << 20U;
constexpr int kLevel = 1;  // half of it is hashes
constexpr std::uint16_t kNotAsked = 1, kIndex = 2;
constexpr std::size_t kCounts = 16, kPack = 40, kFrame = 32, kOutput = 48, kItem = 52;

base::Error corrupt(const char* why) { return {base::Fault::kCorrupt, why}; }

// Lays numbers and hashes one after another.
class Writer {
 public:
  explicit Writer(std::size_t size) : bytes_(size) {}
  template <typename T>
  void number(T value) {
    put_number(bytes_.data() + at_, value);
    at_ += sizeof(T);
  }
  void hash(const base::Hash& hash) {
    std::copy(hash.begin(), hash.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += hash.size();
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

// Reads them again. REQUIRES: the bytes are there.
class Reader {
 public:
  explicit Reader(const std::vector<std::uint8_t>& bytes) : at_(bytes.data()) {}
  template <typename T>
  T number() {
    const T value = get_number<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  base::Hash hash() {
    base::Hash hash;
    std::copy_n(at_, hash.size(), hash.begin());
    at_ += hash.size();
    return hash;
  }

 private:
  const std::uint8_t* at_;
};

std::size_t raw_size(std::size_t packs, std::size_t frames, std::size_t outputs,
                     std::size_t items) {
  return kCounts + (packs * kPack) + (frames * kFrame) + (outputs * kOutput) + (items * kItem);
}

std::size_t raw_size(const Tables& tables) {
  return raw_size(tables.packs.size(), tables.frames.size(), tables.outputs.size(),
                  tables.items.size());
}

std::vector<std::uint8_t> write_tables(const Tables& tables) {
  Writer out(raw_size(tables));
  for (const std::size_t count :
       {tables.packs.size(), tables.frames.size(), tables.outputs.size(), tables.items.size()}) {
    out.number(static_cast<std::uint32_t>(count));
  }
  for (const PackRef& pack : tables.packs) {
    out.hash(pack.id);
    out.number(pack.size);
  }
  for (const Frame& frame : tables.frames) {
    out.number(frame.pack);
    out.number(static_cast<std::uint32_t>(frame.codec));
    for (const std::int64_t number : {frame.offset, frame.stored, frame.raw}) out.number(number);
  }
  for (const Output& output : tables.outputs) {
    out.hash(output.id.hash);
    out.number(output.size);
    out.number(output.frame);
    out.number(output.offset);
  }
  for (const Item& item : tables.items) {
    out.hash(item.action.hash);
    out.number(item.output);
    out.number(item.put_time.time_since_epoch().count());
    out.number(item.cost_ms);
    out.number(item.idle);
    out.number(
        static_cast<std::uint16_t>((item.asked ? 0 : kNotAsked) | (item.index ? kIndex : 0)));
  }
  return out.bytes();
}

base::Result<Tables> read_tables(const std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < kCounts) return corrupt("tables cut short");
  Reader in(bytes);
  const std::size_t packs = in.number<std::uint32_t>(), frames = in.number<std::uint32_t>(),
                    outputs = in.number<std::uint32_t>(), items = in.number<std::uint32_t>();
  if (bytes.size() != raw_size(packs, frames, outputs, items)) {
    return corrupt("tables of another size");
  }
  Tables tables;
  tables.packs.resize(packs);
  for (PackRef& pack : tables.packs) {
    pack.id = in.hash();
    pack.size = in.number<std::int64_t>();
  }
  tables.frames.resize(frames);
  for (Frame& frame : tables.frames) {
    frame.pack = in.number<std::uint32_t>();
    frame.codec = static_cast<Codec>(in.number<std::uint32_t>());
    frame.offset = in.number<std::int64_t>();
    frame.stored = in.number<std::int64_t>();
    frame.raw = in.number<std::int64_t>();
  }
  tables.outputs.resize(outputs);
  for (Output& output : tables.outputs) {
    output.id.hash = in.hash();
    output.size = in.number<std::int64_t>();
    output.frame = in.number<std::uint32_t>();
    output.offset = in.number<std::uint32_t>();
  }
  tables.items.resize(items);
  for (Item& item : tables.items) {
    item.action.hash = in.hash();
    item.output = in.number<std::uint32_t>();
    item.put_time = store::Time(std::chrono::nanoseconds(in.number<std::int64_t>()));
    item.cost_ms = in.number<std::uint32_t>();
    item.idle = in.number<std::uint16_t>();
    const auto flags = in.number<std::uint16_t>();
    item.asked = (flags & kNotAsked) == 0;
    item.index = (flags & kIndex) != 0;
  }
  return tables;
}

bool within(std::int64_t number, std::int64_t most) { return number >= 0 && number <= most; }

// Why the tables cannot be believed; null when they can.
const char* fault_of(Kind kind, const Tables& tables, std::int64_t max_body) {
  const bool manifest = kind == Kind::kManifest;
  if (!manifest && !(tables.packs.empty() && tables.items.empty())) return "a pack with items";
  constexpr std::int64_t kMaxPack = std::int64_t{1} << 46U;
  for (const PackRef& pack : tables.packs) {
    if (!within(pack.size, kMaxPack)) return "a pack beyond all bounds";
  }
  for (const Frame& frame : tables.frames) {
    if (frame.codec != Codec::kRaw && frame.codec != Codec::kZstd) return "an unknown codec";
    if (manifest && frame.pack >= tables.packs.size()) return "a frame of no pack";
    const std::int64_t end = manifest ? tables.packs[frame.pack].size : kMaxPack;
    if (!within(frame.offset, end) || !within(frame.stored, end - frame.offset) ||
        frame.stored == 0 || !within(frame.raw, max_body) || !within(frame.stored, max_body)) {
      return "a frame beyond all bounds";
    }
    if (frame.codec == Codec::kRaw && frame.raw != frame.stored) return "a raw frame of two sizes";
  }
  for (const Output& output : tables.outputs) {
    if (output.frame == kNone && output.size == 0) continue;
    if (output.frame >= tables.frames.size()) return "an output of no frame";
    const Frame& frame = tables.frames[output.frame];
    if (output.size <= 0 || !within(output.size, frame.raw - output.offset)) {
      return "an output outside of its frame";
    }
    if (frame.raw > kSharedFrame && (output.offset != 0 || output.size != frame.raw)) {
      return "a shared frame beyond its bound";
    }
  }
  for (const Item& item : tables.items) {
    if (item.output != kNone && item.output >= tables.outputs.size()) return "an item of no output";
    if (item.put_time < store::Time()) return "an impossible time";
  }
  return nullptr;
}

object::Key key_of(std::string_view folder, const base::Hash& hash) {
  return std::string(folder) + base::to_hex(hash);
}

bool is_key_of(std::string_view folder, std::string_view key) {
  return key.starts_with(folder) && base::hash_from_hex(key.substr(folder.size())).has_value();
}

}  // namespace

std::string encode(Kind kind, const Tables& tables) {
  const std::vector<std::uint8_t> raw = write_tables(tables);
  std::string bytes(kFrontSize + ZSTD_compressBound(raw.size()), '\0');
  const std::size_t stored = ZSTD_compress(bytes.data() + kFrontSize, bytes.size() - kFrontSize,
                                           raw.data(), raw.size(), kLevel);
  bytes.resize(kFrontSize + stored);  // no error: there was room

  auto* const at = reinterpret_cast<std::uint8_t*>(bytes.data());
  std::memcpy(at, kMagic.data(), kMagic.size());
  at[7] = static_cast<std::uint8_t>(kind);
  at[8] = kVersion;
  put_number(at + 12, static_cast<std::uint32_t>(stored));
  put_number(at + 16, static_cast<std::uint32_t>(raw.size()));
  base::Sha256 hasher;
  hasher.update({at, kSummed});
  hasher.update({at + kFrontSize, stored});
  const base::Hash sum = hasher.finish();
  std::copy(sum.begin(), sum.end(), at + kSummed);
  return bytes;
}

std::int64_t max_encoded_size(const Tables& tables) {
  return static_cast<std::int64_t>(kFrontSize + ZSTD_compressBound(raw_size(tables)));
}

base::Result<Tables> decode(Kind kind, std::span<const std::uint8_t> bytes, std::int64_t max_body) {
  const std::uint8_t* const at = bytes.data();
  if (bytes.size() < kFrontSize || std::memcmp(at, kMagic.data(), kMagic.size()) != 0 ||
      at[7] != static_cast<std::uint8_t>(kind)) {
    return corrupt(kind == Kind::kPack ? "not a pack" : "not a manifest");
  }
  if (at[8] != kVersion) return corrupt("of another version");
  const std::size_t stored = get_number<std::uint32_t>(at + 12);
  const std::size_t size = get_number<std::uint32_t>(at + 16);
  const std::size_t there = bytes.size() - kFrontSize;
  if (stored > kMaxStored || size > kMaxRaw || stored > there) return corrupt("tables cut short");
  if (kind == Kind::kManifest && stored != there) return corrupt("bytes after the tables");
  base::Sha256 hasher;
  hasher.update({at, kSummed});
  hasher.update({at + kFrontSize, stored});
  const base::Hash sum = hasher.finish();
  if (!std::equal(sum.begin(), sum.end(), at + kSummed)) return corrupt("torn tables");

  // The frame's own word for its size, so that no room is made for a size that only the front says.
  if (ZSTD_getFrameContentSize(at + kFrontSize, stored) != size) return corrupt("no tables");
  std::vector<std::uint8_t> raw(size);
  if (ZSTD_decompress(raw.data(), raw.size(), at + kFrontSize, stored) != size) {
    return corrupt("no tables");
  }
  auto tables = read_tables(raw);
  if (!tables) return tables;
  if (const char* const why = fault_of(kind, *tables, max_body)) return corrupt(why);
  return tables;
}

object::Key pack_key(const base::Hash& id) { return key_of(kPacks, id); }
object::Key manifest_key(const base::Hash& scope) { return key_of(kManifests, scope); }

std::optional<Kind> kind_of(std::string_view key) {
  if (is_key_of(kPacks, key)) return Kind::kPack;
  if (is_key_of(kManifests, key)) return Kind::kManifest;
  return std::nullopt;
}

base::Result<Summary> summary_of(std::string_view manifest) {
  const auto tables = decode(Kind::kManifest, base::bytes_of(manifest), INT64_MAX);
  if (!tables) return tables.error();
  Summary summary;
  for (const PackRef& pack : tables->packs) summary.packs.push_back(pack_key(pack.id));
  for (const Item& item : tables->items) ++(item.output == kNone ? summary.dead : summary.actions);
  for (const Output& output : tables->outputs) summary.bytes += output.size;
  summary.outputs = std::ssize(tables->outputs);
  return summary;
}

}  // namespace gopouch::pack
