#include "pack/frame_sink.h"

#include <map>

#include "base/compress.h"
#include "test/support/store_fixture.h"

namespace gopouch::pack {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;

class FrameSinkTest : public test::StoreTest {
 protected:
  static std::string zstd(const std::string& text) {
    std::string stored;
    base::Compressor().compress(base::bytes_of(text), stored);
    return stored;
  }

  // A frame behind those that are there, with outputs that lie in it in turn.
  void add(Codec codec, const std::string& stored, std::int64_t raw,
           const std::vector<std::string>& texts) {
    const auto frame = static_cast<std::uint32_t>(tables_.frames.size());
    tables_.frames.push_back({0, codec, std::ssize(bytes_), std::ssize(stored), raw});
    bytes_ += stored;
    std::uint32_t offset = 0;
    for (const std::string& text : texts) {
      tables_.items.push_back({action(static_cast<int>(tables_.items.size() + 1)),
                               static_cast<std::uint32_t>(tables_.outputs.size()),
                               {},
                               0,
                               0});
      tables_.outputs.push_back({output_of(text), std::ssize(text), frame, offset});
      offset += static_cast<std::uint32_t>(text.size());
    }
  }

  // What is told of the frames, in turn, where the range arrives in pieces of `step` bytes.
  std::string told(std::size_t step) {
    store::Store store(options());
    Range range{0, 0, std::ssize(bytes_), {}};
    for (std::uint32_t i = 0; i < tables_.frames.size(); ++i) range.frames.push_back(i);
    const Contents contents(tables_, std::vector<bool>(tables_.items.size(), true));
    std::string said;
    FrameSink sink(tables_, contents, range, store, [&](std::uint32_t frame, bool good) {
      said += fmt::format("{}{} ", frame, good ? "" : "!");
      for (const std::uint32_t output : contents.outputs[frame]) {
        const auto hit = get(store, tables_.items[output].action);
        if (good) {
          EXPECT_TRUE(hit) << output << " in pieces of " << step;
        }
        here_[output] = hit.has_value();
      }
    });
    sink.begin();
    const auto bytes = base::bytes_of(bytes_);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      EXPECT_TRUE(sink.write(bytes.subspan(at, std::min(step, bytes.size() - at))));
    }
    EXPECT_EQ(sink.done(), range.frames.size());
    EXPECT_EQ(store.verify().bad_outputs, 0);
    store.clear();
    return said;
  }

  Tables tables_;
  std::string bytes_;
  std::map<std::uint32_t, bool> here_;  // of outputs
};

TEST_F(FrameSinkTest, LaysWhatItTellsOfIntoTheStore) {
  const std::string large(2 * kMiB, 'l');
  add(Codec::kZstd, zstd("onetwo"), 6, {"one", "two"});
  add(Codec::kZstd, zstd(large), std::ssize(large), {large});
  add(Codec::kRaw, "raw", 3, {"raw"});
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes_.size()}) {
    EXPECT_EQ(told(step), "0 1 2 ");
  }
}

TEST_F(FrameSinkTest, DoesNotLetOneLieTakeOthersWithIt) {
  add(Codec::kRaw, "onetwothree", 11, {"one", "owt", "three"});
  tables_.outputs[1].id = output_of("other");
  add(Codec::kRaw, "four", 4, {"four"});
  EXPECT_EQ(told(4), "0! 1 ");
  EXPECT_EQ(here_, (std::map<std::uint32_t, bool>{{0, true}, {1, false}, {2, true}, {3, true}}));
}

// Zeros that unpack to a thousand times what the manifest says, or to less, or never end.
TEST_F(FrameSinkTest, UnpacksNoMoreThanTheManifestSays) {
  const std::string zeros(64 * kMiB, '\0');
  const std::string bomb = zstd(zeros), one(kMiB, '\0'), few(10, '\0');
  add(Codec::kZstd, bomb, kMiB, {one});
  add(Codec::kZstd, bomb, 10, {few});
  add(Codec::kZstd, zstd(one), kMiB + 1, {std::string(kMiB + 1, '\0')});
  add(Codec::kZstd, bomb.substr(0, bomb.size() / 2), std::ssize(zeros), {zeros});
  add(Codec::kZstd, zstd(one) + zstd(one), kMiB, {one});
  add(Codec::kZstd, "no zstd at all", 14, {"no zstd at all"});
  add(Codec::kRaw, "good", 4, {"good"});
  for (const std::size_t step : {std::size_t{1000}, bytes_.size()}) {
    EXPECT_EQ(told(step), "0! 1! 2! 3! 4! 5! 6 ");
  }
}

TEST_F(FrameSinkTest, PassesOverFramesThatLieOverEachOther) {
  add(Codec::kRaw, "onetwo", 6, {"onetwo"});
  add(Codec::kRaw, "three", 5, {"three"});
  tables_.frames[1].offset = 3;
  EXPECT_EQ(told(4), "0 1! ");
}

}  // namespace
}  // namespace gopouch::pack
