#include "remote/remote.h"

#include <future>

#include "remote/entry.h"
#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

using std::chrono::seconds;

// Two machines, each with a local store of its own, and a folder that they share.
class RemoteTest : public test::StoreTest {
 protected:
  struct Machine {
    Machine(const store::Options& local, object::Remote opened, Options how)
        : store(local), objects(std::move(opened)), shared(objects, store, std::move(how)) {}
    store::Store store;
    object::Remote objects;
    Remote shared;

    std::optional<store::Hit> get(const store::ActionId& id) {
      auto found = shared.get(id, base::Call::within(seconds(10)));
      EXPECT_TRUE(found.ok()) << found.error().message;
      return found ? *std::move(found) : std::nullopt;
    }
    bool flush() {
      return shared.flush(std::chrono::steady_clock::now() + seconds(10), seconds(5));
    }
  };

  std::unique_ptr<Machine> machine(const std::string& name, Options how = {},
                                   const std::string& parameters = "") {
    store::Options local = options();
    local.dir = temp_ / name;
    how.temp_dir = local.dir;
    auto opened = object::open("file://" + folder().string() + parameters, {});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::make_unique<Machine>(local, *std::move(opened), std::move(how));
  }

  std::filesystem::path folder() const { return temp_ / "shared"; }
  std::filesystem::path object_of(const store::ActionId& id) const {
    return folder() / entry_key(id);
  }

  void put(Machine& on, const store::ActionId& id, const std::string& text) {
    const auto stored = StoreTest::put(on.store, id, text);
    ASSERT_TRUE(stored.ok());
    on.shared.put(id, *stored);
  }
};

TEST_F(RemoteTest, GivesAnotherMachineWhatOnePut) {
  const auto a = machine("a");
  const auto b = machine("b");
  EXPECT_FALSE(b->get(action(1)));
  put(*a, action(1), std::string(10000, 'x'));
  ASSERT_TRUE(a->flush());

  now_ += std::chrono::hours(1);
  const auto hit = b->get(action(1));
  ASSERT_TRUE(hit);
  EXPECT_EQ(test::read(hit->path), std::string(10000, 'x'));
  EXPECT_EQ(hit->entry.put_time, now_ - std::chrono::hours(1)) << "the time of the put, not ours";
  EXPECT_TRUE(StoreTest::get(b->store, action(1))) << "it is local now";

  const Counts counts = b->shared.counts();
  EXPECT_EQ(counts.hits, 1);
  EXPECT_EQ(counts.misses, 1);
  EXPECT_EQ(a->shared.counts().uploads, 1);
  EXPECT_EQ(a->shared.counts().bytes_up, counts.bytes_down);
}

TEST_F(RemoteTest, MissesWhatIsNoEntryAndReplacesIt) {
  const auto a = machine("a");
  const auto b = machine("b");
  put(*a, action(1), "right");
  ASSERT_TRUE(a->flush());
  const std::string whole = test::read(object_of(action(1)));
  for (const std::string& bad :
       {std::string(), std::string("<html>not here</html>"), whole.substr(0, 130), whole + "x"}) {
    test::write(object_of(action(1)), bad);
    EXPECT_FALSE(b->get(action(1)));
  }
  EXPECT_EQ(b->shared.counts().corrupt, 4);
  EXPECT_EQ(test::count_files(temp_ / "b"), 0) << "nothing of it was kept";
  put(*b, action(1), "right");
  ASSERT_TRUE(b->flush());
  EXPECT_TRUE(machine("c")->get(action(1)));
}

TEST_F(RemoteTest, KnowsWhatAHitSaves) {
  const auto a = machine("a");
  EXPECT_FALSE(a->get(action(1)));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  put(*a, action(1), "slow to make");
  ASSERT_TRUE(a->flush());
  const auto b = machine("b");
  EXPECT_TRUE(b->get(action(1)));
  EXPECT_GE(b->shared.counts().saved_ms, 30);
  EXPECT_LT(b->shared.counts().saved_ms, 10000);
}

TEST_F(RemoteTest, SendsAgainWhatIsRenewedAndNotWhatIsThere) {
  const std::string same(5000, 's'), other(5000, 'o');
  const auto a = machine("a");
  put(*a, action(1), same);
  ASSERT_TRUE(a->flush());

  const auto b = machine("b");
  now_ += std::chrono::hours(1);
  put(*b, action(1), same);  // `go build -a` asks for nothing
  ASSERT_TRUE(b->flush());
  EXPECT_EQ(b->shared.counts().uploads, 0);
  put(*b, action(1), other);
  ASSERT_TRUE(b->flush());
  EXPECT_EQ(b->shared.counts().uploads, 1);

  b->shared.note_local_hit(
      action(1),
      StoreTest::get(b->store, action(1))->entry);  // a test result that had expired, made anew
  put(*b, action(1), other);
  ASSERT_TRUE(b->flush());
  EXPECT_EQ(b->shared.counts().uploads, 2);
  EXPECT_EQ(machine("c")->get(action(1))->entry.put_time, now_);

  put(*b, action(2), "small");
  put(*b, action(2), "small");
  ASSERT_TRUE(b->flush());
  EXPECT_EQ(b->shared.counts().uploads, 4) << "sent sooner than asked for";
}

TEST_F(RemoteTest, WaitsForEmptyOutputsOnlyWhereAsked) {
  const auto a = machine("a", {.upload_concurrency = 1});
  const auto full = StoreTest::put(a->store, action(1), "x"),
             empty = StoreTest::put(a->store, action(2), "");
  ASSERT_TRUE(full && empty);
  std::promise<void> held;
  a->shared.put(action(1), *full);
  a->shared.put(action(2), *empty, [&] { held.get_future().wait(); });
  const auto in = [](seconds time) { return std::chrono::steady_clock::now() + time; };
  EXPECT_TRUE(a->shared.flush(in(seconds(10)), seconds(5), Remote::Flush::kNotEmpty));
  EXPECT_TRUE(std::filesystem::exists(object_of(action(1))));
  EXPECT_FALSE(a->shared.flush(in(seconds(0)), seconds(5)));
  held.set_value();
  EXPECT_TRUE(a->flush());
}

// A file of a main package changes: its link, which nobody ever puts, costs no round trip.
TEST_F(RemoteTest, ExpectsNoLinkOfWhatWasCompiledHereFirst) {
  Options how;
  how.packs.scope = [this] { return std::pair(action(200).hash, action(200).hash); };
  const auto session = [&](Machine& on, const std::vector<std::uint8_t>& compiles,
                           std::uint8_t link) {
    for (const std::uint8_t number : compiles) {
      if (on.get(action(number))) continue;
      put(on, action(number), std::string(20'000, 'x'));
      put(on, action(static_cast<std::uint8_t>(number + 100)),
          "names of files");  // never asked for
    }
    const auto asked = on.objects.counts().gets;
    EXPECT_FALSE(on.get(action(link)));
    return on.objects.counts().gets - asked;
  };
  const auto first = machine("first", how);
  EXPECT_EQ(session(*first, {1, 2, 3}, 4), 1) << "nothing is known";
  first->shared.close();
  ASSERT_TRUE(first->flush());

  const auto changed = machine("changed", how);
  EXPECT_EQ(session(*changed, {1, 2, 13}, 14), 0);
  EXPECT_EQ(session(*machine("cut short", how), {1, 23}, 24), 1) << "2 and 3 may still change";
  ASSERT_TRUE(changed->flush());
  EXPECT_EQ(session(*machine("second", how), {1, 2, 13}, 34), 1) << "somebody was here before";
}

// Each checkout has indexes of its own, and asks for them before anything else.
TEST_F(RemoteTest, LooksNowhereForWhatOnlyThisCheckoutKnows) {
  const auto index = [](char checkout, char packages) {
    return std::string("go index v2\n....") + packages + std::string(3, '\0') + checkout;
  };
  Options how;
  how.packs.scope = [this] { return std::pair(action(200).hash, action(201).hash); };
  const auto session = [&](const std::string& name, int own, int module, int compile) {
    const auto one = machine(name, how);
    const auto step = [&](int number, const std::string& gives) {
      if (!one->get(action(number))) put(*one, action(number), gives);
    };
    step(1, index('s', '\1'));  // of the standard library
    step(own, index(name[0], '\1'));
    step(module, index('m', '\2'));
    step(4, std::string(100'000, 's'));  // the standard library
    step(compile, std::string(100'000, 'x'));
    step(compile + 1, std::string(100'000, 'y'));
    one->shared.close();
    EXPECT_TRUE(one->flush());
    return std::pair(one->shared.counts(), one->objects.counts());
  };
  EXPECT_EQ(session("first", 10, 20, 100).first.uploads, 6);

  const auto [second, asked] = session("second", 11, 20, 100);
  EXPECT_EQ(second.hits, 5);
  EXPECT_EQ(second.misses, 1);
  EXPECT_EQ(second.bytes_up, 0) << "and no news";
  EXPECT_EQ(asked.gets, 3) << "two manifests, one range";

  const auto [third, asked_by_third] = session("third", 12, 21, 110);
  EXPECT_EQ(third.uploads, 3) << "with the index of a new module";
  EXPECT_EQ(asked_by_third.gets, 3 + 2) << "what is to be built may be there";
  EXPECT_FALSE(std::filesystem::exists(object_of(action(12))));
}

// Each build puts what its linker printed: nothing, without asking first.
TEST_F(RemoteTest, WritesNothingForASessionThatAddsNothing) {
  Options how;
  how.packs.scope = [this] { return std::pair(action(100).hash, action(101).hash); };
  for (const std::string name : {"a", "b", "c"}) {
    now_ += seconds(1);
    const auto one = machine(name, how);
    if (!one->get(action(1))) put(*one, action(1), std::string(100'000, 'x'));
    put(*one, action(2), "");
    one->shared.close();
    ASSERT_TRUE(one->flush());
    const Counts counts = one->shared.counts();
    EXPECT_EQ(counts.uploads, name == "a" ? 2 : 0) << name;
    if (name != "a") {
      EXPECT_EQ(counts.bytes_up, 0) << name;
    }
  }
}

TEST_F(RemoteTest, UploadsNothingThatIsSmallOrWhereItMayNot) {
  const auto a = machine("a", {.min_upload_size = 100});
  put(*a, action(1), std::string(99, 'x'));
  put(*a, action(2), std::string(100, 'x'));
  ASSERT_TRUE(a->flush());
  EXPECT_FALSE(std::filesystem::exists(object_of(action(1))));
  EXPECT_TRUE(std::filesystem::exists(object_of(action(2))));

  const auto b = machine("b", {}, "?mode=ro");
  put(*b, action(3), "x");
  ASSERT_TRUE(b->flush());
  EXPECT_FALSE(std::filesystem::exists(object_of(action(3))));
  EXPECT_TRUE(b->get(action(2)));
}

TEST_F(RemoteTest, GivesUpAndSaysHowMany) {
  std::int64_t lost = 0;
  for (int i = 0; lost == 0 && i < 20; ++i) {  // all may be there by then
    const auto a = machine(fmt::format("a{}", i), {.upload_concurrency = 1});
    for (std::uint8_t k = 0; k < 200; ++k) put(*a, action(k), std::string(100000, 'x'));
    lost = a->shared.give_up();
    EXPECT_EQ(a->shared.counts().uploads + lost, 200);
    EXPECT_EQ(a->shared.pending(), 0);
    put(*a, action(1), "late");
    EXPECT_EQ(a->shared.pending(), 0);
  }
  EXPECT_GT(lost, 0);
}

TEST_F(RemoteTest, OwnsOnlyItsKeys) {
  EXPECT_TRUE(is_our_key(entry_key(action(1))));
  for (const char* key : {"", "v1/e/", "v1/e/abc", "precious/data.txt", "v2/e/", "v1/reachable"}) {
    EXPECT_FALSE(is_our_key(key)) << key;
  }
}

}  // namespace
}  // namespace gopouch::remote
