#include "session/misses.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace gopouch::session {
namespace {

store::ActionId action(int number) {
  return {base::sha256(base::bytes_of("action " + std::to_string(number)))};
}

TEST(Misses, AreWhatWasPutAfterwardsTheCostliestFirst) {
  Misses misses;
  misses.note_miss(action(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  misses.note_miss(action(2));
  misses.note_miss(action(3));  // never put
  misses.note_put(action(2), 20);
  misses.note_put(action(1), 10);
  misses.note_put(action(1), 10);  // once is enough
  misses.note_put(action(4), 40);  // nobody missed it
  const auto list = misses.costliest();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].action.hash, action(1).hash);
  EXPECT_EQ(list[0].bytes, 10);
  EXPECT_GE(list[0].took.count(), 5);
  EXPECT_EQ(list[1].action.hash, action(2).hash);
}

TEST(Misses, AreAFew) {
  Misses misses;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) misses.note_miss(action(i));
    for (int i = 0; i < 1000; ++i) misses.note_put(action(i), i);
  }
  EXPECT_EQ(misses.costliest().size(), 12U);
}

}  // namespace
}  // namespace gopouch::session
