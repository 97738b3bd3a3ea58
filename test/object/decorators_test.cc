// The small decorators, and the order of all.
#include "object/decorators.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/log.h"
#include "test/object/scripted_store.h"

namespace gopouch::object {
namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;
using namespace test;

class Decorators : public testing::Test {
 protected:
  std::unique_ptr<Store> backend() { return std::make_unique<ScriptedStore>(script_); }
  void fail(const std::optional<Error>& error) {
    script_.say = [error](auto, const auto&, const auto&) { return error; };
  }
  // What `work` says on stderr.
  static std::string said(const std::function<void()>& work) {
    testing::internal::CaptureStderr();
    work();
    return testing::internal::GetCapturedStderr();
  }

  Script script_;
  Gauges gauges_;
};

TEST_F(Decorators, AReadOnlyStoreIsNotWritten) {
  gauges_.read_only = true;
  const auto store = guard_writes(backend(), "s3://bucket", gauges_);
  const auto stored = put(*store, "k", "x");
  EXPECT_EQ(fault_of(stored), Fault::kDenied);
  EXPECT_EQ(stored.error().message, "s3://bucket: read-only");
  const Key key = "k";
  EXPECT_EQ(fault_of(store->remove(std::span(&key, 1), in_time())), Fault::kDenied);
  EXPECT_EQ(script_.count(), 0);
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_TRUE(store->head("k", in_time()));
  EXPECT_TRUE(store->list("", in_time(), [](auto) { return true; }));
}

TEST_F(Decorators, ARefusedWriteMakesItReadOnlyWithOneLine) {
  const auto store = guard_writes(backend(), "s3://bucket", gauges_);
  EXPECT_TRUE(put(*store, "k", "x"));
  fail(Error{Fault::kDenied, "s3://bucket: PUT: 403 AccessDenied"});
  EXPECT_EQ(said([&] {
              std::vector<std::jthread> threads;
              for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] {
                  for (int j = 0; j < 10; ++j) {
                    EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kDenied);
                  }
                });
              }
            }),
            "gopouch: read-only from here on: s3://bucket: PUT: 403 AccessDenied\n");
  EXPECT_TRUE(gauges_.read_only);
  EXPECT_LE(script_.count(), 5);
}

TEST_F(Decorators, ARefusedRemovalSaysNothingOfWrites) {
  const auto store = guard_writes(backend(), "s3://bucket", gauges_);
  fail(Error{Fault::kDenied, "403"});
  const Key key = "k";
  EXPECT_EQ(fault_of(store->remove(std::span(&key, 1), in_time())), Fault::kDenied);
  EXPECT_FALSE(gauges_.read_only);
}

TEST_F(Decorators, ManyWrongWritesMakeItReadOnly) {
  const auto store = guard_writes(backend(), "s3://bucket", gauges_);
  const auto write = [&](const std::optional<Error>& error, int times) {
    fail(error);
    for (int i = 0; i < times; ++i) static_cast<void>(put(*store, "k", "x"));
  };
  const Error wrong{Fault::kInvalid, "400 InvalidStorageClass"};
  EXPECT_EQ(said([&] {
              write(wrong, 4);
              write(std::nullopt, 1);
              write(wrong, 4);
            }),
            "");
  EXPECT_FALSE(gauges_.read_only);
  EXPECT_EQ(said([&] { write(wrong, 3); }),
            "gopouch: read-only from here on: 400 InvalidStorageClass\n");
  EXPECT_EQ(script_.count(), 10);
}

TEST_F(Decorators, OtherFaultsLeaveItWritable) {
  const auto store = guard_writes(backend(), "s3://bucket", gauges_);
  for (const Fault fault :
       {Fault::kUnavailable, Fault::kTimeout, Fault::kCorrupt, Fault::kStopped, Fault::kFull}) {
    fail(Error{fault, "no"});
    EXPECT_EQ(said([&] {
                for (int i = 0; i < 10; ++i) EXPECT_EQ(fault_of(put(*store, "k", "x")), fault);
              }),
              "");
  }
  EXPECT_FALSE(gauges_.read_only);
}

TEST_F(Decorators, TheMeterCounts) {
  const auto store = meter(backend(), gauges_);
  ASSERT_TRUE(put(*store, "k", "12345"));
  EXPECT_EQ(*put(*store, "k", "1234567", {.if_absent = true}), PutOutcome::kConflict);
  std::atomic<std::int64_t> own = 0;
  ASSERT_TRUE(store->put("l", {.bytes = bytes_of("123"), .sent = &own}, {}, in_time()));
  EXPECT_EQ(own, 3);
  EXPECT_EQ(gauges_.moved, 12) << "what left, though it was not stored";

  Collector sink;
  const std::vector<Get> gets{{.key = "k"}, {.key = "none"}, {.key = "k", .sink = &sink}};
  store->get(gets, in_time(), [](std::size_t, const auto&) {});
  EXPECT_EQ(sink.text, "12345");
  fail(unavailable());
  EXPECT_FALSE(get_one(*store, {.key = "k"}, in_time()));
  EXPECT_FALSE(store->head("k", in_time()));
  EXPECT_FALSE(put(*store, "k", "x"));
  fail(Error{Fault::kStopped, "stopped"});
  EXPECT_FALSE(get_one(*store, {.key = "k"}, in_time()));

  const Counts counts = gauges_.counts();
  EXPECT_EQ(counts.gets, 5);
  EXPECT_EQ(counts.hits, 2);
  EXPECT_EQ(counts.misses, 1);
  EXPECT_EQ(counts.puts, 4);
  EXPECT_EQ(counts.faults, 3);
  EXPECT_EQ(counts.bytes_down, 10);
  EXPECT_EQ(counts.bytes_up, 8);
}

TEST_F(Decorators, FaultsOnPurposeComeAtTheirRate) {
  const auto store = fail_at_random(backend(), 0.3, 42);
  std::vector<Get> gets(1000, Get{.key = "k"});
  int faults = 0, replies = 0;
  store->get(gets, in_time(), [&](std::size_t, const auto& reply) {
    ++replies;
    faults += fault_of(reply) == Fault::kUnavailable ? 1 : 0;
  });
  EXPECT_EQ(replies, 1000);
  EXPECT_NEAR(faults, 300, 60);

  // Half of the puts that fail have stored their object all the same.
  int failed = 0, lost = 0;
  for (int i = 0; i < 1000; ++i) {
    const Key key = std::to_string(i);
    if (put(*store, key, "x")) continue;
    ++failed;
    while (true) {
      const auto info = store->head(key, in_time());
      if (!info) continue;
      lost += *info ? 1 : 0;
      break;
    }
  }
  EXPECT_NEAR(failed, 300, 60);
  EXPECT_NEAR(lost, failed / 2.0, 50);
}

TEST_F(Decorators, FaultsOnPurposeFollowTheirSeed) {
  const auto faults = [&](std::uint64_t seed) {
    const auto store = fail_at_random(backend(), 0.5, seed);
    std::string all;
    for (int i = 0; i < 64; ++i) all += get_one(*store, {.key = "k"}, in_time()) ? '.' : 'x';
    return all;
  };
  EXPECT_EQ(faults(1), faults(1));
  EXPECT_NE(faults(1), faults(2));
}

TEST_F(Decorators, AllFitTogether) {
  Options options;
  options.first_pause = milliseconds(1);
  const auto store = stack(backend(), "s3://bucket", {}, options, gauges_);
  fail(unavailable());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  EXPECT_TRUE(gauges_.open);
  EXPECT_EQ(script_.count(), 15) << "each call with its retries is one fault";
  EXPECT_EQ(gauges_.retries, 10);
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  EXPECT_EQ(fault_of(*store, "no key"), Fault::kInvalid);
  EXPECT_EQ(script_.count(), 15);
  EXPECT_EQ(gauges_.gets, 6);
  EXPECT_EQ(gauges_.faults, 6);
}

TEST_F(Decorators, AnOpenBreakerEndsTheRetriesOfOthers) {
  Options options;
  options.first_pause = milliseconds(1);
  const auto store = stack(backend(), "s3://bucket", {}, options, gauges_);
  std::atomic<int> waiting = 0;
  script_.say = [&](auto, const Key& key, const auto&) {
    ++waiting;
    return key == "dead" ? std::optional(Error{Fault::kTimeout, "no answer"})
                         : std::optional(unavailable(std::chrono::seconds(1)));
  };
  const auto start = base::Call::Clock::now();
  std::jthread other([&] { EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable); });
  while (waiting < 1) std::this_thread::yield();
  EXPECT_EQ(fault_of(*store, "dead"), Fault::kTimeout);
  other.join();
  EXPECT_LT(base::Call::Clock::now() - start, milliseconds(900));
}

}  // namespace
}  // namespace gopouch::object
