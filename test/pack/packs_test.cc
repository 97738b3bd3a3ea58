// Sessions on machines with a local store each, and a folder that they share.
#include <future>
#include <map>
#include <random>
#include <thread>

#include "pack/manifest.h"
#include "pack/pack.h"
#include "test/support/build_fixture.h"
#include "test/support/http_server.h"

namespace gopouch::pack {
namespace {

using std::chrono::seconds;
using Word = Packs::Word;

class PacksTest : public test::BuildTest {
 protected:
  struct Machine {
    Machine(const store::Options& local, object::Remote opened, Options how)
        : store(local), objects(std::move(opened)), options(std::move(how)) {
      packs.emplace(objects, store, options);
    }
    store::Store store;
    object::Remote objects;
    Options options;
    std::optional<Packs> packs;
    std::vector<Used> used;
    int compiled = 0;

    void session(const Build& build, bool keep = false) {
      for (const auto& [id, text] : build) {
        auto hit = local(id);
        const auto call = base::Call::within(seconds(20));
        const Word word = hit ? Word::kHere : packs->find(id, call);
        if (word == Word::kHere) hit = local(id);
        if (hit) {
          packs->note_hit(id);
          EXPECT_EQ(hit->entry.output, output_of(text)) << "a wrong output";
          EXPECT_EQ(test::read(hit->path), text);
          used.push_back({id, hit->entry, 1, false});
          continue;
        }
        ++compiled;
        if (text.empty()) {
          used.push_back({id, std::nullopt, 0, false});
          continue;
        }
        const auto stored = put(store, id, text);
        ASSERT_TRUE(stored);
        if (keep) packs->keep(stored->entry, false, {.bytes = base::bytes_of(text)});
        used.push_back({id, stored->entry, 2, true});
      }
    }
    std::optional<store::Hit> local(const store::ActionId& id) {
      auto found = store.get(id);
      return found ? *std::move(found) : std::nullopt;
    }
    auto leave() {
      packs->stop();
      return packs->leave(used, base::Call::within(seconds(20)), [] {});
    }
  };

  std::unique_ptr<Machine> machine(Options how = {}, const std::string& scope = "exact",
                                   const std::string& module = "module") {
    how.temp_dir = temp_.path();
    how.scope = [=] { return std::pair(output_of(scope).hash, output_of(module).hash); };
    auto opened = object::open(url_.empty() ? "file://" + folder().string() : url_, {});
    EXPECT_TRUE(opened.ok());
    return std::make_unique<Machine>(fresh(), *std::move(opened), std::move(how));
  }

  std::filesystem::path folder() const { return temp_ / "shared"; }
  std::vector<std::filesystem::path> objects(const std::string& kind) const {
    std::vector<std::filesystem::path> files;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(folder() / "v1" / kind, none)) {
      files.push_back(file.path());
    }
    return files;
  }

  // A machine that has built `build` has left word of it.
  void leave(const Build& build) {
    const auto first = machine();
    first->session(build);
    const auto left = first->leave();
    ASSERT_TRUE(left) << left.error().message;
  }

  std::string url_;  // of another store than the folder
};

// What an HTTP server without ranges keeps.
class HttpStore {
 public:
  test::HttpReply answer(const test::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.method == "PUT") {
      kept_[request.path()] = request.body;
      return {.status = 201};
    }
    const auto found = kept_.find(request.path());
    return found == kept_.end() ? test::HttpReply{.status = 404}
                                : test::HttpReply{.body = found->second};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> kept_;
};

TEST_F(PacksTest, GiveAFreshMachineAllThatTheLastSessionUsed) {
  Build all = build(0, 60);
  all.emplace_back(action(1000), "");  // dead
  const auto first = machine();
  first->session(all, true);
  EXPECT_EQ(first->compiled, 61);
  ASSERT_TRUE(first->leave());
  EXPECT_EQ(objects("p").size(), 1U);
  EXPECT_EQ(objects("m").size(), 2U);

  const auto second = machine();
  second->session(all);
  EXPECT_EQ(second->compiled, 1) << "the dead one, of course";
  const Counts counts = second->packs->counts();
  EXPECT_EQ(counts.in_hand, 60);
  EXPECT_EQ(counts.dead, 1);
  EXPECT_EQ(counts.in_vain, 0);
  EXPECT_EQ(counts.corrupt, 0);
  EXPECT_LE(counts.ranges, 4);

  ASSERT_TRUE(second->leave());
  EXPECT_EQ(objects("p").size(), 1U) << "nothing new, nothing written";
  EXPECT_EQ(second->packs->counts().bytes_up, 0);
}

TEST_F(PacksTest, KeepTheTimeOfThePut) {
  const store::Time then = now_;
  leave(build(0, 2));
  now_ += std::chrono::hours(1);
  const auto second = machine();
  second->session(build(0, 2));
  EXPECT_EQ(second->local(action(1))->entry.put_time, then);
}

TEST_F(PacksTest, OfOneCommandHelpAnother) {
  leave(build(0, 40));
  const auto other = machine({}, "another");
  other->session(build(10, 50));
  EXPECT_EQ(other->compiled, 10);
  ASSERT_TRUE(other->leave());
  EXPECT_EQ(objects("p").size(), 2U);
  EXPECT_EQ(objects("m").size(), 3U);
  EXPECT_LT(
      std::filesystem::file_size(objects("p")[0]) + std::filesystem::file_size(objects("p")[1]),
      6'000'000U)
      << "what is there is not stored again";

  const auto third = machine({}, "a third");
  third->session(build(0, 50));
  EXPECT_EQ(third->compiled, 0) << "the module's manifest has both";
}

TEST_F(PacksTest, FetchNothingThatIsHere) {
  leave(build(0, 30));
  const auto second = machine();
  for (const auto& [id, text] : build(0, 30)) ASSERT_TRUE(put(second->store, id, text));
  second->session(build(0, 30));
  EXPECT_EQ(second->compiled, 0);
  EXPECT_EQ(second->packs->counts().ranges, 0);

  const auto third = machine();
  for (const auto& [id, text] : build(0, 29)) ASSERT_TRUE(put(third->store, id, text));
  third->session(build(0, 30));
  EXPECT_EQ(third->compiled, 0);
  EXPECT_LT(third->packs->counts().bytes_down, 1'000'000);
}

TEST_F(PacksTest, FetchOnDemandOnlyWhatIsAskedFor) {
  leave(build(0, 120));  // 25 MB, several ranges
  const auto all = machine();
  all->session(build(0, 120));
  EXPECT_EQ(all->compiled, 0);
  EXPECT_GE(all->packs->counts().ranges, 2);

  Options how;
  how.prefetch = Prefetch::kDemand;
  const auto some = machine(how);
  some->session(build(0, 1));
  EXPECT_EQ(some->compiled, 0);
  EXPECT_EQ(some->packs->counts().ranges, 1);

  how.prefetch = Prefetch::kAll;
  how.limit = 1;
  const auto limited = machine(how);
  limited->session(build(0, 1));
  EXPECT_EQ(limited->compiled, 0) << "what is asked for is fetched, limit or not";
  EXPECT_EQ(limited->packs->counts().ranges, 1);
}

// T1, T3 and T25 for packs and manifests: each byte of the front and many of the rest.
TEST_F(PacksTest, NeverGiveWrongBytes) {
  const Build all = build(0, 12);
  leave(all);
  std::mt19937 random(1);
  int noticed = 0, rounds = 0;
  for (const std::string kind : {"p", "m"}) {
    for (const auto& path : objects(kind)) {
      const std::string whole = test::read(path);
      for (int i = 0; i < 40; ++i) {
        std::string bad = whole;
        if (i < 30) {
          char& byte = bad[random() % bad.size()];
          byte = static_cast<char>(byte ^ (1 << random() % 8));
        } else {
          bad.resize(random() % bad.size());
        }
        test::write(path, bad);
        const auto reader = machine();
        reader->session(all);  // compares every output
        ++rounds;
        noticed += reader->compiled > 0 ? 1 : 0;
        EXPECT_EQ(reader->packs->counts().corrupt > 0 || reader->compiled == 0, true);
      }
      test::write(path, whole);
    }
  }
  EXPECT_GT(noticed, rounds / 4) << "most of that did damage";
  const auto after = machine();
  after->session(all);
  EXPECT_EQ(after->compiled, 0);
}

TEST_F(PacksTest, HealWhatIsDamagedOrGone) {
  const Build all = build(0, 30);
  for (const bool gone : {false, true}) {
    leave(all);
    for (const auto& pack : objects("p")) {
      if (gone) {
        std::filesystem::remove(pack);
        continue;
      }
      std::string bytes = test::read(pack);
      for (std::size_t i = bytes.size() / 2; i < bytes.size(); i += 100) bytes[i] ^= 1;
      test::write(pack, bytes);
    }
    const auto finder = machine();
    finder->session(all);
    EXPECT_GT(finder->compiled, 0);
    ASSERT_TRUE(finder->leave());
    const auto next = machine();
    next->session(all);
    EXPECT_EQ(next->compiled, 0) << "gone: " << gone;
  }
}

TEST_F(PacksTest, OfSessionsThatEndAtTheSameTimeAreBothGood) {
  leave(build(0, 20));
  const auto a = machine(), b = machine();
  a->session(build(0, 26));
  b->session(build(0, 20));
  b->session(build(30, 36));
  ASSERT_TRUE(a->leave());
  ASSERT_TRUE(b->leave());
  const auto third = machine();
  Build both = build(0, 26);
  for (const auto& one : build(30, 36)) both.push_back(one);
  third->session(both);
  EXPECT_EQ(third->compiled, 0) << "the second has merged what the first left";
}

TEST_F(PacksTest, EndAtOnce) {
  leave(build(0, 200));
  const auto second = machine();
  second->session(build(0, 1));
  const auto start = base::Call::Clock::now();
  second->packs.reset();
  EXPECT_LT(base::Call::Clock::now() - start, seconds(2));
}

TEST_F(PacksTest, AnswerManyAtOnce) {
  const Build all = build(0, 90);
  leave(all);
  const auto second = machine();
  std::vector<std::jthread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t at = 0; at < all.size(); ++at) {
        const auto& id = all[(at + static_cast<std::size_t>(i) * 11) % all.size()].first;
        if (second->packs->find(id, base::Call::within(seconds(20))) == Word::kHere) ++found;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(found, 8 * 90);
}

TEST_F(PacksTest, DoNotHoldUpWhoeverStops) {
  leave(build(0, 3));
  const auto second = machine();
  std::stop_source stop;
  stop.request_stop();
  second->packs->find(action(1), {base::Call::Clock::time_point::max(), stop.get_token()});
  second->packs->stop();
  EXPECT_NE(second->packs->find(action(2), base::Call::within(seconds(20))), Word::kDead);
}

TEST_F(PacksTest, WhatIsLeftToOthersIsPromisedOnceItComesAlong) {
  HttpStore kept;
  std::promise<void> asked, go_on;
  const std::shared_future<void> may_answer = go_on.get_future().share();
  test::HttpServer server([&](const test::HttpRequest& request) {
    if (request.method == "GET" && request.path().starts_with("/x/v1/p/")) {
      asked.set_value();
      may_answer.wait();
    }
    return kept.answer(request);
  });
  url_ = server.url() + "/x?ranges=false";
  leave(build(0, 3));
  const auto second = machine({.elsewhere = [](Which, const store::ActionId&) { return true; }});
  auto word = std::async(std::launch::async, [&] {
    return second->packs->find(action(0), base::Call::within(seconds(20)));
  });
  asked.get_future().wait();
  EXPECT_TRUE(second->packs->promises(action(1)));
  go_on.set_value();
  EXPECT_EQ(word.get(), Word::kHere);
}

TEST_F(PacksTest, AStoreWithoutRangesHasSmallerPacks) {
  HttpStore kept;
  test::HttpServer server([&](const test::HttpRequest& request) { return kept.answer(request); });
  url_ = server.url() + "/x?ranges=false";
  const Build all = build(0, 120);  // 25 MB
  auto first = machine();
  first->session(all);
  EXPECT_EQ(first->compiled, 120);
  ASSERT_TRUE(first->leave());

  auto second = machine();
  second->session(all);
  EXPECT_EQ(second->compiled, 0);
  second.reset();
  std::map<std::string, int> fetched;
  for (const test::HttpRequest& request : server.requests()) {
    EXPECT_EQ(request.header("Range"), "") << request.target;
    if (request.method == "GET" && request.path().starts_with("/x/v1/p/"))
      ++fetched[request.path()];
  }
  EXPECT_EQ(fetched.size(), 2U);
  for (const auto& [path, times] : fetched) EXPECT_EQ(times, 1) << path;

  auto third = machine();
  third->session(build(7, 9));
  EXPECT_EQ(third->compiled, 0) << "some of it";
}

}  // namespace
}  // namespace gopouch::pack
