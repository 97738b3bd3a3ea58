// What every store must do, on each of them, as open() hands them out.
//
// To add a store: its row in kPlaces. No key here is one of gopouch's own: a server of ours looks
// at what is put there.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "test/object/scripted_store.h"
#include "test/support/fake_gcs.h"
#include "test/support/minio.h"
#include "test/support/nginx.h"
#include "test/support/own_server.h"
#include "test/support/redis.h"
#include "test/support/temp_dir.h"

namespace gopouch::object {
namespace {

using base::Fault;
using std::chrono::seconds;
using test::bytes_of;
using test::Collector;
using test::fault_of;
using test::in_time;
using test::put;
using test::text_of;

// An empty store that a test has for itself.
struct Place {
  std::string url;
  Options options;
  std::string missing;                      // why there is none
  int many = 1100;                          // objects that it takes in a moment
  std::shared_ptr<test::TempDir> dir = {};  // held by this test
  bool lists_dots = true;                   // names that begin with one, too
};

Place in_memory() { return {.url = "memory://", .options = {}, .missing = {}}; }

Place in_folder() {
  const auto dir = std::make_shared<test::TempDir>();
  return {.url = "file://" + (*dir / "shared").string(), .options = {}, .missing = {}, .dir = dir};
}

Place in_minio() {
  auto* const minio = test::Minio::get();
  if (minio == nullptr) {
    return {.url = {}, .options = {}, .missing = test::Minio::missing()};
  }
  Place place{.url = fmt::format("s3://{}/some/prefix?endpoint={}&region={}", minio->make_bucket(),
                                 net::percent_encode(minio->endpoint()), test::Minio::kRegion),
              .options = {},
              .missing = {},
              .many = 40};
  place.options.env = [minio](std::string_view name) { return minio->variable(name); };
  return place;
}

// A prefix of its own on servers that the tests of this process share.
std::string own_prefix() {
  static int last = 0;
  return fmt::format("test-{}", ++last);
}

Place in_redis() {
  if (!test::redis_missing().empty())
    return {.url = {}, .options = {}, .missing = test::redis_missing()};
  static const test::Redis redis({"--requirepass", "hunter2"});
  return {.url = fmt::format("redis://:hunter2@{}/{}?db=3", redis.address(), own_prefix()),
          .options = {},
          .missing = {}};
}

Place in_redis_tls() {
  if (!test::redis_missing().empty())
    return {.url = {}, .options = {}, .missing = test::redis_missing()};
  static const test::Certificate certificate;
  static const test::Redis redis({}, &certificate);
  return {.url = fmt::format("rediss://localhost:{}/{}?ca-file={}", redis.tls_port(), own_prefix(),
                             net::percent_encode(certificate.file())),
          .options = {},
          .missing = {}};
}

Place in_redis_cluster() {
  if (!test::redis_missing().empty())
    return {.url = {}, .options = {}, .missing = test::redis_missing()};
  static test::RedisCluster cluster;
  return {.url = fmt::format("redis://{},{}/{}", cluster.node(1).address(),
                             cluster.node(0).address(), own_prefix()),
          .options = {},
          .missing = {}};
}

Place in_fake_gcs() {
  auto* const server = test::FakeGcs::get();
  if (server == nullptr) {
    return {.url = {}, .options = {}, .missing = test::FakeGcs::missing()};
  }
  Place place{.url = fmt::format("gs://{}/some/prefix", server->make_bucket()),
              .options = {},
              .missing = {}};
  place.options.env = [server](std::string_view name) { return server->variable(name); };
  return place;
}

// A folder of its own on an nginx that the tests of this process share.
Place in_nginx(const test::Nginx& nginx) {
  static int last = 0;
  return {.url = fmt::format("{}/some/folder-{}", nginx.url(), ++last),
          .options = {},
          .missing = {},
          .many = 40,
          .lists_dots = false};
}

Place in_http() {
  if (!test::Nginx::missing().empty()) {
    return {.url = {}, .options = {}, .missing = test::Nginx::missing()};
  }
  static const test::Nginx nginx(test::Nginx::basic());
  Place place = in_nginx(nginx);
  place.url.insert(7, fmt::format("{}:{}@", test::Nginx::kUser, test::Nginx::kPassword));
  return place;
}

Place in_https() {
  if (!test::Nginx::missing().empty()) {
    return {.url = {}, .options = {}, .missing = test::Nginx::missing()};
  }
  static const test::Authority authority;
  static const test::Nginx nginx("", &authority);
  Place place = in_nginx(nginx);
  place.options.net.ca_file = authority.file("ca.pem");
  place.options.net.certificate_file = authority.file("client.pem");
  place.options.net.key_file = authority.file("client.key");
  return place;
}

// A server of ours: the program that is built beside this test.
Place in_server() {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "gopouch";
  if (!std::filesystem::exists(beside)) {
    return {.url = {}, .options = {}, .missing = beside.string() + " is not built"};
  }
  static const test::Authority authority;
  static const test::OwnServer server(
      beside.string(), {"--http-cache", "--http-certificate=" + authority.file("server.pem"),
                        "--http-key=" + authority.file("server.key"),
                        "--http-client-ca=" + authority.file("ca.pem")});
  static int last = 0;
  Place place{.url = fmt::format("https://{}/cache/some/folder-{}", server.address(), ++last),
              .options = {},
              .missing = {},
              .many = 40};
  place.options.net.ca_file = authority.file("ca.pem");
  place.options.net.certificate_file = authority.file("client.pem");
  place.options.net.key_file = authority.file("client.key");
  return place;
}

struct Row {
  const char* name;
  Place (*make)();
};
constexpr std::array kPlaces{
    Row{"memory", in_memory},
    Row{"file", in_folder},
    Row{"s3", in_minio},
    Row{"redis", in_redis},
    Row{"redis_tls", in_redis_tls},
    Row{"redis_cluster", in_redis_cluster},
    Row{"gs", in_fake_gcs},
    Row{"http", in_http},
    Row{"https", in_https},
    Row{"gopouch", in_server},
};

class Contract : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    place_ = GetParam().make();
    if (!place_.missing.empty()) GTEST_SKIP() << place_.missing;
    auto opened = open(place_.url, place_.options);
    ASSERT_TRUE(opened) << opened.error().message;
    remote_.emplace(*std::move(opened));
  }

  Store& store() { return remote_->store(); }

  std::vector<std::string> list(const std::string& prefix) {
    std::vector<std::string> keys;
    const auto listed = store().list(prefix, in_time(), [&](std::span<const Info> page) {
      for (const Info& info : page) keys.push_back(info.key);
      return true;
    });
    if (!listed) return {listed.error().message};
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  std::string get(const Get& what) { return text_of(get_one(store(), what, in_time())); }

  Place place_;
  std::optional<Remote> remote_;
};

TEST_P(Contract, KeepsMetadataOrRefusesIt) {
  const Metadata metadata{{"outputid", "00ff"}, {"time", "2025-12-16T10:00:00+01:00"}};
  for (const std::string text : {"text", ""}) {
    const auto stored =
        store().put("k", {.bytes = bytes_of(text)}, {.metadata = metadata}, in_time());
    if (!remote_->features().metadata) {
      EXPECT_EQ(fault_of(stored), Fault::kInvalid);
      EXPECT_EQ(get({.key = "k"}), "absent");
      continue;
    }
    ASSERT_TRUE(stored) << stored.error().message;
    Collector sink;
    const auto whole = get_one(store(), {.key = "k", .sink = &sink, .metadata = true}, in_time());
    ASSERT_TRUE(whole && *whole);
    EXPECT_EQ((*whole)->metadata, metadata);
    if (text.empty()) continue;
    const auto part =
        get_one(store(), {.key = "k", .range = Range{0, 1}, .metadata = true}, in_time());
    ASSERT_TRUE(part && *part);
    EXPECT_EQ((*part)->metadata, metadata);
  }
  for (const Metadata& wrong : {Metadata{{"", "x"}}, Metadata{{"A", "x"}}, Metadata{{"a:b", "x"}},
                                Metadata{{"a", "x\r\ny: z"}}}) {
    EXPECT_EQ(fault_of(store().put("k", {.bytes = {}}, {.metadata = wrong}, in_time())),
              Fault::kInvalid);
  }
  ASSERT_TRUE(put(store(), "k", "again"));
  const auto again = get_one(store(), {.key = "k", .metadata = true}, in_time());
  ASSERT_TRUE(again && *again);
  EXPECT_TRUE((*again)->metadata.empty());
}

TEST_P(Contract, GivesBackWhatWasPut) {
  EXPECT_EQ(text_of(store(), "x1/e/00"), "absent");
  EXPECT_EQ(*put(store(), "x1/e/00", "hello"), PutOutcome::kStored);
  EXPECT_EQ(text_of(store(), "x1/e/00"), "hello");
  EXPECT_EQ(text_of(store(), "x1/e/01"), "absent");
  EXPECT_EQ(text_of(store(), "x1/e"), "absent") << "a folder is no object";
  EXPECT_EQ(text_of(store(), "x1/e/00/below"), "absent");
  EXPECT_EQ(text_of(store(), "x2/e/00"), "absent");
}

TEST_P(Contract, ReplacesAnObject) {
  for (const std::string_view text : {"one", "a longer one", "", "3"}) {
    EXPECT_EQ(*put(store(), "k", text), PutOutcome::kStored);
    EXPECT_EQ(text_of(store(), "k"), text);
  }
  EXPECT_EQ(list(""), std::vector<std::string>{"k"});
}

TEST_P(Contract, KeepsAllBytes) {
  std::string bytes(70'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 / 3);
  const base::Hash hash = base::sha256(bytes_of(bytes));
  ASSERT_TRUE(put(store(), "k", bytes, {.sha256 = std::string(hash.begin(), hash.end())}));
  EXPECT_TRUE(text_of(store(), "k") == bytes);
}

TEST_P(Contract, KnowsAnObjectsSizeAndTime) {
  EXPECT_FALSE(*store().head("k", in_time()));
  const auto start = std::chrono::floor<seconds>(std::chrono::system_clock::now());
  ASSERT_TRUE(put(store(), "k", "12345"));
  const auto info = store().head("k", in_time());
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->key, "k");
  EXPECT_EQ((*info)->size, 5);
  EXPECT_GE((*info)->modified, start - seconds(2));
  EXPECT_LE((*info)->modified, start + seconds(20));
}

TEST_P(Contract, KeepsAnEmptyObject) {
  ASSERT_TRUE(put(store(), "empty", ""));
  EXPECT_EQ(text_of(store(), "empty"), "");
  EXPECT_EQ((*store().head("empty", in_time()))->size, 0);
  Collector sink;
  sink.text = "from before";
  const auto got = get_one(store(), {.key = "empty", .sink = &sink}, in_time());
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(sink.begun, 1);
  EXPECT_EQ(sink.text, "");
}

TEST_P(Contract, StreamsALargeObjectFromAFileIntoASink) {
  const test::TempDir dir;
  std::string bytes(std::size_t{8} << 20U, '\0');
  for (std::size_t i = 0; i < bytes.size(); i += 1021) bytes[i] = static_cast<char>(i >> 7U);
  test::write(dir / "file", "before" + bytes + "behind");
  const base::Fd file(::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
  std::atomic<std::int64_t> sent = 0;
  const net::Body body{.fd = file.get(), .offset = 6, .size = std::ssize(bytes), .sent = &sent};
  ASSERT_EQ(*store().put("large", body, {}, in_time()), PutOutcome::kStored);
  EXPECT_EQ(sent, std::ssize(bytes));
  Collector sink;
  const auto got = get_one(store(), {.key = "large", .sink = &sink}, in_time());
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->bytes, "");
  EXPECT_EQ(sink.begun, 1);
  EXPECT_TRUE(sink.text == bytes);
  EXPECT_FALSE(*get_one(store(), {.key = "none", .sink = &sink}, in_time()));
  EXPECT_EQ(sink.begun, 1) << "nothing to begin with";
}

TEST_P(Contract, FailsWhereTheFileIsTooShort) {
  const test::TempDir dir;
  test::write(dir / "file", "12345");
  const base::Fd file(::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(store().put("k", {.fd = file.get(), .offset = 0, .size = 6}, {}, in_time()));
  EXPECT_EQ(list(""), std::vector<std::string>()) << "stored whole or not at all";
}

TEST_P(Contract, EndsWhereTheSinkHasEnough) {
  ASSERT_TRUE(put(store(), "k", std::string(1'000'000, 'x')));
  Collector sink;
  sink.enough = 10;
  EXPECT_EQ(fault_of(get_one(store(), {.key = "k", .sink = &sink}, in_time())), Fault::kStopped);
  EXPECT_FALSE(remote_->counts().open);
}

TEST_P(Contract, GivesRanges) {
  if (!remote_->features().ranges) GTEST_SKIP();
  ASSERT_TRUE(put(store(), "k", "0123456789"));
  EXPECT_EQ(get({.key = "k", .range = Range{0, 3}}), "012");
  EXPECT_EQ(get({.key = "k", .range = Range{4, 3}}), "456");
  EXPECT_EQ(get({.key = "k", .range = Range{0, 10}}), "0123456789");
  EXPECT_EQ(get({.key = "k", .range = Range{8, 100}}), "89") << "what there is";
  EXPECT_EQ(get({.key = "none", .range = Range{4, 3}}), "absent");
  Collector sink;
  ASSERT_TRUE(get_one(store(), {.key = "k", .range = Range{3, 4}, .sink = &sink}, in_time()));
  EXPECT_EQ(sink.text, "3456");
  const auto fault = [&](const Range& range) {
    return fault_of(get_one(store(), {.key = "k", .range = range}, in_time()));
  };
  EXPECT_EQ(fault({10, 1}), Fault::kCorrupt);
  EXPECT_EQ(fault({1000, 1}), Fault::kCorrupt);
  EXPECT_EQ(fault({0, 0}), Fault::kInvalid);
  EXPECT_EQ(fault({-1, 2}), Fault::kInvalid);
  EXPECT_EQ(fault({INT64_MAX, 2}), Fault::kInvalid);
}

TEST_P(Contract, HoldsNoMoreThanTheLimit) {
  ASSERT_TRUE(put(store(), "k", "0123456789"));
  EXPECT_EQ(get({.key = "k", .limit = 10}), "0123456789");
  EXPECT_EQ(fault_of(get_one(store(), {.key = "k", .limit = 9}, in_time())), Fault::kCorrupt);
  EXPECT_EQ(get({.key = "k", .range = Range{2, 3}, .limit = 3}), "234");
  Collector sink;
  EXPECT_TRUE(get_one(store(), {.key = "k", .sink = &sink, .limit = 1}, in_time()));
}

TEST_P(Contract, GetsManyAtOnce) {
  std::vector<Get> gets;
  for (int i = 0; i < 200; ++i) {
    gets.push_back({.key = fmt::format("many/{}", i)});
    if (i % 3 != 0) continue;
    ASSERT_TRUE(put(store(), gets.back().key, gets.back().key));
  }
  std::map<std::size_t, std::string> replies;
  const auto thread = std::this_thread::get_id();
  store().get(gets, in_time(), [&](std::size_t index, const auto& reply) {
    EXPECT_EQ(std::this_thread::get_id(), thread);
    EXPECT_TRUE(replies.emplace(index, text_of(reply)).second) << "each once";
  });
  ASSERT_EQ(replies.size(), gets.size());
  for (const auto& [index, text] : replies) {
    EXPECT_EQ(text, index % 3 == 0 ? gets[index].key : "absent");
  }
  store().get({}, in_time(), [](std::size_t, const auto&) { FAIL(); });
}

TEST_P(Contract, KeepsPreconditions) {
  if (!remote_->features().preconditions) GTEST_SKIP();
  EXPECT_EQ(*put(store(), "k", "one", {.if_absent = true}), PutOutcome::kStored);
  EXPECT_EQ(*put(store(), "k", "two", {.if_absent = true}), PutOutcome::kConflict);
  const std::string version = (*get_one(store(), {.key = "k"}, in_time()))->version;
  ASSERT_NE(version, "");
  EXPECT_EQ(*put(store(), "k", "three", {.if_version = version}), PutOutcome::kStored);
  EXPECT_EQ(*put(store(), "k", "four", {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(*put(store(), "gone", "five", {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(text_of(store(), "k"), "three");
  EXPECT_EQ(list(""), std::vector<std::string>{"k"});
}

TEST_P(Contract, OneOfManyWritersFindsNothingThere) {
  if (!remote_->features().preconditions) GTEST_SKIP();
  std::atomic<int> stored = 0, conflicts = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, text = std::to_string(i)] {
        const auto outcome = put(store(), "deep/er/k", text, {.if_absent = true});
        ASSERT_TRUE(outcome) << outcome.error().message;
        ++(*outcome == PutOutcome::kStored ? stored : conflicts);
      });
    }
  }
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(conflicts, 7);
  EXPECT_EQ(list(""), std::vector<std::string>{"deep/er/k"});
}

TEST_P(Contract, ManyWritersLeaveOneWhole) {
  const std::string a(300'000, 'a'), b(200'000, 'b');
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 5; ++round) {
          EXPECT_TRUE(put(store(), "k", i % 2 == 0 ? a : b));
          const std::string text = text_of(store(), "k");
          EXPECT_TRUE(text == a || text == b) << text.size();
        }
      });
    }
  }
  EXPECT_EQ(list(""), std::vector<std::string>{"k"});
}

TEST_P(Contract, ListsByPrefix) {
  EXPECT_EQ(list(""), std::vector<std::string>());
  std::vector<Key> keys{"a", "b/a", "b/b/c", "b/bc", "bb/a", "x1/e/00ff", "x1/e/01ff", "x1/m/00"};
  for (const Key& key : keys) ASSERT_TRUE(put(store(), key, key));
  EXPECT_EQ(list(""), keys);
  EXPECT_EQ(list("b/"), (std::vector<Key>{"b/a", "b/b/c", "b/bc"}));
  EXPECT_EQ(list("b"), (std::vector<Key>{"b/a", "b/b/c", "b/bc", "bb/a"}));
  EXPECT_EQ(list("b/b"), (std::vector<Key>{"b/b/c", "b/bc"}));
  EXPECT_EQ(list("x1/e/01"), std::vector<Key>{"x1/e/01ff"});
  EXPECT_EQ(list("x1/e/01ff"), std::vector<Key>{"x1/e/01ff"});
  EXPECT_EQ(list("x1/e/01ff0"), std::vector<Key>());
  EXPECT_EQ(list("c/d/"), std::vector<Key>());
}

TEST_P(Contract, ListsInPagesAndEndsWhenTold) {
  std::vector<Key> keys;
  for (int i = 0; i < place_.many; ++i) keys.push_back(fmt::format("x1/e/{:04}", i));
  for (const Key& key : keys) ASSERT_TRUE(put(store(), key, "xy"));
  std::vector<Key> told;
  ASSERT_TRUE(store().list("x1/", in_time(), [&](std::span<const Info> page) {
    EXPECT_LE(page.size(), 1000);
    for (const Info& info : page) {
      told.push_back(info.key);
      EXPECT_EQ(info.size, 2);
      EXPECT_GT(info.modified.time_since_epoch(), seconds(0));
    }
    return true;
  }));
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, keys);
  int pages = 0;
  ASSERT_TRUE(store().list("x1/", in_time(), [&](std::span<const Info>) {
    ++pages;
    return false;
  }));
  EXPECT_EQ(pages, 1);
}

TEST_P(Contract, RemovesWhatIsListedWhileItIsListed) {
  for (int i = 0; i < place_.many; ++i) {
    ASSERT_TRUE(put(store(), fmt::format("x1/e/{:04}", i), "x"));
  }
  ASSERT_TRUE(put(store(), "x1/m/0", "x"));
  ASSERT_TRUE(store().list("x1/e/", in_time(), [&](std::span<const Info> page) {
    std::vector<Key> keys;
    for (const Info& info : page) keys.push_back(info.key);
    const auto removed = store().remove(keys, in_time());
    EXPECT_TRUE(removed) << removed.error().message;
    return true;
  }));
  EXPECT_EQ(list(""), std::vector<Key>{"x1/m/0"});
}

TEST_P(Contract, RemovesWhatIsThere) {
  for (const Key key : {"a", "b/c", "b/d"}) ASSERT_TRUE(put(store(), key, "x"));
  const std::vector<Key> keys{"a", "none", "no/ne", "b/c", "a/below"};
  ASSERT_TRUE(store().remove(keys, in_time()));
  ASSERT_TRUE(store().remove(keys, in_time()));
  ASSERT_TRUE(store().remove({}, in_time()));
  EXPECT_EQ(list(""), std::vector<Key>{"b/d"});
  EXPECT_EQ(text_of(store(), "a"), "absent");
  ASSERT_TRUE(put(store(), "a", "again"));
  EXPECT_EQ(text_of(store(), "a"), "again");
}

TEST_P(Contract, TakesAllKeysThatAreKeys) {
  std::vector<Key> keys{"-",
                        ".a",
                        "0",
                        "A",
                        "_",
                        "a.",
                        "b-c_d.e/F0/.g/h",
                        "tilde-free/con",
                        "x/y/z/0/1/2/3/4/5/6/7/8/9",
                        std::string(200, 'k') + "/" + std::string(200, 'l')};
  for (const Key& key : keys) {
    ASSERT_EQ(*put(store(), key, key), PutOutcome::kStored) << key;
    EXPECT_EQ(text_of(store(), key), key);
    EXPECT_TRUE(*store().head(key, in_time()));
  }
  std::sort(keys.begin(), keys.end());
  std::vector<Key> listed = keys;
  std::erase_if(listed, [&](const Key& key) {
    return !place_.lists_dots && (key[0] == '.' || key.find("/.") != std::string::npos);
  });
  EXPECT_EQ(list(""), listed);
  ASSERT_TRUE(store().remove(keys, in_time()));
  EXPECT_EQ(list(""), std::vector<Key>());
}

TEST_P(Contract, TakesNoOtherKeys) {
  const std::vector<Key> wrong{"",
                               "/",
                               "/a",
                               "a/",
                               "a//b",
                               "..",
                               "../a",
                               "a/..",
                               "a..b",
                               "a/../b",
                               ".",
                               "./a",
                               "a/./b",
                               "a b",
                               "a\\b",
                               "a%2fb",
                               "ü",
                               "a?b",
                               "a*b",
                               "a\nb",
                               "a:b",
                               "~a",
                               std::string("a\0b", 3),
                               std::string(513, 'a')};
  for (const Key& key : wrong) {
    EXPECT_EQ(fault_of(put(store(), key, "x")), Fault::kInvalid) << key;
    EXPECT_EQ(fault_of(store(), key), Fault::kInvalid) << key;
    EXPECT_EQ(fault_of(store().head(key, in_time())), Fault::kInvalid) << key;
    const std::vector<Key> keys{"good", key};
    EXPECT_EQ(fault_of(store().remove(keys, in_time())), Fault::kInvalid) << key;
  }
  const auto ignore = [](std::span<const Info>) { return true; };
  for (const char* prefix : {"/", "/a", "a//", "..", "a/../", "a b"}) {
    EXPECT_EQ(fault_of(store().list(prefix, in_time(), ignore)), Fault::kInvalid) << prefix;
  }

  // One bad key in a batch leaves the others alone.
  ASSERT_TRUE(put(store(), "good", "x"));
  const std::vector<Get> gets{{.key = "good"}, {.key = "b a d"}, {.key = "none"}};
  std::vector<std::string> replies(3);
  store().get(gets, in_time(),
              [&](std::size_t index, const auto& reply) { replies[index] = text_of(reply); });
  EXPECT_EQ(replies[0], "x");
  EXPECT_EQ(replies[1].find("fault 0: "), 0);
  EXPECT_EQ(replies[2], "absent");
}

TEST_P(Contract, EndsWithItsCall) {
  ASSERT_TRUE(put(store(), "k", "x"));
  std::stop_source stop;
  stop.request_stop();
  base::Call over = in_time();
  over.stop = stop.get_token();
  const auto ignore = [](std::span<const Info>) { return true; };
  const Key key = "k";
  const auto faults = [&](const base::Call& call) {
    return std::vector<Fault>{
        fault_of(get_one(store(), {.key = key}, call)), fault_of(store().put(key, {}, {}, call)),
        fault_of(store().head(key, call)), fault_of(store().list("", call, ignore)),
        fault_of(store().remove(std::span(&key, 1), call))};
  };
  EXPECT_EQ(faults(over), std::vector<Fault>(5, Fault::kStopped));
  EXPECT_FALSE(remote_->counts().open);
  EXPECT_EQ(remote_->counts().faults, 0);
  EXPECT_EQ(fault_of(store().head(key, base::Call::within(seconds(0)))), Fault::kTimeout);
}

TEST_P(Contract, CountsWhatItDoes) {
  ASSERT_TRUE(put(store(), "k", "12345"));
  EXPECT_EQ(text_of(store(), "k"), "12345");
  Collector sink;
  ASSERT_TRUE(get_one(store(), {.key = "k", .sink = &sink}, in_time()));
  EXPECT_EQ(text_of(store(), "none"), "absent");
  const Counts counts = remote_->counts();
  EXPECT_EQ(counts.gets, 3);
  EXPECT_EQ(counts.hits, 2);
  EXPECT_EQ(counts.misses, 1);
  EXPECT_EQ(counts.puts, 1);
  EXPECT_EQ(counts.faults, 0);
  EXPECT_EQ(counts.bytes_down, 10);
  EXPECT_EQ(counts.bytes_up, 5);
  EXPECT_EQ(counts.retries, 0);
  EXPECT_EQ(remote_->moved(), 5);
}

TEST_P(Contract, WritesNothingWhereItOnlyReads) {
  ASSERT_TRUE(put(store(), "k", "x"));
  Options options = place_.options;
  options.read_only = true;
  const std::string mode = place_.url.find('?') == std::string::npos ? "?mode=ro" : "&mode=ro";
  const auto by_option = open(place_.url, options);
  const auto by_url = open(place_.url + mode, place_.options);
  for (const auto* opened : {&by_option, &by_url}) {
    ASSERT_TRUE(*opened) << opened->error().message;
    auto& remote = const_cast<Remote&>(**opened);
    EXPECT_TRUE(remote.counts().read_only);
    EXPECT_EQ(fault_of(put(remote.store(), "k", "y")), Fault::kDenied);
    const Key key = "k";
    EXPECT_EQ(fault_of(remote.store().remove(std::span(&key, 1), in_time())), Fault::kDenied);
  }
  EXPECT_EQ(text_of(store(), "k"), "x");
}

TEST_P(Contract, SurvivesFaultsOnPurpose) {
  Options options = place_.options;
  options.error_rate = 0.3;
  options.attempts = 20;
  options.first_pause = std::chrono::milliseconds(0);
  auto remote = open(place_.url, options);
  ASSERT_TRUE(remote);
  Store& faulty = remote->store();
  for (int i = 0; i < 50; ++i) {
    const Key key = fmt::format("k{}", i % 10);
    const std::string text = fmt::format("text {}", i);
    ASSERT_TRUE(put(faulty, key, text));
    Collector sink;
    ASSERT_TRUE(*get_one(faulty, {.key = key, .sink = &sink}, in_time()));
    EXPECT_EQ(sink.text, text);
  }
  int told = 0;
  ASSERT_TRUE(faulty.list("", in_time(), [&](std::span<const Info> page) {
    told += static_cast<int>(page.size());
    return true;
  }));
  EXPECT_EQ(told, 10);
  EXPECT_GT(remote->counts().retries, 0);
  EXPECT_EQ(remote->counts().faults, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, Contract, testing::ValuesIn(kPlaces),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace gopouch::object
