#include "remote/uses.h"

#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

store::Entry gives(std::int64_t size) { return {{}, size, {}}; }

std::vector<int> named(const Uses& uses) {
  std::vector<int> all;
  for (const pack::Used& used : uses.all()) all.push_back(used.action.hash[0]);
  return all;
}

class UsesTest : public test::StoreTest {};

TEST_F(UsesTest, KeepTheOrderOfFirstMention) {
  store::Store store(options());
  const std::optional<pack::Packs> packs;
  Uses uses(packs, store);
  uses.note_miss(action(2));
  uses.note_hit(action(1), gives(5), 7);
  EXPECT_FALSE(uses.is_own(action(3)));
  for (const int number : {2, 3}) {
    const auto stored = put(store, action(number), "text");
    ASSERT_TRUE(stored.ok());
    uses.note_put(action(number), *stored);
  }
  uses.note_hit(action(1), gives(5), 0);
  EXPECT_EQ(named(uses), (std::vector{2, 1, 3}));
  const auto all = uses.all();
  EXPECT_TRUE(all[0].asked && all[0].put);
  EXPECT_EQ(all[1].cost_ms, 7);
  EXPECT_FALSE(all[2].asked);
  EXPECT_TRUE(uses.known(action(2)).missed);
  EXPECT_FALSE(uses.known(action(9)).asked);
  EXPECT_EQ(uses.all().size(), 3U);
}

// The bytes that cmd/go/internal/modindex writes: for an empty directory, and for a module of two.
TEST_F(UsesTest, TellAnIndexByItsFirstBytes) {
  const auto of = [&](std::string_view bytes) {
    test::write(temp_ / "file", std::string(bytes));
    return index_in((temp_ / "file").string());
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(of("go index v2\n\x1c\0\0\0\1\0\0\0\0\0\0\0\x1c\0\0\0"sv), GoIndex::kOfDirectory);
  EXPECT_EQ(of("go index v2\n\x1c\0\0\0\2\0\0\0\0\0\0\0\x1c\0\0\0"sv), GoIndex::kOfModule);
  EXPECT_EQ(of("go index v2\n"sv), GoIndex::kNone);
  EXPECT_EQ(of("go object linux amd64 go1.26"sv), GoIndex::kNone);
  EXPECT_EQ(of(""sv), GoIndex::kNone);
  EXPECT_EQ(index_in((temp_ / "none").string()), GoIndex::kNone);
}

}  // namespace
}  // namespace gopouch::remote
