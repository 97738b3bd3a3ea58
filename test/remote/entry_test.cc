#include "remote/entry.h"

#include <random>

#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

class EntryTest : public test::StoreTest {
 protected:
  // The entry of `text` under action(1), as it is sent.
  std::string entry_of(const std::string& text, bool compress = true) {
    test::write(temp_ / "body", text);
    Header header{.cost_ms = 1234, .action = action(1)};
    header.entry = {output_of(text), std::ssize(text), put_time_};
    const auto encoded = encoder_.encode(header, (temp_ / "body").c_str(), compress, temp_.path());
    EXPECT_TRUE(encoded.ok()) << encoded.error().message;
    const net::Body body = encoded->whole();
    std::string bytes(reinterpret_cast<const char*>(body.bytes.data()), body.bytes.size());
    if (body.fd >= 0) {
      bytes.resize(static_cast<std::size_t>(body.size));
      EXPECT_EQ(::pread(body.fd, bytes.data(), bytes.size(), body.offset), std::ssize(bytes));
    }
    EXPECT_EQ(encoded->size(), std::ssize(bytes));
    EXPECT_EQ(encoded->sha256(), base::sha256(base::bytes_of(bytes)));
    return bytes;
  }

  // What comes of `entry` when it arrives in pieces of `step` bytes.
  static base::Result<store::Hit> take(store::Store& store, std::string_view entry,
                                       std::size_t step = 1 << 16) {
    EntrySink sink(store, action(1), std::int64_t{1} << 30U);
    sink.begin();
    for (std::size_t at = 0; at < entry.size(); at += step) {
      if (!sink.write(base::bytes_of(entry.substr(at, step)))) break;
    }
    return sink.finish();
  }

  // "": it was taken and the file holds `text`; else why not.
  std::string outcome(std::string_view entry, const std::string& text, std::size_t step = 1 << 16) {
    std::filesystem::remove_all(dir());
    store::Store store(options());
    const auto hit = take(store, entry, step);
    if (!hit) {
      EXPECT_EQ(hit.error().fault, base::Fault::kCorrupt);
      EXPECT_FALSE(get(store, action(1))) << "nothing of it stays";
      EXPECT_FALSE(std::filesystem::exists(path_of(text)));
      return hit.error().message;
    }
    EXPECT_EQ(test::read(hit->path), text);
    EXPECT_EQ(get(store, action(1))->entry.put_time, put_time_);
    return "";
  }

  static std::string noise(std::size_t size) {
    std::mt19937_64 random(size);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }

  Encoder encoder_;
  const store::Time put_time_{std::chrono::seconds(1'700'000'000)};
};

TEST_F(EntryTest, ArrivesAsItWasSentInAnyPieces) {
  for (const std::size_t size : {0, 1, 127, 128, 5000, 262144, 262145, 3000000}) {
    for (const std::string& text : {std::string(size, 'a'), noise(size)}) {
      for (const bool compress : {true, false}) {
        const std::string entry = entry_of(text, compress);
        EXPECT_LE(entry.size(), text.size() + kHeaderSize);
        for (const std::size_t step : {std::size_t{1} << 20U, std::size_t{4096}, std::size_t{77}}) {
          EXPECT_EQ(outcome(entry, text, step), "") << size << " in pieces of " << step;
        }
      }
    }
  }
}

TEST_F(EntryTest, IsStoredRawWhereItDoesNotShrink) {
  EXPECT_EQ(entry_of(noise(5000)).at(8), static_cast<char>(Codec::kRaw));
  EXPECT_EQ(entry_of(std::string(5000, 'a')).at(8), static_cast<char>(Codec::kZstd));
  EXPECT_LT(entry_of(std::string(5000, 'a')).size(), 200U);
}

TEST_F(EntryTest, IsNoneWhereItIsCutShortOrGoesOn) {
  const std::string text = "some words that repeat, that repeat, that repeat" + noise(200);
  for (const bool compress : {true, false}) {
    const std::string entry = entry_of(text, compress);
    for (std::size_t size = 0; size < entry.size(); ++size) {
      EXPECT_NE(outcome(entry.substr(0, size), text), "") << size;
    }
    EXPECT_NE(outcome(entry + "x", text), "");
  }
}

// Two spellings of a zstd frame may mean the same: then the bytes are right, and outcome() has seen
// that they are.
TEST_F(EntryTest, IsNoneWhereAFlippedBitChangesAnything) {
  const std::string text = std::string(3000, 'b') + noise(60);
  for (const bool compress : {true, false}) {
    std::string entry = entry_of(text, compress);
    int passed = 0;
    for (std::size_t at = 0; at < entry.size(); at += 3) {
      entry[at] = static_cast<char>(entry[at] ^ 1);
      if (outcome(entry, text).empty()) ++passed;
      entry[at] = static_cast<char>(entry[at] ^ 1);
    }
    EXPECT_LE(passed, compress ? 1 : 0);
  }
}

TEST_F(EntryTest, IsNoneOfAnotherActionOrOfOtherBytes) {
  Header header{.action = action(2)};
  header.entry = {output_of("abc"), 3, put_time_};
  header.stored_size = 3;
  const auto bytes_with = [&] {
    const HeaderBytes front = encode(header);
    return std::string(front.begin(), front.end()) + "abc";
  };
  EXPECT_EQ(outcome(bytes_with(), "abc"), "an entry of another action");
  header.action = action(1);
  EXPECT_EQ(outcome(bytes_with(), "abc"), "");
  header.entry.output = output_of("abd");
  EXPECT_EQ(outcome(bytes_with(), "abd"), "body does not hash to its OutputID");
  header.entry.size = 2;
  EXPECT_EQ(outcome(bytes_with(), "abd"), "a body longer than announced");
  header.entry.size = std::int64_t{1} << 40U;
  EXPECT_EQ(outcome(bytes_with(), "abd"), "a body beyond all bounds");
  header.entry.size = -1;
  EXPECT_EQ(outcome(bytes_with(), "abd"), "impossible numbers");
}

// 1 GiB of zeros in 33 kB, announced as 10 bytes.
TEST_F(EntryTest, IsNoneWhereItUnpacksToMoreThanItSays) {
  const std::string bomb = entry_of(std::string(std::size_t{64} << 20U, '\0'));
  Header header = *decode(std::span<const std::uint8_t, kHeaderSize>(
      reinterpret_cast<const std::uint8_t*>(bomb.data()), kHeaderSize));
  header.entry.size = 10;
  const HeaderBytes front = encode(header);
  const std::string lie = std::string(front.begin(), front.end()) + bomb.substr(kHeaderSize);
  EXPECT_EQ(outcome(lie, std::string(10, '\0')), "a body longer than announced");
}

TEST_F(EntryTest, PassesOverASignatureThatItCannotRead) {
  Header header{.signature_size = 72, .action = action(1)};
  header.entry = {output_of("abc"), 3, put_time_};
  header.stored_size = 3;
  const HeaderBytes front = encode(header);
  const std::string entry = std::string(front.begin(), front.end()) + std::string(72, 's') + "abc";
  for (const std::size_t step : {1, 50, 1000}) EXPECT_EQ(outcome(entry, "abc", step), "");
}

// The format as it was first written: what stands in a bucket stays readable.
TEST_F(EntryTest, StaysAsItIs) {
  Header header{.codec = Codec::kZstd, .signature_size = 2, .cost_ms = 3, .action = action(4)};
  header.entry = {store::OutputId{action(5).hash}, 6, store::Time(std::chrono::nanoseconds(7))};
  header.stored_size = 8;
  const HeaderBytes bytes = encode(header);
  std::string hex;
  for (const std::uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  EXPECT_EQ(
      hex,
      "676f706f7563680101000200030000000700000000000000060000000000000008000000000000000404040404"
      "0404040404040404040404040404040404040404040404040404040505050505050505050505050505050505"
      "050505050505050505050505050505" +
          hex.substr(208));
  const auto back = decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->codec, Codec::kZstd);
  EXPECT_EQ(back->signature_size, 2);
  EXPECT_EQ(back->cost_ms, 3U);
  EXPECT_EQ(back->action, action(4));
  EXPECT_EQ(back->entry.size, 6);
  EXPECT_EQ(back->stored_size, 8);
  EXPECT_EQ(back->entry.put_time, header.entry.put_time);
}

}  // namespace
}  // namespace gopouch::remote
