#include "session/session.h"

#include <gtest/gtest.h>

#include "test/support/store_fixture.h"

namespace gopouch::session {
namespace {

using test::StoreTest;

TEST_F(StoreTest, CountsWhatItDid) {
  store::Store store(options());
  Session session(store);
  EXPECT_FALSE(session.get(action(1)));

  store::Put put = session.put(action(1), output_of("12345"), 5);
  put.write(bytes_of("12345"));
  const auto stored = session.end_put(std::move(put));
  ASSERT_TRUE(stored.ok());
  const auto hit = session.get(action(1));
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->path, stored->path);

  const Counts counts = session.counts();
  EXPECT_EQ(counts.hits, 1);
  EXPECT_EQ(counts.hit_bytes, 5);
  EXPECT_EQ(counts.misses, 1);
  EXPECT_EQ(counts.puts, 1);
  EXPECT_EQ(counts.put_bytes, 5);
  EXPECT_EQ(counts.faults, 0);
}

TEST_F(StoreTest, TellsABadPutFromABadDisk) {
  store::Store store(options());
  Session session(store);
  EXPECT_FALSE(session.end_put(session.put(action(1), output_of("12345"), 5)).ok());
  EXPECT_EQ(session.counts().faults, 0) << "the one who sent it is to blame";

  store::Options none = options();
  none.dir = "/proc/no/such/folder";
  store::Store nowhere(none);
  Session lost(nowhere);
  EXPECT_FALSE(lost.end_put(lost.put(action(1), output_of(""), 0)).ok());
  EXPECT_FALSE(lost.get(action(1)));
  EXPECT_EQ(lost.counts().faults, 1);
  EXPECT_EQ(lost.counts().misses, 1);
}

}  // namespace
}  // namespace gopouch::session
