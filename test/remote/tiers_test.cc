// Machines with a local store each, and folders that they share, one of them before the other.
#include <map>
#include <thread>
#include <utility>

#include "remote/remote.h"
#include "test/support/build_fixture.h"

namespace gopouch::remote {
namespace {

using std::chrono::seconds;

class TiersTest : public test::BuildTest {
 protected:
  static Build build(int from, int to) { return BuildTest::build(from, to, 5); }

  struct Machine {
    Machine(const store::Options& local, std::vector<object::Remote> opened, const Options& how)
        : store(local), objects(std::move(opened)), shared(objects, store, how) {}
    store::Store store;
    std::vector<object::Remote> objects;
    Tiers shared;
    int compiled = 0;

    std::optional<store::Hit> get(const store::ActionId& id) {
      auto here = store.get(id);
      if (here && *here) {
        shared.note_local_hit(id, (*here)->entry);
        return *std::move(here);
      }
      auto found = shared.get(id, base::Call::within(seconds(20)));
      return found ? *std::move(found) : std::nullopt;
    }
    void put(const store::ActionId& id, const std::string& text) {
      const auto stored = StoreTest::put(store, id, text);
      ASSERT_TRUE(stored.ok());
      shared.put(id, *stored);
    }
    bool flush() {
      return shared.flush(std::chrono::steady_clock::now() + seconds(20), seconds(10));
    }
    void session(const Build& build) {
      for (const auto& [id, text] : build) {
        if (const auto hit = get(id)) {
          EXPECT_EQ(test::read(hit->path), text);
          continue;
        }
        ++compiled;
        if (!text.empty()) put(id, text);
      }
      end();
    }
    void end() {
      shared.close();
      EXPECT_TRUE(flush());
    }
    object::Counts asked(std::size_t tier) const { return objects.at(tier).counts(); }
    Counts of(std::size_t tier) const { return shared.parts().at(tier).counts; }
  };

  // `places` are folders: "main?mode=ro".
  std::unique_ptr<Machine> machine(const std::vector<std::string>& places,
                                   pack::Prefetch prefetch = pack::Prefetch::kAll,
                                   const std::string& scope = "exact") {
    Options how{.temp_dir = temp_.path()};
    how.packs.prefetch = prefetch;
    how.packs.temp_dir = temp_.path();
    how.packs.scope = [=] { return std::pair(output_of(scope).hash, output_of("module").hash); };
    std::vector<object::Remote> opened;
    for (const std::string& place : places) {
      object::Options as;
      as.attempts = 1;
      as.error_rate = place == "down" ? 1 : 0;
      auto one = object::open("file://" + (temp_ / place).string(), as);
      EXPECT_TRUE(one.ok()) << one.error().message;
      opened.push_back(*std::move(one));
    }
    return std::make_unique<Machine>(fresh(), std::move(opened), how);
  }

  // Objects of a kind ('e', 'm', 'p') in a place.
  std::int64_t count(const std::string& place, const std::string& kind) const {
    const auto folder = temp_ / place / "v1" / kind;
    return std::filesystem::exists(folder) ? test::count_files(folder) : 0;
  }
  // All that a place holds, and when it was written.
  std::map<std::string, std::filesystem::file_time_type> snapshot(const std::string& place) const {
    std::map<std::string, std::filesystem::file_time_type> all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(temp_ / place)) {
      if (file.is_regular_file()) all[file.path().string()] = file.last_write_time();
    }
    return all;
  }
};

constexpr auto kNoPacks = pack::Prefetch::kOff;
constexpr const char* kMain = "main?mode=ro";

TEST_F(TiersTest, AreAskedInOrderAndFilledUpward) {
  machine({"main"}, kNoPacks)->session(build(0, 4));
  const auto before = snapshot("main");

  const auto second = machine({"pr", kMain}, kNoPacks);
  second->session(build(0, 4));
  EXPECT_EQ(second->compiled, 0);
  EXPECT_EQ(second->of(0).hits, 0);
  EXPECT_EQ(second->of(1).hits, 4);
  EXPECT_EQ(second->of(0).uploads, 4);
  EXPECT_EQ(second->shared.counts().hits, 4);
  EXPECT_EQ(snapshot("main"), before) << "it is read-only";

  const auto third = machine({"pr", kMain}, kNoPacks);
  third->session(build(0, 4));
  EXPECT_EQ(third->of(0).hits, 4);
  EXPECT_EQ(third->asked(1).gets, 0) << "the first had it";
  EXPECT_EQ(third->asked(0).puts, 0);
}

TEST_F(TiersTest, LendTheCostToo) {
  const auto first = machine({"main"}, kNoPacks);
  EXPECT_FALSE(first->get(action(1)));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  first->put(action(1), "slow to make");
  first->end();
  machine({"pr", kMain}, kNoPacks)->session({{action(1), "slow to make"}});
  const auto third = machine({"pr"}, kNoPacks);
  third->session({{action(1), "slow to make"}});
  EXPECT_EQ(third->compiled, 0);
  EXPECT_GE(third->shared.counts().saved_ms, 300);
}

TEST_F(TiersTest, AreAllWrittenButForThoseThatAreReadOnly) {
  std::filesystem::create_directory(temp_ / "main");
  const auto first = machine({"a", kMain, "b"}, kNoPacks);
  const auto stored = StoreTest::put(first->store, action(1), "text");
  std::atomic<int> told = 0;
  std::atomic<bool> in_all = false;
  first->shared.put(action(1), *stored, [&] {
    in_all = count("a", "e") == 1 && count("b", "e") == 1;
    ++told;
  });
  ASSERT_TRUE(first->flush());
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(in_all) << "told when all had it";
  EXPECT_EQ(snapshot("main").size(), 0U);
  for (const char* place : {"a", "b"}) EXPECT_TRUE(machine({place})->get(action(1))) << place;
}

// A pull request's own prefix, empty as yet, before the full one of the main branch.
TEST_F(TiersTest, AnEmptyOneBeforeAFullOneCostsItsManifestsAlone) {
  const Build all = build(0, 200);
  machine({"main"})->session(all);
  const auto before = snapshot("main");

  const auto second = machine({"pr", kMain});
  second->session(all);
  EXPECT_EQ(second->compiled, 0);
  EXPECT_EQ(second->asked(0).gets, 2) << "the manifests";
  EXPECT_LE(second->asked(1).gets, 2 + second->of(1).packs.ranges);
  EXPECT_EQ(second->of(1).hits, 200);
  EXPECT_EQ(count("pr", "e"), 0) << "all of it lies in the pack";
  EXPECT_EQ(count("pr", "p"), 1);
  EXPECT_EQ(snapshot("main"), before);

  const auto third = machine({"pr"});
  third->session(all);
  EXPECT_EQ(third->compiled, 0);
  EXPECT_EQ(third->shared.counts().packs.in_hand, 200);
  EXPECT_EQ(third->asked(0).puts, 0);
}

// Of a fresh machine's many hits, a few came from the second tier: too few for a pack.
TEST_F(TiersTest, WhatIsTooLittleForAPackIsFilledUpAsEntries) {
  const Build most = build(0, 200), all = build(0, 202);
  machine({"pr"})->session(most);
  machine({"main"})->session(all);
  const std::int64_t entries = count("pr", "e");

  const auto second = machine({"pr", kMain});
  second->session(all);
  EXPECT_EQ(second->compiled, 0);
  EXPECT_EQ(second->of(0).hits, 200);
  EXPECT_EQ(second->of(1).hits, 2);
  EXPECT_EQ(count("pr", "e"), entries + 2);
  EXPECT_EQ(count("pr", "p"), 1);

  const auto alone = machine({"pr"});
  alone->session(all);
  EXPECT_EQ(alone->compiled, 0);

  const auto again = machine({"pr", kMain});
  again->session(all);
  EXPECT_EQ(again->compiled, 0);
  EXPECT_EQ(again->of(0).uploads, 0) << "they are there";
}

TEST_F(TiersTest, AKnownMissOfOneHidesNoHitOfTheNext) {
  Build all = build(0, 50);
  all.emplace_back(action(1000), "");
  machine({"pr"})->session(all);
  for (const auto prefetch : {pack::Prefetch::kAll, kNoPacks}) {
    all.back().second = text(1000, 5000);
    machine({"main"}, prefetch)->session(all);
    const auto both = machine({"pr", kMain});
    both->session(all);
    EXPECT_EQ(both->compiled, 0);
    EXPECT_EQ(both->of(1).hits, 1);
    // It is known now.
    const auto alone = machine({"pr"});
    alone->session(all);
    EXPECT_EQ(alone->compiled, 0);
    std::filesystem::remove_all(temp_ / "main");
    std::filesystem::remove_all(temp_ / "pr");
    all.back().second = "";
    machine({"pr"})->session(all);
  }
}

TEST_F(TiersTest, NothingIsFetchedFromBoth) {
  const Build all = build(0, 200);
  machine({"a"})->session(build(0, 100));
  machine({"b"})->session(all);
  const auto both = machine({"a", "b"});
  both->session(all);
  EXPECT_EQ(both->compiled, 0);
  EXPECT_EQ(both->of(0).hits, 100);
  EXPECT_EQ(both->of(1).hits, 100);
  EXPECT_GT(both->of(0).packs.ranges, 0);
  // A range counts when its last byte is here, and its outputs are here before.
  const auto fetched = [](Machine& by) {
    std::int64_t before = -1, now = by.shared.counts().bytes_down;
    while (now != before) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      before = std::exchange(now, by.shared.counts().bytes_down);
    }
    return now;
  };
  const auto one = machine({"b"});
  one->session(all);
  // Small outputs share frames, and each has manifests.
  EXPECT_LT(fetched(*both), fetched(*one) * 5 / 4);

  // By now the first has all of it.
  const auto third = machine({"a", "b"});
  third->session(all);
  EXPECT_EQ(third->of(0).hits, 200);
  EXPECT_EQ(third->of(1).packs.ranges, 0);
  EXPECT_EQ(third->asked(1).gets, 2);
}

TEST_F(TiersTest, WhatOneHasLostTheNextGives) {
  const Build all = build(0, 200);
  machine({"a"})->session(all);
  machine({"b"})->session(all);
  std::filesystem::remove_all(temp_ / "a/v1/p");
  std::filesystem::remove_all(temp_ / "a/v1/e");
  const auto both = machine({"a", "b"});
  both->session(all);
  EXPECT_EQ(both->compiled, 0);
  // Which of them is thanked for an output that comes while the other still tries is chance.
  EXPECT_EQ(both->of(0).packs.in_hand + both->of(1).packs.in_hand, 200)
      << "from packs, not one by one";
  EXPECT_EQ(both->of(0).packs.bytes_down, 0) << "of packs that are gone";
  const auto alone = machine({"a"});
  alone->session(all);
  EXPECT_EQ(alone->compiled, 0) << "and the first has healed";
}

TEST_F(TiersTest, OneThatIsDownIsPassedOverAndToldOfOnce) {
  const Build all = build(0, 100);
  machine({"main"})->session(all);
  for (const auto prefetch : {pack::Prefetch::kAll, kNoPacks}) {
    for (const bool first : {true, false}) {
      testing::internal::CaptureStderr();
      const auto both =
          first ? machine({"down", "main"}, prefetch) : machine({"main", "down"}, prefetch);
      both->session(all);
      EXPECT_FALSE(both->get(action(5000)));
      const std::string said = testing::internal::GetCapturedStderr();
      EXPECT_EQ(both->compiled, 0);
      EXPECT_EQ(both->of(first ? 1 : 0).hits, 100);
      const auto at = said.find("going on with the other remotes and the local cache\n");
      ASSERT_NE(at, std::string::npos) << said;
      EXPECT_EQ(said.find("going on", at + 1), std::string::npos) << said;
    }
  }
}

TEST_F(TiersTest, WithNoneThatHasItAndOneThatFailsAGetIsAnError) {
  testing::internal::CaptureStderr();
  const auto both = machine({"down", "main"}, kNoPacks);
  EXPECT_FALSE(both->shared.get(action(1), base::Call::within(seconds(20))).ok());
  const auto one = machine({"down"}, kNoPacks);
  EXPECT_FALSE(one->shared.get(action(1), base::Call::within(seconds(20))).ok());
  EXPECT_FALSE(one->shared.get(action(1), base::Call::within(seconds(20))).ok());
  const std::string said = testing::internal::GetCapturedStderr();
  const auto at = said.find("going on with the local cache\n");
  EXPECT_NE(at, std::string::npos) << said;
  EXPECT_EQ(said.find("going on with the local cache", at + 1), std::string::npos) << said;
}

TEST_F(TiersTest, AnswerManyAtOnce) {
  const Build all = build(0, 200);
  machine({"a"})->session(build(0, 120));
  machine({"b"})->session(build(60, 200));
  const auto both = machine({"a", "b"});
  std::atomic<int> misses = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t j = static_cast<std::size_t>(i) % 4; j < all.size(); j += 4) {
          const auto hit = both->get(all[j].first);
          misses += hit ? 0 : 1;
          EXPECT_TRUE(!hit || test::read(hit->path) == all[j].second);
        }
      });
    }
  }
  EXPECT_EQ(misses, 0);
  both->end();
  const auto alone = machine({"a"});
  alone->session(all);
  EXPECT_EQ(alone->compiled, 0);
}

TEST_F(TiersTest, EndAtOnce) {
  machine({"a"})->session(build(0, 100));
  machine({"b"})->session(build(50, 200));
  const auto both = machine({"a", "b"});
  both->get(action(0));
  both->get(action(150));
  for (int i = 200; i < 240; ++i) both->put(action(i), text(i, 100'000));
  both->shared.close();
  both->shared.give_up();
  EXPECT_EQ(both->shared.pending(), 0);
}

}  // namespace
}  // namespace gopouch::remote
