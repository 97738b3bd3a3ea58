#include <thread>

#include <gtest/gtest.h>

#include "object/decorators.h"
#include "test/object/scripted_store.h"

namespace gopouch::object {
namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

using Clock = base::Call::Clock;

class BreakerTest : public testing::Test {
 protected:
  std::unique_ptr<Store> store() {
    return break_circuit(std::make_unique<ScriptedStore>(script_),
                         {.name = "s3://bucket",
                          .faults = 5,
                          .first_pause = seconds(1),
                          .pause = seconds(15),
                          .now = [this] { return Clock::time_point(seconds(time_.load())); }},
                         gauges_);
  }

  // From now on all calls fail so; nullopt: they go through.
  void fail(const std::optional<Error>& error) {
    script_.say = [error](auto, const auto&, const auto&) { return error; };
  }

  // Until the probe that was sent is done.
  bool wait_open(bool open) {
    for (int i = 0; i < 1000 && gauges_.open != open; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return gauges_.open == open;
  }
  bool wait_count(std::size_t count) {
    for (int i = 0; i < 1000 && script_.count() != count; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return script_.count() == count;
  }

  Script script_;
  Gauges gauges_;
  std::atomic<int> time_ = 1000;  // s
};

TEST_F(BreakerTest, OpensOnFaultsInARow) {
  const auto store = this->store();
  fail(unavailable());
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(gauges_.open);
    EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  }
  EXPECT_TRUE(gauges_.open);
  const std::string off = "fault 4: s3://bucket: switched off: 503";
  EXPECT_EQ(text_of(*store, "k"), off);
  EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kUnavailable);
  EXPECT_EQ(fault_of(store->head("k", in_time())), Fault::kUnavailable);
  EXPECT_EQ(fault_of(store->list("", in_time(), [](auto) { return true; })), Fault::kUnavailable);
  const Key key = "k";
  EXPECT_EQ(fault_of(store->remove(std::span(&key, 1), in_time())), Fault::kUnavailable);
  int told = 0;
  const std::vector<Get> gets(20, Get{.key = "k"});
  store->get(gets, in_time(), [&](std::size_t, const auto& reply) {
    EXPECT_EQ(text_of(reply), off);
    ++told;
  });
  EXPECT_EQ(told, 20);
  EXPECT_EQ(script_.count(), 5) << "no call went through";
}

TEST_F(BreakerTest, ASuccessBeginsANewRow) {
  const auto store = this->store();
  for (int round = 0; round < 3; ++round) {
    fail(unavailable());
    for (int i = 0; i < 4; ++i) text_of(*store, "k");
    fail(std::nullopt);
    EXPECT_EQ(text_of(*store, "k"), "absent");
  }
  EXPECT_FALSE(gauges_.open);
}

TEST_F(BreakerTest, OpensOnOneTimeout) {
  const auto store = this->store();
  fail(Error{Fault::kTimeout, "no answer"});
  EXPECT_EQ(text_of(*store, "k"), "fault 5: no answer");
  EXPECT_TRUE(gauges_.open);
  EXPECT_EQ(text_of(*store, "k"), "fault 4: s3://bucket: switched off: no answer");
}

TEST_F(BreakerTest, OpensWhenReadsHaveWaitedTooLong) {
  const auto store = this->store();
  script_.say = [this](std::string_view op, const auto&, const auto&) {
    time_ += 1;
    return op == "list" ? std::nullopt : std::optional(unavailable());
  };
  EXPECT_FALSE(put(*store, "k", "x"));  // nobody waits for that
  EXPECT_FALSE(put(*store, "k", "x"));
  EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  EXPECT_FALSE(gauges_.open);
  EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  EXPECT_TRUE(gauges_.open);
}

TEST_F(BreakerTest, AThinLineForABodyIsOneFaultAmongOthers) {
  const auto store = this->store();
  fail(Error{Fault::kTimeout, "no time left"});
  const base::Call over{.deadline = Clock::time_point(seconds(time_.load()))};
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(store->put("k", {}, {}, over));
  EXPECT_FALSE(gauges_.open);
  EXPECT_FALSE(store->put("k", {}, {}, over));
  EXPECT_TRUE(gauges_.open);
}

TEST_F(BreakerTest, CountsNoCorruptOrUnwantedAnswer) {
  const auto store = this->store();
  for (const Fault fault : {Fault::kCorrupt, Fault::kStopped, Fault::kFull}) {
    fail(Error{fault, "no"});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(fault_of(*store, "k"), fault);
  }
  fail(Error{Fault::kTimeout, "too late"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(store->head("k", {.stop = stop.get_token()}));
  EXPECT_FALSE(gauges_.open);
}

TEST_F(BreakerTest, EndsTheReadsUnderWay) {
  const auto store = this->store();
  std::atomic<int> waiting = 0;
  script_.say = [&](std::string_view, const Key& key, const base::Call& call) {
    if (key == "dead") return std::optional(Error{Fault::kTimeout, "no answer"});
    ++waiting;
    const bool over = !base::pause(call, seconds(30));
    return over ? std::optional(Error{Fault::kStopped, "stopped"}) : std::nullopt;
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(text_of(*store, "slow"), "fault 4: s3://bucket: switched off: no answer");
    });
  }
  threads.emplace_back(
      [&] { EXPECT_EQ(fault_of(store->head("slow", in_time())), Fault::kUnavailable); });
  while (waiting < 4) std::this_thread::yield();
  const auto start = Clock::now();
  EXPECT_EQ(text_of(*store, "dead"), "fault 5: no answer");
  threads.clear();
  EXPECT_LT(Clock::now() - start, seconds(10));
}

TEST_F(BreakerTest, ItsCallerCanStillEndARead) {
  const auto store = this->store();
  script_.say = [](auto, const auto&, const base::Call& call) {
    base::pause(call, seconds(30));
    return std::optional(Error{Fault::kStopped, "stopped"});
  };
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const auto start = Clock::now();
  EXPECT_EQ(text_of(get_one(*store, {.key = "k"}, {.stop = stop.get_token()})), "fault 6: stopped");
  EXPECT_LT(Clock::now() - start, seconds(10));
}

TEST_F(BreakerTest, ProbesAfterItsPauseAndCloses) {
  const auto store = this->store();
  fail(Error{Fault::kTimeout, "no answer"});
  text_of(*store, "k");
  fail(std::nullopt);
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  EXPECT_EQ(script_.count(), 1);
  time_ += 1;
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable) << "nobody waits for the probe";
  ASSERT_TRUE(wait_open(false));
  EXPECT_EQ(script_.calls().back(), "head");
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_TRUE(put(*store, "k", "x"));
  EXPECT_EQ(text_of(*store, "k"), "x");
}

TEST_F(BreakerTest, StaysOpenWhereTheProbeFails) {
  const auto store = this->store();
  fail(unavailable());
  for (int i = 0; i < 5; ++i) text_of(*store, "k");
  std::size_t probes = 0;
  for (const int pause : {1, 2, 4, 8, 15, 15}) {
    time_ += pause - 1;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
    EXPECT_EQ(script_.count(), 5 + probes) << "one probe at a time, and one a pause";
    time_ += 1;
    EXPECT_FALSE(put(*store, "k", "x"));
    ASSERT_TRUE(wait_count(5 + ++probes));
    std::this_thread::sleep_for(milliseconds(20));  // for its answer to be noted
    EXPECT_TRUE(gauges_.open);
  }
}

TEST_F(BreakerTest, WaitsLongerForWhoFailsAgainSoon) {
  const auto store = this->store();
  for (const int pause : {1, 15, 15}) {
    fail(Error{Fault::kTimeout, "no answer"});
    text_of(*store, "k");
    ASSERT_TRUE(gauges_.open);
    fail(std::nullopt);
    const auto calls = script_.count();
    time_ += pause - 1;
    text_of(*store, "k");
    EXPECT_EQ(script_.count(), calls);
    time_ += 1;
    text_of(*store, "k");
    ASSERT_TRUE(wait_open(false));
    time_ += 14;
  }
  time_ += 1;
  fail(Error{Fault::kTimeout, "no answer"});
  text_of(*store, "k");
  fail(std::nullopt);
  time_ += 1;
  text_of(*store, "k");
  EXPECT_TRUE(wait_open(false)) << "it worked for long enough";
}

TEST_F(BreakerTest, SendsOneProbeAndEndsItWithTheStore) {
  auto store = this->store();
  std::atomic<int> probes = 0;
  fail(Error{Fault::kTimeout, "no answer"});
  text_of(*store, "k");
  script_.say = [&](auto, const auto&, const base::Call& call) {
    ++probes;
    base::pause(call, seconds(30));
    return std::optional(Error{Fault::kStopped, "stopped"});
  };
  time_ += 15;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  while (probes == 0) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  EXPECT_EQ(probes, 1);
  const auto start = Clock::now();
  store.reset();
  EXPECT_LT(Clock::now() - start, seconds(4));
}

TEST_F(BreakerTest, AnyAnswerToTheProbeIsOne) {
  for (const Fault fault : {Fault::kDenied, Fault::kInvalid, Fault::kCorrupt}) {
    const auto store = this->store();
    gauges_.open = false;
    fail(Error{Fault::kTimeout, "no answer"});
    text_of(*store, "k");
    ASSERT_TRUE(gauges_.open);
    fail(Error{fault, "no"});
    time_ += 15;
    text_of(*store, "k");
    EXPECT_TRUE(wait_open(false));
  }
}

TEST_F(BreakerTest, ReadsThatAreRefusedAreRefusedForGood) {
  for (const Fault fault : {Fault::kDenied, Fault::kInvalid}) {
    const auto store = this->store();
    gauges_.refused = false;
    const auto before = script_.count();
    fail(Error{fault, "403"});
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(gauges_.refused);
      EXPECT_EQ(fault_of(*store, "k"), fault);
    }
    EXPECT_TRUE(gauges_.refused);
    EXPECT_TRUE(gauges_.counts().open);
    time_ += 100;
    const auto refused = get_one(*store, {.key = "k"}, in_time());
    EXPECT_EQ(fault_of(refused), fault);
    EXPECT_EQ(refused.error().message, "not asked again: 403");
    EXPECT_EQ(fault_of(store->head("k", in_time())), fault);
    EXPECT_EQ(script_.count(), before + 5);
    fail(std::nullopt);
    EXPECT_TRUE(put(*store, "k", "x")) << "a write may be allowed all the same";
    EXPECT_EQ(fault_of(*store, "k"), fault);
  }
}

TEST_F(BreakerTest, WhoMayReadSomeIsNotRefused) {
  const auto store = this->store();
  ASSERT_TRUE(put(*store, "there", "x"));
  script_.say = [](auto, const Key& key, const auto&) {
    return key == "there" ? std::nullopt : std::optional(Error{Fault::kDenied, "403"});
  };
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(fault_of(*store, "none"), Fault::kDenied);
    if (i % 4 == 3) {
      EXPECT_EQ(text_of(*store, "there"), "x");
    }
  }
  EXPECT_FALSE(gauges_.refused);
}

TEST_F(BreakerTest, RefusedWritesAreNoFault) {
  const auto store = this->store();
  fail(Error{Fault::kDenied, "403"});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kDenied);
  EXPECT_FALSE(gauges_.counts().open);
}

TEST_F(BreakerTest, WhatBeganBeforeItOpenedCountsNoMore) {
  const auto store = this->store();
  std::atomic<bool> waiting = false, go_on = false;
  script_.say = [&](std::string_view op, const auto&, const auto&) {
    if (op != "put") return std::optional(Error{Fault::kTimeout, "no answer"});
    waiting = true;
    while (!go_on) std::this_thread::yield();
    return std::optional(Error{Fault::kTimeout, "an old one"});
  };
  std::jthread writer([&] { EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kTimeout); });
  while (!waiting) std::this_thread::yield();
  text_of(*store, "k");
  EXPECT_TRUE(gauges_.open);
  time_ += 15;
  go_on = true;
  writer.join();
  fail(std::nullopt);
  text_of(*store, "k");
  ASSERT_TRUE(wait_open(false));
  EXPECT_EQ(text_of(*store, "k"), "absent");
}

TEST_F(BreakerTest, HoldsWithManyThreads) {
  const auto store = this->store();
  std::atomic<int> number = 0;
  script_.say = [&](auto, const auto&, const auto&) {
    return ++number % 3 == 0 ? std::nullopt : std::optional(unavailable());
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        text_of(*store, "k");
        if (!put(*store, "k", "x")) time_ += 1;
      }
    });
  }
}

}  // namespace
}  // namespace gopouch::object
