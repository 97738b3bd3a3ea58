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

class RetryTest : public testing::Test {
 protected:
  std::unique_ptr<Store> store() {
    return retry(std::make_unique<ScriptedStore>(script_), options_, gauges_);
  }

  // The first `count` calls fail so.
  void fail(int count, Error error = unavailable()) {
    script_.say = [count, error](auto, const auto&, const auto&) mutable {
      return count-- > 0 ? std::optional(error) : std::nullopt;
    };
  }

  milliseconds time(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
  }

  Script script_;
  Gauges gauges_;
  double random_ = 0;
  RetryOptions options_{
      .attempts = 3, .first_pause = milliseconds(100), .patience = seconds(2), .random = [this] {
        return random_;
      }};
};

TEST_F(RetryTest, TriesAgainWhatIsUnavailable) {
  const auto store = this->store();
  fail(2);
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_EQ(script_.count(), 3);
  fail(2);
  EXPECT_TRUE(put(*store, "k", "x"));
  fail(2);
  EXPECT_TRUE(*store->head("k", in_time()));
  fail(2);
  EXPECT_TRUE(store->list("", in_time(), [](auto) { return true; }));
  fail(2);
  const Key key = "k";
  EXPECT_TRUE(store->remove(std::span(&key, 1), in_time()));
  EXPECT_EQ(script_.count(), 15);
  EXPECT_EQ(gauges_.retries, 10);
}

TEST_F(RetryTest, GivesUpAfterItsAttempts) {
  const auto store = this->store();
  fail(100);
  EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  EXPECT_EQ(script_.count(), 3);
  EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kUnavailable);
  EXPECT_EQ(script_.count(), 6);
}

TEST_F(RetryTest, TriesNothingElseAgain) {
  const auto store = this->store();
  for (const Fault fault : {Fault::kInvalid, Fault::kCorrupt, Fault::kDenied, Fault::kTimeout,
                            Fault::kStopped, Fault::kFull}) {
    const auto before = script_.count();
    fail(1, {fault, "no"});
    EXPECT_EQ(fault_of(*store, "k"), fault);
    fail(1, {fault, "no"});
    EXPECT_EQ(fault_of(put(*store, "k", "x")), fault);
    EXPECT_EQ(script_.count(), before + 2);
  }
}

TEST_F(RetryTest, WaitsLongerEachTimeByChance) {
  random_ = 0.999;
  const auto store = this->store();
  fail(100);
  const auto longest = time([&] { text_of(*store, "k"); });
  EXPECT_GE(longest, milliseconds(299));  // 100 and 200
  EXPECT_LT(longest, milliseconds(900));
  random_ = 0;
  EXPECT_LT(time([&] { text_of(*store, "k"); }), milliseconds(90));
}

TEST_F(RetryTest, WaitsAsLongAsItIsAsked) {
  const auto store = this->store();
  fail(1, unavailable(milliseconds(150)));
  EXPECT_GE(time([&] { EXPECT_EQ(text_of(*store, "k"), "absent"); }), milliseconds(150));
}

TEST_F(RetryTest, DoesNotWaitWhereThatIsNoUse) {
  const auto store = this->store();
  fail(1, unavailable(seconds(3)));
  EXPECT_LT(time([&] { EXPECT_EQ(text_of(*store, "k"), "fault 4: 503"); }), seconds(1))
      << "a reader has no such patience";
  fail(1, unavailable(seconds(30)));
  EXPECT_LT(time([&] { EXPECT_FALSE(put(*store, "k", "x")); }), seconds(1))
      << "the call has not that much time";
  fail(1, unavailable(std::chrono::hours(1'000'000)));
  const base::Call forever;
  EXPECT_LT(time([&] { EXPECT_FALSE(store->head("k", forever)); }), seconds(1));
  EXPECT_EQ(script_.count(), 3);
}

TEST_F(RetryTest, GivesAReaderUpWhenItHasWaitedLongEnough) {
  options_.attempts = 1000;
  options_.patience = milliseconds(100);
  const auto store = this->store();
  script_.say = [](auto, const auto&, const base::Call& call) {
    base::pause(call, milliseconds(60));  // a slow no
    return std::optional(unavailable());
  };
  EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  EXPECT_EQ(script_.count(), 2);
}

TEST_F(RetryTest, EndsWithItsCall) {
  random_ = 0.999;
  options_.first_pause = seconds(10);
  const auto store = this->store();
  fail(100);
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  base::Call call;
  call.stop = stop.get_token();
  EXPECT_LT(time([&] { EXPECT_FALSE(store->put("k", {}, {}, call)); }), seconds(5));
  EXPECT_EQ(script_.count(), 1);
}

TEST_F(RetryTest, EndsWhenTheBreakerOpens) {
  const auto store = this->store();
  script_.say = [this](auto, const auto&, const auto&) {
    gauges_.open = true;
    return std::optional(unavailable());
  };
  EXPECT_EQ(text_of(*store, "k"), "fault 4: 503");
  EXPECT_EQ(script_.count(), 1);
}

TEST_F(RetryTest, SendsOnlyWhatFailedAgainAndTogether) {
  const auto store = this->store();
  std::vector<Get> gets;
  for (int i = 0; i < 10; ++i) {
    gets.push_back({.key = std::to_string(i)});
    ASSERT_TRUE(put(*store, gets.back().key, gets.back().key));
  }
  std::map<Key, int> failures{{"2", 1}, {"5", 2}, {"7", 100}};
  script_.say = [&](auto, const Key& key, const auto&) {
    if (key == "9") return std::optional(Error{Fault::kCorrupt, "not a word"});
    return failures[key]-- > 0 ? std::optional(unavailable()) : std::nullopt;
  };
  script_.done.clear();
  std::map<std::size_t, std::string> replies;
  store->get(gets, in_time(), [&](std::size_t index, const auto& reply) {
    EXPECT_TRUE(replies.emplace(index, text_of(reply)).second);
  });
  EXPECT_EQ(script_.calls(), (std::vector<std::string>{"get 10", "get 3", "get 2"}));
  ASSERT_EQ(replies.size(), 10);
  for (const auto& [index, text] : replies) {
    const std::string key = std::to_string(index);
    EXPECT_EQ(text, key == "7" ? "fault 4: 503" : key == "9" ? "fault 1: not a word" : key);
  }
}

TEST_F(RetryTest, BeginsASinkAnew) {
  // A store that tears the first two replies in the middle.
  class Torn final : public Store {
   public:
    void get(std::span<const Get> gets, const base::Call&, const OnReply& on_reply) override {
      gets[0].sink->begin();
      gets[0].sink->write(bytes_of("half"));
      if (++calls_ < 3) return on_reply(0, unavailable());
      gets[0].sink->write(bytes_of(" and half"));
      on_reply(0, std::optional(Object()));
    }
    base::Result<PutOutcome> put(const Key&, const net::Body&, const PutOptions&,
                                 const base::Call&) override {
      return unavailable();
    }
    base::Result<std::optional<Info>> head(const Key&, const base::Call&) override {
      return unavailable();
    }
    base::Status list(const std::string&, const base::Call&, const OnPage&) override {
      return unavailable();
    }
    base::Status remove(std::span<const Key>, const base::Call&) override { return unavailable(); }

   private:
    int calls_ = 0;
  };
  const auto store = retry(std::make_unique<Torn>(), options_, gauges_);
  Collector sink;
  EXPECT_TRUE(get_one(*store, {.key = "k", .sink = &sink}, in_time()));
  EXPECT_EQ(sink.begun, 3);
  EXPECT_EQ(sink.text, "half and half");
}

TEST_F(RetryTest, TellsEachObjectOnceOfAListingThatBrokeOff) {
  const auto store = this->store();
  for (const Key key : {"a", "b", "c", "d"}) ASSERT_TRUE(put(*store, key, "x"));
  int left = 2;
  script_.say = [&](auto, const Key& key, const auto&) {
    return key == "c" && left-- > 0 ? std::optional(unavailable()) : std::nullopt;
  };
  std::string told;
  EXPECT_TRUE(store->list("", in_time(), [&](std::span<const Info> page) {
    for (const Info& info : page) told += info.key;
    return true;
  }));
  EXPECT_EQ(told, "abcd");
}

}  // namespace
}  // namespace gopouch::object
