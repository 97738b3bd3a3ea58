// The S3 store against a real MinIO.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/files.h"
#include "base/hash.h"
#include "object/s3.h"
#include "object/s3_parts.h"
#include "test/support/minio.h"

namespace gopouch::object {
namespace {

using base::bytes_of;
using base::Fault;
using std::chrono::seconds;

std::string sha256_of(std::string_view text) {
  const base::Hash hash = base::sha256(bytes_of(text));
  return {hash.begin(), hash.end()};
}

class S3Minio : public testing::Test {
 protected:
  void SetUp() override {
    minio_ = test::Minio::get();
    if (minio_ == nullptr) GTEST_SKIP() << test::Minio::missing();
    settings_.place.bucket = minio_->make_bucket();
    ASSERT_NE(settings_.place.bucket, "");
    access_.aws.env = [this](std::string_view name) { return env(name); };
  }

  std::optional<std::string> env(std::string_view name) const {
    const auto said = env_.find(std::string(name));
    return said != env_.end() ? said->second : minio_->variable(name);
  }

  std::unique_ptr<S3Store> store() { return make_s3_store(settings_, access_, {}); }
  static base::Call call() { return base::Call::within(seconds(20)); }

  static base::Result<PutOutcome> put(Store& store, const Key& key, std::string_view text,
                                      const PutOptions& options = {}) {
    return store.put(key, {.bytes = bytes_of(text)}, options, call());
  }

  static base::Result<std::optional<Object>> get(Store& store, const Get& what) {
    base::Result<std::optional<Object>> result = base::Error{};
    store.get(std::span(&what, 1), call(),
              [&](std::size_t, auto reply) { result = std::move(reply); });
    return result;
  }

  static std::string text_of(Store& store, const Key& key) {
    auto object = get(store, {.key = key});
    if (!object) return object.error().message;
    return *object ? (*object)->bytes : "absent";
  }

  static std::vector<std::string> list(Store& store, const std::string& prefix) {
    std::vector<std::string> keys;
    const auto listed = store.list(prefix, call(), [&](std::span<const Info> page) {
      for (const Info& info : page) keys.push_back(info.key);
      return true;
    });
    if (!listed) keys.push_back(listed.error().message);
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  test::Minio* minio_ = nullptr;
  std::map<std::string, std::string> env_;  // goes before MinIO's own
  S3Settings settings_;
  S3AccessOptions access_;
};

TEST_F(S3Minio, PutsAndGets) {
  settings_.place.prefix = "ci/main/";
  const auto store = this->store();
  EXPECT_EQ(text_of(*store, "v1/e/00"), "absent");
  ASSERT_EQ(*put(*store, "v1/e/00", "hello", {.sha256 = sha256_of("hello")}), PutOutcome::kStored);
  EXPECT_EQ(text_of(*store, "v1/e/00"), "hello");
  ASSERT_EQ(*put(*store, "v1/e/00", ""), PutOutcome::kStored);
  EXPECT_EQ(text_of(*store, "v1/e/00"), "");

  const auto info = store->head("v1/e/00", call());
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->size, 0);
  EXPECT_LT(std::chrono::abs((*info)->modified - std::chrono::system_clock::now()), seconds(60));
  EXPECT_FALSE(*store->head("v1/e/01", call()));
  EXPECT_EQ(*store->who(call()), "environment");
  EXPECT_LT(std::chrono::abs(store->clock_offset().value()), seconds(10));
  EXPECT_TRUE(std::filesystem::exists(minio_->data() / settings_.place.bucket / "ci/main/v1/e/00"));
}

TEST_F(S3Minio, PutsFromAFile) {
  const test::TempDir dir;
  test::write(dir / "file", "0123456789");
  const base::Fd file(::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
  const auto store = this->store();
  std::atomic<std::int64_t> sent = 0;
  ASSERT_TRUE(
      store->put("k", {.fd = file.get(), .offset = 3, .size = 5, .sent = &sent}, {}, call()));
  EXPECT_EQ(text_of(*store, "k"), "34567");
  EXPECT_EQ(sent, 5);
}

TEST_F(S3Minio, RefusesABodyThatIsNotWhatItsHashSays) {
  const auto store = this->store();
  EXPECT_FALSE(put(*store, "k", "hello", {.sha256 = sha256_of("other")}));
  EXPECT_EQ(text_of(*store, "k"), "absent");
}

TEST_F(S3Minio, GetsManyAtOnce) {
  const auto store = this->store();
  std::vector<Get> gets;
  for (int i = 0; i < 200; ++i) {
    gets.push_back({.key = fmt::format("k{}", i)});
    if (i % 2 != 0) continue;
    ASSERT_TRUE(put(*store, gets.back().key, gets.back().key));
  }
  std::vector<int> replies(gets.size());
  store->get(gets, call(), [&](std::size_t index, base::Result<std::optional<Object>> reply) {
    ++replies[index];
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->has_value(), index % 2 == 0);
    if (index % 2 != 0) return;
    EXPECT_EQ((*reply)->bytes, gets[index].key);
  });
  EXPECT_EQ(replies, std::vector<int>(gets.size(), 1));
}

TEST_F(S3Minio, GetsRanges) {
  const auto store = this->store();
  ASSERT_TRUE(put(*store, "k", "0123456789"));
  EXPECT_EQ((*get(*store, {.key = "k", .range = Range{0, 3}}))->bytes, "012");
  EXPECT_EQ((*get(*store, {.key = "k", .range = Range{4, 3}}))->bytes, "456");
  EXPECT_EQ((*get(*store, {.key = "k", .range = Range{8, 100}}))->bytes, "89");
  EXPECT_FALSE(*get(*store, {.key = "none", .range = Range{4, 3}}));
  const auto past = get(*store, {.key = "k", .range = Range{10, 1}});
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().fault, Fault::kCorrupt);
}

TEST_F(S3Minio, HoldsNoMoreThanTheLimit) {
  const auto store = this->store();
  ASSERT_TRUE(put(*store, "k", "0123456789"));
  EXPECT_TRUE(get(*store, {.key = "k", .limit = 10}));
  const auto reply = get(*store, {.key = "k", .limit = 9});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().fault, Fault::kCorrupt);
  // The limit is for bodies: errors are still understood.
  const auto store2 = [&] {
    settings_.place.bucket = "no-such-bucket";
    return this->store();
  }();
  EXPECT_EQ(get(*store2, {.key = "k", .limit = 1}).error().fault, Fault::kInvalid);
}

struct Collector final : Sink {
  void begin() override {
    ++begun;
    text.clear();
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    text.append(bytes.begin(), bytes.end());
    return text.size() <= enough;
  }
  int begun = 0;
  std::size_t enough = SIZE_MAX;
  std::string text;
};

TEST_F(S3Minio, StreamsIntoASink) {
  const auto store = this->store();
  const std::string large(3'000'000, 'x');
  ASSERT_TRUE(put(*store, "large", large));
  ASSERT_TRUE(put(*store, "empty", ""));
  Collector sink;
  EXPECT_TRUE(*get(*store, {.key = "large", .sink = &sink}));
  EXPECT_EQ(sink.text, large);
  EXPECT_EQ(sink.begun, 1);
  EXPECT_FALSE(*get(*store, {.key = "none", .sink = &sink}));
  EXPECT_EQ(sink.begun, 1);
  EXPECT_TRUE(*get(*store, {.key = "empty", .sink = &sink}));
  EXPECT_EQ(sink.begun, 2);
  sink.enough = 1000;
  EXPECT_EQ(get(*store, {.key = "large", .sink = &sink}).error().fault, Fault::kStopped);
}

TEST_F(S3Minio, KeepsPreconditions) {
  const auto store = this->store();
  EXPECT_EQ(*put(*store, "k", "one", {.if_absent = true}), PutOutcome::kStored);
  EXPECT_EQ(*put(*store, "k", "two", {.if_absent = true}), PutOutcome::kConflict);
  const std::string version = (*get(*store, {.key = "k"}))->version;
  EXPECT_NE(version, "");
  EXPECT_EQ(*put(*store, "k", "three", {.if_version = version}), PutOutcome::kStored);
  EXPECT_EQ(*put(*store, "k", "four", {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(*put(*store, "gone", "five", {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(text_of(*store, "k"), "three");
}

TEST_F(S3Minio, ListsAndRemovesInBatches) {
  settings_.place.prefix = "ci/";
  const auto store = this->store();
  std::vector<Key> keys;
  for (int i = 0; i < 1100; ++i) keys.push_back(fmt::format("v1/e/{:04}", i));
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (std::size_t first = 0; first < 8; ++first) {
      threads.emplace_back([&, first] {
        for (std::size_t i = first; i < keys.size(); i += 8) {
          EXPECT_TRUE(put(*store, keys[i], "x"));
        }
      });
    }
  }
  ASSERT_TRUE(put(*store, "v1/other", "x"));
  settings_.place.prefix = "";
  const auto whole = this->store();
  ASSERT_TRUE(put(*whole, "precious", "x"));

  int pages = 0;
  ASSERT_TRUE(store->list("v1/e/", call(), [&](std::span<const Info> page) {
    ++pages;
    for (const Info& info : page) EXPECT_EQ(info.size, 1);
    return true;
  }));
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(list(*store, "v1/e/"), keys);
  EXPECT_EQ(list(*store, "v1/e/000").size(), 10);
  EXPECT_EQ(list(*store, "nothing").size(), 0);
  pages = 0;
  ASSERT_TRUE(store->list("", call(), [&](std::span<const Info>) {
    ++pages;
    return false;
  }));
  EXPECT_EQ(pages, 1);

  ASSERT_TRUE(store->remove(keys, call()));
  ASSERT_TRUE(store->remove(keys, call()));  // what is gone counts as removed
  EXPECT_EQ(list(*store, ""), std::vector<std::string>{"v1/other"});
  EXPECT_EQ(list(*whole, ""), (std::vector<std::string>{"ci/v1/other", "precious"}));
}

TEST_F(S3Minio, KeepsOddKeys) {
  settings_.place.prefix = "a b/ü&<+>/";
  const auto store = this->store();
  std::vector<Key> keys{"a b", "a+b", "a%2Bb", "a&b<c>\"d\"'e'", "ü~_-.*()!$,;=@", "x/y/z"};
  for (const Key& key : keys) {
    ASSERT_TRUE(put(*store, key, key)) << key;
    EXPECT_EQ(text_of(*store, key), key);
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(list(*store, ""), keys);
  ASSERT_TRUE(store->remove(keys, call()));
  EXPECT_EQ(list(*store, "").size(), 0);
}

TEST_F(S3Minio, SendsLargeBodiesInParts) {
  const auto store = this->store();
  std::string body(static_cast<std::size_t>(2 * kPartSize + 12345), '\0');
  for (std::size_t i = 0; i < body.size(); i += 4096) body[i] = static_cast<char>(i >> 12U);
  ASSERT_EQ(*put(*store, "large", body, {.if_absent = true}), PutOutcome::kStored);
  Collector sink;
  const auto object = get(*store, {.key = "large", .sink = &sink});
  ASSERT_TRUE(object && *object);
  EXPECT_TRUE(sink.text == body);
  EXPECT_TRUE((*object)->version.ends_with("-3\"")) << (*object)->version;  // three parts
  EXPECT_EQ(*put(*store, "large", body, {.if_absent = true}), PutOutcome::kConflict);
}

TEST_F(S3Minio, LeavesNoPartsBehind) {
  const auto store = this->store();
  const test::TempDir dir;
  const std::string path = dir / "file";
  const base::Fd file(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const std::int64_t size = 5 * kPartSize;
  ASSERT_EQ(::ftruncate(file.get(), size - 1), 0);  // one byte short: the last part fails
  const auto stored = store->put("large", {.fd = file.get(), .size = size}, {}, call());
  ASSERT_FALSE(stored);
  EXPECT_EQ(text_of(*store, "large"), "absent");
  const auto parts = minio_->data() / ".minio.sys" / "multipart";
  int left = 0;
  if (std::filesystem::exists(parts)) {
    for (const auto& item : std::filesystem::recursive_directory_iterator(parts)) {
      if (item.is_regular_file()) ++left;
    }
  }
  EXPECT_EQ(left, 0);
}

TEST_F(S3Minio, SendsStorageClassAndTags) {
  settings_.place.storage_class = "REDUCED_REDUNDANCY";
  settings_.place.tags = *encode_tags(std::vector<std::string>{"team=go + co", "kind=cache"});
  const auto stored = put(*store(), "k", "x");
  ASSERT_TRUE(stored) << stored.error().message;
  const std::string name = settings_.place.bucket;
  const std::string tags = minio_->reply("GET", "/" + name + "/k?tagging=").body;
  EXPECT_NE(tags.find("<Key>team</Key><Value>go + co</Value>"), std::string::npos) << tags;
  EXPECT_EQ(
      net::find_header(minio_->reply("HEAD", "/" + name + "/k").headers, "x-amz-storage-class"),
      "REDUCED_REDUNDANCY");
  settings_.place.storage_class = "NO_SUCH_CLASS";
  const auto refused = put(*this->store(), "k", "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kInvalid);
  EXPECT_NE(refused.error().message.find("InvalidStorageClass"), std::string::npos);
}

TEST_F(S3Minio, NamesAMissingBucket) {
  settings_.place.bucket = "no-such-bucket";
  const auto store = this->store();
  const auto got = get(*store, {.key = "k"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kInvalid);
  EXPECT_TRUE(got.error().message.starts_with("s3://no-such-bucket: GET: 404 NoSuchBucket: "))
      << got.error().message;
  EXPECT_EQ(put(*store, "k", "x").error().fault, Fault::kInvalid);
  EXPECT_EQ(list(*store, "").at(0).find("s3://no-such-bucket: list: 404 NoSuchBucket: "), 0);
}

TEST_F(S3Minio, SaysWhyItIsDenied) {
  env_["AWS_SECRET_ACCESS_KEY"] = "not-the-secret";
  const auto wrong = get(*store(), {.key = "k"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fault, Fault::kDenied);
  EXPECT_NE(wrong.error().message.find(": GET: 403 SignatureDoesNotMatch: "), std::string::npos);
  EXPECT_EQ(wrong.error().message.find("not-the-secret"), std::string::npos);
  EXPECT_EQ(store()->head("k", call()).error().fault, Fault::kDenied);

  env_["AWS_ACCESS_KEY_ID"] = "nobody";
  // It may hang up before the body is read, and its answer be lost: what attempts are for.
  base::Error denied;
  for (int i = 0; i < 3 && denied.fault == Fault::kUnavailable; ++i) {
    denied = put(*store(), "k", "x").error();
  }
  EXPECT_EQ(denied.fault, Fault::kDenied) << denied.message;
}

TEST_F(S3Minio, AsksWithoutSignatureWhereThereAreNoCredentials) {
  env_["AWS_ACCESS_KEY_ID"] = env_["AWS_SECRET_ACCESS_KEY"] = "";
  env_["AWS_EC2_METADATA_DISABLED"] = "true";
  const auto denied = get(*store(), {.key = "k"});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().fault, Fault::kDenied);
  EXPECT_TRUE(denied.error().message.ends_with(
      "(no credentials were found, so the request was not signed)"));
}

TEST_F(S3Minio, TakesGivenKeysFirst) {
  env_["AWS_SECRET_ACCESS_KEY"] = "not-the-secret";
  access_.keys = {test::Minio::kUser, base::Secret(test::Minio::kPassword), {}};
  const auto store = this->store();
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_EQ(*store->who(call()), "settings");
}

TEST_F(S3Minio, LearnsTheServersClock) {
  for (const auto skew : {std::chrono::hours(-5), std::chrono::hours(5)}) {
    access_.aws.now = [skew] {
      return std::chrono::floor<auth::Time::duration>(std::chrono::system_clock::now() + skew);
    };
    EXPECT_EQ(text_of(*store(), "k"), "absent");
    EXPECT_TRUE(store()->head("k", call()));  // whose error has no words
    EXPECT_TRUE(put(*store(), "put", "x"));
  }
}

TEST_F(S3Minio, LearnsTheRegion) {
  for (const char* region : {"us-west-2", ""}) {
    env_["AWS_REGION"] = region;
    const auto store = this->store();
    EXPECT_EQ(text_of(*store, "k"), "absent") << region;
    ASSERT_TRUE(put(*store, "put", "x"));
  }
}

TEST_F(S3Minio, ManyThreadsLearnAtOnce) {
  env_["AWS_REGION"] = "us-west-2";
  access_.aws.now = [] {
    return std::chrono::floor<auth::Time::duration>(std::chrono::system_clock::now()) +
           std::chrono::hours(2);
  };
  const auto store = this->store();
  std::atomic<int> absent = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round) absent += text_of(*store, "k") == "absent";
      });
    }
  }
  EXPECT_EQ(absent, 40);
}

TEST_F(S3Minio, EndsWithItsCall) {
  const auto store = this->store();
  std::stop_source stop;
  stop.request_stop();
  base::Call over = call();
  over.stop = stop.get_token();
  EXPECT_EQ(store->head("k", over).error().fault, Fault::kStopped);
  EXPECT_EQ(store->head("k", base::Call::within(seconds(0))).error().fault, Fault::kTimeout);
}

}  // namespace
}  // namespace gopouch::object
