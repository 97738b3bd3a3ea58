#include "session/session.h"

#include <gtest/gtest.h>

#include "test/support/store_fixture.h"

namespace gopouch::session {
namespace {

using test::StoreTest;

// A get and a put whose answers come at once.
std::optional<store::Hit> ask(Session& session, const store::ActionId& action) {
  std::optional<store::Hit> hit;
  session.get(action, [&](std::optional<store::Hit> found) { hit = std::move(found); });
  session.wait();
  return hit;
}

base::Result<store::Hit> finish(Session& session, store::Put put) {
  base::Result<store::Hit> stored = base::Error{};
  session.end_put(std::move(put), [&](const base::Result<store::Hit>& result) { stored = result; });
  session.wait();
  return stored;
}

TEST_F(StoreTest, CountsWhatItDid) {
  store::Store store(options());
  Session session(store);
  EXPECT_FALSE(ask(session, action(1)));

  store::Put put = session.put(action(1), output_of("12345"), 5);
  put.write(base::bytes_of("12345"));
  const auto stored = finish(session, std::move(put));
  ASSERT_TRUE(stored.ok());
  const auto hit = ask(session, action(1));
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
  EXPECT_FALSE(finish(session, session.put(action(1), output_of("12345"), 5)).ok());
  EXPECT_EQ(session.counts().faults, 0) << "the one who sent it is to blame";

  store::Options none = options();
  none.dir = "/proc/no/such/folder";
  store::Store nowhere(none);
  Session lost(nowhere);
  EXPECT_FALSE(finish(lost, lost.put(action(1), output_of(""), 0)).ok());
  EXPECT_FALSE(ask(lost, action(1)));
  EXPECT_EQ(lost.counts().faults, 1);
  EXPECT_EQ(lost.counts().misses, 1);
}

}  // namespace
}  // namespace gopouch::session
