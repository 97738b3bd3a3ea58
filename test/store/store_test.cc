#include "store/store.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "test/support/store_fixture.h"

namespace gopouch::store {
namespace {

using std::chrono::hours;
using test::StoreTest;

TEST_F(StoreTest, MissesWhatWasNeverPut) {
  Store store(options());
  const auto found = store.get(action(1));
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

TEST_F(StoreTest, GivesBackWhatWasPut) {
  Store store(options());
  const auto stored = put(store, action(1), "some bytes");
  ASSERT_TRUE(stored.ok());
  const auto hit = get(store, action(1));
  ASSERT_TRUE(hit);
  EXPECT_EQ(test::read(hit->path), "some bytes");
  EXPECT_EQ(hit->entry.output, output_of("some bytes"));
  EXPECT_EQ(hit->entry.size, 10);
  EXPECT_EQ(hit->entry.put_time, now_);
  EXPECT_EQ(stored->path, hit->path);
}

TEST_F(StoreTest, LaysFilesOutAsGoDoes) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "x").ok());
  const std::string hex = base::to_hex(action(1).hash);
  EXPECT_EQ(test::read(dir() / hex.substr(0, 2) / (hex + "-a")).size(), 175U);
  const std::string output = base::to_hex(output_of("x").hash);
  EXPECT_EQ(path_of("x"), dir() / output.substr(0, 2) / (output + "-d"));
  EXPECT_EQ(test::read(path_of("x")), "x");
  EXPECT_EQ(test::count_files(dir()), 2);
}

TEST_F(StoreTest, StoresEmptyAndLargeOutputs) {
  Store store(options());
  const std::string large(3'000'000, 'z');
  for (const std::string& text : {std::string(), large}) {
    ASSERT_TRUE(put(store, action(1), text, 1000).ok());
    EXPECT_EQ(test::read(get(store, action(1))->path), text);
  }
}

TEST_F(StoreTest, RefusesBytesThatAreNotWhatWasAnnounced) {
  Store store(options());
  for (const auto& [announced, size] : {std::pair("other", 5), {"bytes", 4}, {"bytes", 6}}) {
    Put wrong = store.put(action(1), output_of(announced), size);
    wrong.write(base::bytes_of("bytes"));
    const auto stored = wrong.commit();
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().fault, base::Fault::kInvalid);
  }
  EXPECT_EQ(test::count_files(dir()), 0);
}

TEST_F(StoreTest, LeavesNothingOfAnUnfinishedPut) {
  Store store(options());
  {
    Put put = store.put(action(1), output_of("bytes"), 5);
    put.write(base::bytes_of("byt"));
  }
  EXPECT_EQ(test::count_files(dir()), 0);
}

TEST_F(StoreTest, TakesTheLatestPutOfAnAction) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "first").ok());
  ASSERT_TRUE(put(store, action(1), "second").ok());
  EXPECT_EQ(test::read(get(store, action(1))->path), "second");
}

TEST_F(StoreTest, RenewsTheTimeByAnIdenticalPut) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "same").ok());
  now_ += hours(2);
  ASSERT_TRUE(put(store, action(1), "same").ok());
  EXPECT_EQ(get(store, action(1))->entry.put_time, now_);
}

TEST_F(StoreTest, NeverGivesATimeOfTheFuture) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "x").ok());
  const Time put_time = now_;
  now_ -= hours(1);
  EXPECT_EQ(get(store, action(1))->entry.put_time, now_);
  now_ = put_time + hours(1);
  EXPECT_EQ(get(store, action(1))->entry.put_time, put_time);
}

TEST_F(StoreTest, MissesAndHealsWhatOthersDamaged) {
  Store store(options());
  const std::filesystem::path file = path_of("bytes");
  const std::vector<std::function<void()>> damages = {
      [&] { std::filesystem::remove(file); },
      [&] { test::write(file, "byt"); },
      [&] { test::write(file, "bytes and more"); },
      [&] {
        std::filesystem::remove(file);
        test::write(file / "program", "an executable that go put");
      },
      [&] {
        std::filesystem::remove_all(file);
        test::write(dir() / "elsewhere", "bytes");
        std::filesystem::create_symlink(dir() / "elsewhere", file);
      },
  };
  for (const auto& damage : damages) {
    ASSERT_TRUE(put(store, action(1), "bytes").ok());
    ASSERT_TRUE(get(store, action(1)));
    damage();
    EXPECT_FALSE(get(store, action(1)));
  }
  ASSERT_TRUE(put(store, action(1), "bytes").ok());
  EXPECT_EQ(test::read(get(store, action(1))->path), "bytes");
}

TEST_F(StoreTest, HealsBytesThatWereChanged) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "bytes").ok());
  test::write(path_of("bytes"), "BYTES");
  ASSERT_TRUE(put(store, action(2), "bytes").ok());
  EXPECT_EQ(test::read(path_of("bytes")), "bytes");
}

TEST_F(StoreTest, MissesAnEntryThatIsNoRecord) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "bytes").ok());
  const std::string record = test::read(entry_of(action(1)));
  for (const std::string& text :
       {std::string(), record.substr(1), record + "\n", std::string(175, '0')}) {
    test::write(entry_of(action(1)), text);
    EXPECT_FALSE(get(store, action(1)));
    ASSERT_TRUE(put(store, action(1), "bytes").ok());
    EXPECT_EQ(test::read(entry_of(action(1))), record);
  }
}

TEST_F(StoreTest, AlwaysVerifyingNeverServesChangedBytes) {
  Options always = options();
  always.verify = Verify::kAlways;
  Store store(always);
  ASSERT_TRUE(put(store, action(1), "bytes").ok());
  EXPECT_TRUE(get(store, action(1)));
  test::write(path_of("bytes"), "BYTES");
  EXPECT_FALSE(get(store, action(1)));
  EXPECT_FALSE(std::filesystem::exists(path_of("bytes")));
}

TEST_F(StoreTest, MovesTheTimeOfUseAtMostHourly) {
  Store store(options());
  ASSERT_TRUE(put(store, action(1), "bytes").ok());
  for (const auto& file : {path_of("bytes"), entry_of(action(1))}) {
    set_mtime(file, now_ - std::chrono::minutes(59));
    ASSERT_TRUE(get(store, action(1)));
    EXPECT_EQ(mtime(file), now_ - std::chrono::minutes(59));
    set_mtime(file, now_ - hours(1));
    ASSERT_TRUE(get(store, action(1)));
    EXPECT_EQ(mtime(file), now_);
  }
}

TEST_F(StoreTest, WritesElsewhereWhereItsFolderCannotBe) {
  test::write(temp_ / "file", "a file where the folder should be");
  Options other = options();
  other.dir = temp_ / "file/cache";
  other.fallback_dir = temp_ / "fallback";
  Store store(other);
  const auto stored = put(store, action(1), "bytes");
  ASSERT_TRUE(stored.ok());
  EXPECT_TRUE(stored->path.starts_with(other.fallback_dir.native())) << stored->path;
  EXPECT_EQ(test::read(get(store, action(1))->path), "bytes");

  struct stat info {};
  ASSERT_EQ(::stat(other.fallback_dir.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_TRUE(store.trim_due()) << "it is kept small as well";
  Store next(other);
  EXPECT_TRUE(get(next, action(1))) << "a later session looks there too";
}

TEST_F(StoreTest, TakesTheLaterPutOfTwoFolders) {
  Options other = options();
  other.fallback_dir = temp_ / "fallback";
  Options lost = other;
  lost.dir = "/proc/no/such/folder";
  ASSERT_TRUE(put(*std::make_unique<Store>(lost), action(1), "first").ok());
  now_ += hours(1);
  Store store(other);
  EXPECT_EQ(test::read(get(store, action(1))->path), "first");
  ASSERT_TRUE(put(store, action(1), "second").ok());
  EXPECT_EQ(test::read(get(store, action(1))->path), "second");
  now_ += hours(1);
  ASSERT_TRUE(put(*std::make_unique<Store>(lost), action(1), "third").ok());
  EXPECT_EQ(test::read(get(store, action(1))->path), "third");
}

TEST_F(StoreTest, DoesNotTrustAFallbackThatOthersMayWrite) {
  Options other = options();
  other.dir = "/proc/no/such/folder";
  other.fallback_dir = temp_ / "fallback";
  std::filesystem::create_directory(other.fallback_dir);
  std::filesystem::permissions(other.fallback_dir, std::filesystem::perms::all);
  Store store(other);
  EXPECT_FALSE(put(store, action(1), "bytes").ok());
  EXPECT_FALSE(get(store, action(1)));
}

TEST_F(StoreTest, SaysSoWhereNoFolderHoldsAPut) {
  Options none = options();
  none.dir = "/proc/no/such/folder";
  Store store(none);
  const auto stored = put(store, action(1), "bytes");
  ASSERT_FALSE(stored.ok());
  EXPECT_NE(stored.error().fault, base::Fault::kInvalid);
  EXPECT_FALSE(get(store, action(1)));
}

}  // namespace
}  // namespace gopouch::store
