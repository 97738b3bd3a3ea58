#include "pack/manifest.h"

#include <random>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace gopouch::pack {
namespace {

using base::bytes_of;

constexpr std::int64_t kMaxBody = std::int64_t{4} << 30U;

base::Hash hash(std::uint8_t number) {
  base::Hash hash;
  hash.fill(number);
  return hash;
}

Tables example() {
  Tables tables;
  tables.packs = {{hash(0xA1), 10'000'000}};
  tables.frames = {{0, Codec::kZstd, 4096, 1000, 3000}, {0, Codec::kRaw, 5096, 200'000, 200'000}};
  tables.outputs = {{{hash(0xB1)}, 1000, 0, 0},
                    {{hash(0xB2)}, 2000, 0, 1000},
                    {{hash(0xB3)}, 200'000, 1, 0},
                    {{hash(0xB4)}, 0, kNone, 0}};
  const store::Time time{std::chrono::nanoseconds(1'700'000'000'123'456'789)};
  tables.items = {{{hash(0xC1)}, 0, time, 12, 0},
                  {{hash(0xC2)}, 1, time, 0, 3},
                  {{hash(0xC3)}, 2, time, 4'000'000'000, 0},
                  {{hash(0xC4)}, 3, time, 1, 0},
                  {{hash(0xC5)}, kNone, {}, 0, 1}};
  return tables;
}

std::string text_of(const Tables& tables) {
  std::string text;
  for (const PackRef& p : tables.packs) text += fmt::format("{} {}\n", base::to_hex(p.id), p.size);
  for (const Frame& f : tables.frames) {
    text += fmt::format("{} {} {} {} {}\n", f.pack, static_cast<int>(f.codec), f.offset, f.stored,
                        f.raw);
  }
  for (const Output& o : tables.outputs) {
    text += fmt::format("{} {} {} {}\n", base::to_hex(o.id.hash), o.size, o.frame, o.offset);
  }
  for (const Item& i : tables.items) {
    text += fmt::format("{} {} {} {} {} {} {}\n", base::to_hex(i.action.hash), i.output,
                        i.put_time.time_since_epoch().count(), i.cost_ms, i.idle, i.asked, i.index);
  }
  return text;
}

base::Result<Tables> read(const std::string& text, Kind kind = Kind::kManifest) {
  return decode(kind, bytes_of(text), kMaxBody);
}

std::string why_not(const Tables& tables) {
  const auto read = pack::read(encode(Kind::kManifest, tables));
  return read ? "" : read.error().message;
}

TEST(Manifest, ReadsWhatItWrites) {
  Tables tables = example();
  tables.items[2].asked = false;
  tables.items[3].idle = UINT16_MAX;
  tables.items[3].index = true;
  const auto back = read(encode(Kind::kManifest, tables));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(text_of(*back), text_of(tables));
  EXPECT_TRUE(read(encode(Kind::kManifest, {})));
}

// Numbers keep their places for ever.
TEST(Manifest, ReadsTheFirstBytesThatWereEverWritten) {
  constexpr std::string_view kHex =
      "676f706f7563684d01000000a20000003c020000000000000000000000000000a582231cb3c0ad6a5cbe94cc"
      "fdb42b0e4b0c1c4b82c1b8172ca6c7a991bea42528b52ffd603c01c5040082861421902bad014f17efbcf78b"
      "825a5f9a5129185a469b9955de43adad17f0f413b9650ab7ce711ec448a4cdef4d73808048420a87e7f0995f"
      "6badcb2d9f1af854288fb068500598a716de461e8dc9018f9e6e011f0040606f08c0db0d2c12571917d7f055"
      "1cc335799521a05d6050a00f048000e04d47bbb03004004d8362403b2031050270ed56288020e01ae006b801"
      "9a012fd98025";
  std::string bytes;
  for (std::size_t i = 0; i < kHex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16));
  }
  const auto back = read(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(text_of(*back), text_of(example()));
}

TEST(Manifest, IsNoneWhereItIsCutShortOrGoesOn) {
  const std::string whole = encode(Kind::kManifest, example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = read(whole.substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().fault, base::Fault::kCorrupt);
  }
  EXPECT_FALSE(read(whole + "x"));
}

TEST(Manifest, IsNoneWhereABitIsFlipped) {
  std::string text = encode(Kind::kManifest, example());
  for (std::size_t at = 0; at < text.size(); ++at) {
    text[at] = static_cast<char>(text[at] ^ 1);
    EXPECT_FALSE(read(text)) << at;
    text[at] = static_cast<char>(text[at] ^ 1);
  }
}

TEST(Manifest, IsNoPackAndTheOtherWayRound) {
  EXPECT_EQ(read(encode(Kind::kManifest, {}), Kind::kPack).error().message, "not a pack");
  EXPECT_EQ(read(encode(Kind::kPack, {})).error().message, "not a manifest");
}

TEST(Manifest, OfAPackMayHaveBytesBehindIt) {
  Tables tables = example();
  tables.packs.clear();
  tables.items.clear();
  const std::string front = encode(Kind::kPack, tables);
  EXPECT_TRUE(read(front + std::string(1000, 'x'), Kind::kPack));
  EXPECT_LE(std::ssize(front), max_encoded_size(tables));
  tables.items = example().items;
  EXPECT_FALSE(read(encode(Kind::kPack, tables), Kind::kPack));
}

TEST(Manifest, BelievesNoIndexAndNoSize) {
  const auto with = [](const std::function<void(Tables&)>& change) {
    Tables tables = example();
    change(tables);
    return why_not(tables);
  };
  EXPECT_EQ(with([](Tables&) {}), "");
  EXPECT_EQ(with([](Tables& t) { t.packs[0].size = -1; }), "a pack beyond all bounds");
  EXPECT_EQ(with([](Tables& t) { t.frames[0].pack = 1; }), "a frame of no pack");
  EXPECT_EQ(with([](Tables& t) { t.frames[0].codec = static_cast<Codec>(2); }), "an unknown codec");
  for (const std::int64_t number : {std::int64_t{-1}, INT64_MAX, std::int64_t{10'000'001}}) {
    EXPECT_EQ(with([&](Tables& t) { t.frames[0].offset = number; }), "a frame beyond all bounds");
    EXPECT_EQ(with([&](Tables& t) { t.frames[0].stored = number; }), "a frame beyond all bounds");
  }
  EXPECT_EQ(with([](Tables& t) { t.frames[0].stored = 0; }), "a frame beyond all bounds");
  EXPECT_EQ(with([](Tables& t) { t.frames[0].raw = kMaxBody + 1; }), "a frame beyond all bounds");
  EXPECT_EQ(with([](Tables& t) { t.frames[1].raw = 1; }), "a raw frame of two sizes");
  EXPECT_EQ(with([](Tables& t) { t.outputs[0].frame = 2; }), "an output of no frame");
  EXPECT_EQ(with([](Tables& t) { t.outputs[0].frame = kNone; }), "an output of no frame");
  EXPECT_EQ(with([](Tables& t) { t.outputs[1].offset = 1001; }), "an output outside of its frame");
  EXPECT_EQ(with([](Tables& t) { t.outputs[1].offset = UINT32_MAX - 1; }),
            "an output outside of its frame");
  EXPECT_EQ(with([](Tables& t) { t.outputs[1].size = -5; }), "an output outside of its frame");
  EXPECT_EQ(with([](Tables& t) { t.outputs[2].size = 100'000; }),
            "a shared frame beyond its bound");
  EXPECT_EQ(with([](Tables& t) { t.items[0].output = 4; }), "an item of no output");
  EXPECT_EQ(with([](Tables& t) { t.items[0].put_time = store::Time(std::chrono::hours(-1)); }),
            "an impossible time");
}

TEST(PackKeys, AreTold) {
  EXPECT_EQ(manifest_key(hash(0xAB)).substr(0, 9), "v1/m/abab");
  EXPECT_EQ(kind_of(manifest_key(hash(1))), Kind::kManifest);
  EXPECT_EQ(kind_of(pack_key(hash(1))), Kind::kPack);
  EXPECT_EQ(kind_of("v1/p/abc"), std::nullopt);
  EXPECT_EQ(kind_of("v1/e/" + base::to_hex(hash(1))), std::nullopt);
}

TEST(Summary, IsOfAManifestThatThisVersionKnows) {
  const auto summary = summary_of(encode(Kind::kManifest, example()));
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->packs, std::vector{pack_key(hash(0xA1))});
  EXPECT_EQ(summary->actions, 4);
  EXPECT_EQ(summary->dead, 1);
  EXPECT_EQ(summary->outputs, 4);
  EXPECT_EQ(summary->bytes, 203'000);
  EXPECT_FALSE(summary_of("something else"));
}

}  // namespace
}  // namespace gopouch::pack
