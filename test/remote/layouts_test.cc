// The older layouts: what their programs wrote is read, and what is written they can read.
//
// Golden objects are spelt out here from the formats as docs/formats.md has them.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "remote/bare.h"
#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

using object::Key;
using object::Metadata;
using std::chrono::seconds;

// `lz4 -BI` of kText.
constexpr std::string_view kText = "one output, one output, one output, one output\n";
constexpr std::string_view kTextHash =
    "22fdc98eb51774998b7e760dc352c9641de1128e7e7f4cf665c3477afd74b370";
constexpr std::array<std::uint8_t, 41> kPacked{
    0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x16, 0x00, 0x00, 0x00, 0xcf, 0x6f, 0x6e,
    0x65, 0x20, 0x6f, 0x75, 0x74, 0x70, 0x75, 0x74, 0x2c, 0x20, 0x0c, 0x00, 0x0b, 0x50,
    0x74, 0x70, 0x75, 0x74, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xa3, 0x92, 0xba};

std::string packed() { return {kPacked.begin(), kPacked.end()}; }

// Of the action whose bytes are all 0xab.
const std::string kAction = "abababababababababababababababababababababababababababababababab";
const std::string kDoubled =
    "763261626162616261626162616261626162616261626162616261626162616261"
    "626162616261626162616261626162616261626162616261626162616261626162";
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class LayoutsTest : public test::StoreTest {
 protected:
  struct Machine {
    Machine(const store::Options& local, object::Remote& objects, Options how)
        : store(local), shared(objects, store, std::move(how)) {}
    store::Store store;
    Remote shared;
  };

  std::unique_ptr<Machine> machine(LayoutKind kind, const std::string& name, Options how = {}) {
    store::Options local = options();
    local.dir = temp_ / name;
    how.layout = kind;
    how.temp_dir = local.dir;
    // Whoever asks for packs gets none.
    how.packs.scope = [] { return std::pair(base::Hash{1}, base::Hash{2}); };
    return std::make_unique<Machine>(local, objects_, std::move(how));
  }

  void write(const Key& key, std::string_view bytes, const Metadata& metadata = {}) {
    ASSERT_TRUE(
        objects_.store().put(key, {.bytes = base::bytes_of(bytes)}, {.metadata = metadata}, {}));
  }

  object::Object read(const Key& key) {
    auto found = object::get_one(objects_.store(), {.key = key, .metadata = true}, {});
    EXPECT_TRUE(found && *found) << key;
    return found && *found ? **found : object::Object{};
  }

  std::vector<Key> keys() {
    std::vector<Key> all;
    EXPECT_TRUE(objects_.store().list("", {}, [&](std::span<const object::Info> page) {
      for (const object::Info& info : page) all.push_back(info.key);
      return true;
    }));
    return all;
  }

  // What a fresh machine gets for the action; "miss", "corrupt" or "fault: …" where it gets none.
  std::string get(LayoutKind kind, std::int64_t max_body = 1 << 26) {
    std::filesystem::remove_all(temp_ / "reader");
    const auto reader = machine(kind, "reader", {.max_body = max_body});
    const auto hit = reader->shared.get(action(0xab), base::Call::within(seconds(10)));
    if (!hit) return "fault: " + hit.error().message;
    if (!*hit) return reader->shared.counts().corrupt > 0 ? "corrupt" : "miss";
    entry_ = (*hit)->entry;
    EXPECT_EQ(output_of(test::read((*hit)->path)), entry_.output);
    return test::read((*hit)->path);
  }

  void put(LayoutKind kind, std::string_view text, Options how = {}) {
    std::filesystem::remove_all(temp_ / "writer");
    const auto writer = machine(kind, "writer", std::move(how));
    const auto stored = StoreTest::put(writer->store, action(0xab), text);
    ASSERT_TRUE(stored);
    writer->shared.put(action(0xab), *stored);
    writer->shared.close();
    ASSERT_TRUE(writer->shared.flush(std::chrono::steady_clock::now() + seconds(10), seconds(5)));
    EXPECT_EQ(writer->shared.counts().upload_faults, 0);
    uploads_ = writer->shared.counts().uploads;
  }

  // What every layout must do, whatever its objects look like.
  void round_trips(LayoutKind kind) {
    ASSERT_TRUE(objects_.store().remove(keys(), {}));
    EXPECT_EQ(get(kind), "miss");
    std::string large(std::size_t{3} << 20U, 'x');
    for (std::size_t at = 0; at < large.size(); at += 7) large[at] = static_cast<char>(at * at);
    for (const std::string& text :
         {std::string(kText), std::string(), large, std::string("\x04\x22\x4d\x18")}) {
      put(kind, text);
      EXPECT_EQ(uploads_, 1);
      EXPECT_TRUE(get(kind) == text) << text.size();
      put(kind, text);
      EXPECT_EQ(uploads_, text.size() > 4096 ? 0 : 1)
          << "it is there, which is asked of large ones";
      EXPECT_TRUE(get(kind, std::ssize(text)) == text);
      if (text.size() > 100) {
        EXPECT_EQ(get(kind, std::ssize(text) - 1), "corrupt");
      }
    }
    for (const Key& key : keys()) EXPECT_TRUE(is_key_of(kind, key)) << key;
  }

  object::Remote objects_ = *object::open("memory://", {});
  store::Entry entry_;
  std::int64_t uploads_ = 0;
};

constexpr std::string_view kPrecious[] = {
    "",
    "precious.txt",
    "v1/e/x",
    "action/ab/x",
    "output/xx/y",
    "7632",
    "zz-o",
    "-i",
    "ab/abababababababababababababababababababababababababababababababab"};

TEST_F(LayoutsTest, GobuildcacheReadsWhatItWrote) {
  write(kDoubled, packed(),
        {{"outputid", std::string(kTextHash)}, {"size", "41"}, {"time", "1700000000"}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), kText);
  EXPECT_EQ(entry_.put_time, store::Time(seconds(1'700'000'000)));
  // Its COMPRESSION=false, and an empty output.
  write(kDoubled, kText, {{"outputid", std::string(kTextHash)}, {"size", "47"}, {"time", "1"}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), kText);
  write(kDoubled, "", {{"outputid", std::string(kEmptyHash)}, {"size", "0"}, {"time", "1"}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), "");
}

TEST_F(LayoutsTest, GobuildcacheWritesWhatItReads) {
  put(LayoutKind::kGobuildcache, kText);
  EXPECT_EQ(keys(), std::vector<Key>{kDoubled});
  const object::Object object = read(kDoubled);
  const auto now = std::chrono::floor<seconds>(now_).time_since_epoch().count();
  EXPECT_EQ(object.metadata, (Metadata{{"outputid", std::string(kTextHash)},
                                       {"size", std::to_string(object.bytes.size())},
                                       {"time", std::to_string(now)}}));
  EXPECT_TRUE(object.bytes.starts_with("\x04\x22\x4d\x18"));
  put(LayoutKind::kGobuildcache, "raw", {.compress = false});
  EXPECT_EQ(read(kDoubled).bytes, "raw");
  put(LayoutKind::kGobuildcache, "");
  EXPECT_EQ(read(kDoubled).bytes, "");
  round_trips(LayoutKind::kGobuildcache);
}

TEST_F(LayoutsTest, GobuildcacheBelievesNothing) {
  const Metadata good{{"outputid", std::string(kTextHash)}, {"size", "41"}, {"time", "1"}};
  for (std::size_t size = 0; size < packed().size(); ++size) {
    write(kDoubled, packed().substr(0, size), good);
    EXPECT_EQ(get(LayoutKind::kGobuildcache), "corrupt") << size;
  }
  write(kDoubled, packed() + "x", good);
  EXPECT_EQ(get(LayoutKind::kGobuildcache), "corrupt");
  write(kDoubled, packed(), {});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), "corrupt");
  write(kDoubled, packed(), {{"outputid", std::string(kEmptyHash)}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), "corrupt");
  write(kDoubled, packed(), {{"outputid", "../../etc/passwd"}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), "corrupt");
  write(kDoubled, packed(), {{"outputid", std::string(kTextHash)}, {"time", "x"}});
  EXPECT_EQ(get(LayoutKind::kGobuildcache), kText) << "a time is not worth a miss";
}

// 64 MiB of zeros in 260 kB, where 1 MiB is the most that is believed.
TEST_F(LayoutsTest, GobuildcacheUnpacksNoBomb) {
  const std::string zeros(std::size_t{64} << 20U, '\0');
  put(LayoutKind::kGobuildcache, zeros);
  EXPECT_LT(read(kDoubled).bytes.size(), 400'000U);
  EXPECT_EQ(get(LayoutKind::kGobuildcache, 1 << 20), "corrupt");
}

TEST_F(LayoutsTest, GocacheS3ReadsWhatItWrote) {
  write(kAction, kText,
        {{"outputid", std::string(kTextHash)}, {"time", "2025-12-16T10:00:00.0000005+01:00"}});
  EXPECT_EQ(get(LayoutKind::kGocacheS3), kText);
  EXPECT_EQ(entry_.put_time, store::Time(seconds(1'765'875'600)) + std::chrono::nanoseconds(500));
  // The first gobuildcache.
  write(kAction, kText, {{"outputid", std::string(kTextHash)}, {"size", "47"}, {"time", "17"}});
  EXPECT_EQ(get(LayoutKind::kGocacheS3), kText);
  EXPECT_EQ(entry_.put_time, store::Time(seconds(17)));
  write(kAction, "other", {{"outputid", std::string(kTextHash)}, {"time", "17"}});
  EXPECT_EQ(get(LayoutKind::kGocacheS3), "corrupt");
  write(kAction, kText, {{"time", "17"}});
  EXPECT_EQ(get(LayoutKind::kGocacheS3), "corrupt");
}

TEST_F(LayoutsTest, GocacheS3WritesWhatItReads) {
  put(LayoutKind::kGocacheS3, kText);
  const object::Object object = read(kAction);
  EXPECT_EQ(object.bytes, kText);
  EXPECT_EQ(object.metadata.at("outputid"), kTextHash);
  EXPECT_EQ(time_from_rfc3339(object.metadata.at("time")), now_);
  EXPECT_EQ(object.metadata.size(), 2U);
  round_trips(LayoutKind::kGocacheS3);
}

TEST_F(LayoutsTest, GoCachePluginReadsWhatItWrote) {
  const Key output = "output/22/" + std::string(kTextHash);
  write("action/ab/" + kAction, std::string(kTextHash) + " 1700000000000000007");
  EXPECT_EQ(get(LayoutKind::kGoCachePlugin), "miss") << "an action without its output";
  write(output, kText);
  EXPECT_EQ(get(LayoutKind::kGoCachePlugin), kText);
  EXPECT_EQ(entry_.put_time, store::Time(std::chrono::nanoseconds(1'700'000'000'000'000'007)));
  write(output, "other");
  EXPECT_EQ(get(LayoutKind::kGoCachePlugin), "corrupt");
  put(LayoutKind::kGoCachePlugin, kText);
  EXPECT_EQ(get(LayoutKind::kGoCachePlugin), kText) << "what is damaged heals";
  for (const std::string& line :
       {std::string(), std::string(kTextHash), std::string(kTextHash) + " ",
        std::string(kTextHash) + " x", std::string(kTextHash) + " -1", std::string("short 1"),
        std::string(kTextHash) + " 99999999999999999999", std::string(200, ' ')}) {
    write("action/ab/" + kAction, line);
    EXPECT_EQ(get(LayoutKind::kGoCachePlugin), "corrupt") << line;
  }
}

TEST_F(LayoutsTest, GoCachePluginWritesWhatItReads) {
  put(LayoutKind::kGoCachePlugin, kText);
  EXPECT_EQ(keys(),
            (std::vector<Key>{"action/ab/" + kAction, "output/22/" + std::string(kTextHash)}));
  EXPECT_EQ(read("action/ab/" + kAction).bytes,
            fmt::format("{} {}", kTextHash, now_.time_since_epoch().count()));
  EXPECT_EQ(read("output/22/" + std::string(kTextHash)).bytes, kText);
  round_trips(LayoutKind::kGoCachePlugin);
}

const std::string kIndex =
    R"({"OutputID":"Iv3JjrUXdJmLfnYNw1LJZB3hEo5+f0z2ZcNHev10s3A=","Size":47})";

TEST_F(LayoutsTest, GocacheprogReadsWhatItWrote) {
  write(kAction + "-i", kIndex);
  EXPECT_EQ(get(LayoutKind::kGocacheprog), "miss");
  write(kAction + "-o", kText);
  EXPECT_EQ(get(LayoutKind::kGocacheprog), kText);
  for (const char* bad :
       {"", "{", "[]", "{}", R"({"OutputID":"","Size":47})",
        R"({"OutputID":"Iv3JjrUXdJmLfnYNw1LJZB3hEo5+f0z2ZcNHev10s3A=","Size":46})",
        R"({"OutputID":"Iv3JjrUXdJmLfnYNw1LJZB3hEo5+f0z2ZcNHev10s3A=","Size":-47})",
        R"({"OutputID":"Iv3JjrUXdJmLfnYNw1LJZB3hEo5+f0z2ZcNHev10s3A=","Size":1e99})",
        R"({"OutputID":"AAAAjrUXdJmLfnYNw1LJZB3hEo5+f0z2ZcNHev10s3A=","Size":47})"}) {
    write(kAction + "-i", bad);
    EXPECT_EQ(get(LayoutKind::kGocacheprog), "corrupt") << bad;
  }
  write(kAction + "-i", kIndex);
  ASSERT_TRUE(objects_.store().remove(std::vector<Key>{kAction + "-i"}, {}));
  EXPECT_EQ(get(LayoutKind::kGocacheprog), "miss");
}

TEST_F(LayoutsTest, GocacheprogWritesWhatItReads) {
  put(LayoutKind::kGocacheprog, kText);
  EXPECT_EQ(keys(), (std::vector<Key>{kAction + "-i", kAction + "-o"}));
  EXPECT_EQ(read(kAction + "-i").bytes, kIndex);
  EXPECT_EQ(read(kAction + "-o").bytes, kText);
  round_trips(LayoutKind::kGocacheprog);
}

TEST_F(LayoutsTest, OwnOnlyTheirKeys) {
  for (const auto kind : {LayoutKind::kGopouch, LayoutKind::kGobuildcache, LayoutKind::kGocacheS3,
                          LayoutKind::kGoCachePlugin, LayoutKind::kGocacheprog}) {
    for (const std::string_view key : kPrecious) EXPECT_FALSE(is_key_of(kind, key)) << key;
  }
  EXPECT_TRUE(is_key_of(LayoutKind::kGopouch, "v1/e/" + kAction));
  EXPECT_FALSE(is_key_of(LayoutKind::kGocacheS3, "v1/e/" + kAction));
  EXPECT_FALSE(is_key_of(LayoutKind::kGobuildcache, kAction));
}

TEST_F(LayoutsTest, AreRefusedWhereAStoreCannotHoldThem) {
  const auto word = [](LayoutKind kind, const std::string& url) -> std::string {
    object::Options options;
    options.redis_plain = true;
    const auto objects = object::open(url, options);
    EXPECT_TRUE(objects) << url;
    const auto fits = check_layout(kind, *objects);
    return fits ? "" : fits.error().message;
  };
  const std::string folder = "file://" + (temp_ / "x").string();
  for (const auto kind : {LayoutKind::kGobuildcache, LayoutKind::kGocacheS3}) {
    EXPECT_EQ(word(kind, "s3://bucket/x"), "");
    EXPECT_EQ(word(kind, "gs://bucket/x"), "");
    EXPECT_NE(word(kind, "go-cacher+http://h").find("no other"), std::string::npos);
    EXPECT_NE(word(kind, folder).find("keeps no metadata"), std::string::npos);
    EXPECT_NE(word(kind, "redis://h/x").find("keeps no metadata"), std::string::npos);
  }
  EXPECT_EQ(word(LayoutKind::kGoCachePlugin, folder), "");
  EXPECT_EQ(word(LayoutKind::kGocacheprog, "redis://h/gocacheprog"), "");
  EXPECT_EQ(word(LayoutKind::kGocacheprog, "redis://h:1,g:2/gocacheprog/ci"), "");
  for (const char* const elsewhere : {"redis://h", "redis://h/ci", "redis://h/gocacheprogx"}) {
    EXPECT_NE(word(LayoutKind::kGocacheprog, elsewhere).find("/gocacheprog"), std::string::npos);
  }
  EXPECT_NE(word(LayoutKind::kGocacheprog, "s3://bucket/gocacheprog").find("Redis only"),
            std::string::npos);
}

TEST(LayoutTimes, AreReadAsGoWritesThem) {
  const auto at = [](std::int64_t ns) { return store::Time(std::chrono::nanoseconds(ns)); };
  EXPECT_EQ(time_from_rfc3339("2023-11-14T22:13:20Z"), at(1'700'000'000'000'000'000));
  EXPECT_EQ(time_from_rfc3339("2023-11-14T22:13:20.5Z"), at(1'700'000'000'500'000'000));
  EXPECT_EQ(time_from_rfc3339("2023-11-15T03:43:20+05:30"), at(1'700'000'000'000'000'000));
  EXPECT_EQ(rfc3339(at(1'700'000'000'500'000'000)), "2023-11-14T22:13:20.5Z");
  EXPECT_EQ(rfc3339(at(1'700'000'000'000'000'000)), "2023-11-14T22:13:20Z");
  EXPECT_EQ(rfc3339(at(1)), "1970-01-01T00:00:00.000000001Z");
  for (const char* bad :
       {"", "x", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.1234567890Z", "2023-13-14T22:13:20Z", "2023-02-30T22:13:20Z",
        "2023-11-14T25:13:20Z", "9999-11-14T22:13:20Z", "2023-11-14T22:13:20+1:00",
        "2023-11-14T22:13:20Zx", "-023-11-14T22:13:20Z", "2023-11-14T22:13:2-Z"}) {
    EXPECT_FALSE(time_from_rfc3339(bad)) << bad;
  }
  EXPECT_FALSE(time_from_seconds("9999999999999999"));
  EXPECT_FALSE(time_from_seconds("-1"));
}

}  // namespace
}  // namespace gopouch::remote
