#include "auth/kept.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gopouch::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Kept::Ends kEnds{minutes(5), minutes(1)};

// Credentials that are numbered as they are fetched, and what can go wrong with them.
class KeptTest : public testing::Test {
 protected:
  Found fetch(const base::Call& call) {
    const int number = ++fetches_;
    while (held_up_ && !call.over()) std::this_thread::sleep_for(milliseconds(1));
    if (call.over()) return base::Error{base::Fault::kTimeout, "out of time"};
    if (failing_) return base::Error{fault_, "no"};
    if (nothing_) return std::optional<AwsCredentials>();
    AwsCredentials made{"id" + std::to_string(number), base::Secret("s"),
                        base::Secret("t" + std::to_string(number)), std::nullopt, "test"};
    if (lifetime_.load() != seconds(0)) made.expires = now() + lifetime_.load();
    return std::optional(std::move(made));
  }

  Time now() const { return Time(milliseconds(now_.load())); }
  void later(seconds time) { now_ += milliseconds(time).count(); }

  std::string get(const base::Call& call = base::Call::within(seconds(10))) {
    const auto found = kept_.get(call);
    if (!found.ok()) return "error: " + found.error().message;
    return *found ? (*found)->access_key_id : "nothing";
  }

  std::atomic<std::int64_t> now_{1767225600000};
  std::atomic<int> fetches_{0};
  std::atomic<bool> held_up_{false}, failing_{false}, nothing_{false};
  std::atomic<seconds> lifetime_{minutes(60)};
  base::Fault fault_ = base::Fault::kUnavailable;
  Kept kept_{[this](const base::Call& call) { return fetch(call); }, [this] { return now(); },
             kEnds};
};

TEST_F(KeptTest, FetchesOnceAndKeeps) {
  EXPECT_EQ(fetches_, 0);
  EXPECT_EQ(get(), "id1");
  later(minutes(54));
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(KeptTest, KeepsForeverWhatDoesNotExpire) {
  lifetime_ = seconds(0);
  EXPECT_EQ(get(), "id1");
  later(minutes(100000));
  EXPECT_EQ(get(), "id1");
}

TEST_F(KeptTest, KeepsThatThereIsNothing) {
  nothing_ = true;
  EXPECT_EQ(get(), "nothing");
  EXPECT_EQ(get(), "nothing");
  EXPECT_EQ(fetches_, 1);
}

TEST_F(KeptTest, RenewsAheadOfTheEnd) {
  get();
  later(minutes(56));
  EXPECT_EQ(get(), "id2");
  EXPECT_EQ(get(), "id2");
  EXPECT_EQ(fetches_, 2);
}

TEST_F(KeptTest, GoesOnWithTheOldOnesWhileAnotherRenews) {
  get();
  later(minutes(56));
  held_up_ = true;
  std::thread renewing([this] { EXPECT_EQ(get(), "id2"); });
  while (fetches_ < 2) std::this_thread::yield();
  EXPECT_EQ(get(base::Call::within(milliseconds(0))), "id1");
  held_up_ = false;
  renewing.join();
  EXPECT_EQ(get(), "id2");
}

TEST_F(KeptTest, GoesOnWithTheOldOnesWhenARenewalFails) {
  get();
  later(minutes(56));
  failing_ = true;
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(fetches_, 2);  // not at each use
  later(seconds(11));
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(fetches_, 3);
  later(minutes(3) + seconds(30));  // the last minute
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(fetches_, 4);
  later(minutes(1));
  EXPECT_EQ(get(), "error: no");
  failing_ = false;
  EXPECT_EQ(get(), "id6");
}

TEST_F(KeptTest, AllWaitForTheFirst) {
  held_up_ = true;
  std::vector<std::thread> threads;
  std::atomic<int> well = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { well += get() == "id1"; });
  }
  while (fetches_ == 0) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(20));
  held_up_ = false;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(well, 8);
  EXPECT_EQ(fetches_, 1);
}

TEST_F(KeptTest, AllWhoWaitShareAFailure) {
  held_up_ = failing_ = true;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { failed += get() == "error: no"; });
  }
  while (fetches_ == 0) std::this_thread::yield();
  std::this_thread::sleep_for(milliseconds(50));
  held_up_ = false;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 8);
  EXPECT_LT(fetches_, 8);  // one that came late may have asked again
}

TEST_F(KeptTest, OneWhoseTimeIsOverDoesNotSpeakForTheOthers) {
  held_up_ = true;
  std::thread hasty(
      [this] { EXPECT_EQ(get(base::Call::within(milliseconds(50))), "error: out of time"); });
  while (fetches_ == 0) std::this_thread::yield();
  std::thread patient([this] { EXPECT_EQ(get(), "id2"); });
  hasty.join();
  while (fetches_ < 2) std::this_thread::yield();
  held_up_ = false;
  patient.join();
}

TEST_F(KeptTest, WaitsNoLongerThanTheCall) {
  held_up_ = true;
  std::thread first([this] { get(); });
  while (fetches_ == 0) std::this_thread::yield();
  auto found = kept_.get(base::Call::within(milliseconds(30)));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().fault, base::Fault::kTimeout);
  std::stop_source stop;
  stop.request_stop();
  found = kept_.get({.stop = stop.get_token()});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().fault, base::Fault::kStopped);
  held_up_ = false;
  first.join();
}

TEST_F(KeptTest, AsksAgainSoonWhatMayPassAndLaterWhatMayNot) {
  failing_ = true;
  EXPECT_EQ(get(), "error: no");
  EXPECT_EQ(get(), "error: no");
  EXPECT_EQ(fetches_, 2);
  fault_ = base::Fault::kDenied;
  EXPECT_EQ(get(), "error: no");
  EXPECT_EQ(get(), "error: no");
  EXPECT_EQ(fetches_, 3);
  kept_.renew();
  EXPECT_EQ(get(), "error: no");
  EXPECT_EQ(fetches_, 4);
  later(seconds(31));
  failing_ = false;
  EXPECT_EQ(get(), "id5");
}

TEST_F(KeptTest, RenewsWhatWasRefused) {
  EXPECT_EQ(get(), "id1");
  kept_.renew();
  EXPECT_EQ(get(), "id2");
  failing_ = true;
  kept_.renew();
  EXPECT_EQ(get(), "error: no");  // what was refused is no answer
  failing_ = false;
  EXPECT_EQ(get(), "id4");
}

TEST_F(KeptTest, RenewsOnceForManyRefusals) {
  const auto first = kept_.get({});
  ASSERT_TRUE(first.ok());
  for (int i = 0; i < 10; ++i) {
    kept_.renew(**first);
    EXPECT_EQ(get(), "id2");
  }
  EXPECT_EQ(fetches_, 2);
}

TEST_F(KeptTest, TakesARefusalDuringARenewalForWhatItIs) {
  const auto first = kept_.get({});
  ASSERT_TRUE(first.ok());
  kept_.renew(**first);
  held_up_ = true;
  std::thread renewing([this] { get(); });
  while (fetches_ < 2) std::this_thread::yield();
  kept_.renew(**first);  // may be one that came too late; asking once more does no harm
  held_up_ = false;
  renewing.join();
  EXPECT_EQ(get(), "id3");
}

TEST_F(KeptTest, BelievesWhatItWasJustGivenWhateverItsDate) {
  lifetime_ = minutes(-90);  // our clock is ahead
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(get(), "id1");
  EXPECT_EQ(fetches_, 1);
  later(seconds(11));
  EXPECT_EQ(get(), "id2");
}

TEST_F(KeptTest, DoesNotMindAClockThatGoesBack) {
  get();
  later(minutes(-600));
  EXPECT_EQ(get(), "id1");
}

}  // namespace
}  // namespace gopouch::auth
