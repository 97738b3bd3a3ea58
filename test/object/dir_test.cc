// What is peculiar to a folder as a store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "test/object/scripted_store.h"
#include "test/support/temp_dir.h"

namespace gopouch::object {
namespace {

using base::Fault;
using namespace test;
namespace fs = std::filesystem;

class DirTest : public testing::Test {
 protected:
  Remote open_it(const std::string& url) {
    auto opened = open(url, {});
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  std::string refusal(const std::string& url) {
    const auto opened = open(url, {});
    return opened ? "opened" : opened.error().message;
  }
  std::vector<std::string> list(Store& store) {
    std::vector<std::string> keys;
    EXPECT_TRUE(store.list("", in_time(), [&](std::span<const Info> page) {
      for (const Info& info : page) keys.push_back(info.key);
      return true;
    }));
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  test::TempDir dir_;
  const fs::path root_ = dir_ / "shared";
  Remote remote_ = open_it("file://" + root_.string());
  Store& store_ = remote_.store();
};

TEST_F(DirTest, ObjectsAreFilesOfTheirNames) {
  ASSERT_TRUE(put(store_, "v1/e/00", "hello"));
  EXPECT_EQ(test::read(root_ / "v1/e/00"), "hello");
  EXPECT_EQ(test::count_files(dir_.path()), 1) << "and nothing else";
  test::write(root_ / "v1/e/01", "copied here");
  EXPECT_EQ(text_of(store_, "v1/e/01"), "copied here");
}

TEST_F(DirTest, TakesUrlsOfFolders) {
  EXPECT_EQ(open_it("file:///a%20b/c//").name(), "file:///a b/c");
  EXPECT_EQ(open_it("file://localhost/a").name(), "file:///a");
  EXPECT_EQ(refusal("file://host/a"), "file:// takes no host: write file:///folder");
  EXPECT_EQ(refusal("file://me:pw@localhost/a"), "file:// takes no host: write file:///folder");
  for (const char* url : {"file://", "file:///", "file:////", "file:///a%00b"}) {
    EXPECT_EQ(refusal(url), "file:// needs a folder: write file:///folder") << url;
  }
}

TEST_F(DirTest, AMissingFolderIsMadeByTheFirstPut) {
  EXPECT_EQ(text_of(store_, "k"), "absent");
  EXPECT_FALSE(*store_.head("k", in_time()));
  EXPECT_EQ(list(store_), std::vector<std::string>());
  const Key key = "k";
  EXPECT_TRUE(store_.remove(std::span(&key, 1), in_time()));
  EXPECT_FALSE(fs::exists(root_));
  ASSERT_TRUE(put(store_, "k", "x"));
  EXPECT_EQ(text_of(store_, "k"), "x");
}

TEST_F(DirTest, AMissingParentIsAMistake) {
  Remote remote = open_it("file://" + (dir_ / "not/mounted").string());
  const auto got = get_one(remote.store(), {.key = "k"}, in_time());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kInvalid);
  EXPECT_EQ(got.error().message,
            fmt::format("file://{0}/not/mounted: {0}/not is not there; make it, or mount what "
                        "belongs there",
                        dir_.path().string()));
  EXPECT_EQ(fault_of(put(remote.store(), "k", "x")), Fault::kInvalid);
  EXPECT_EQ(test::count_files(dir_.path()), 0);
}

TEST_F(DirTest, AFileIsNoFolder) {
  test::write(root_, "a file");
  EXPECT_EQ(fault_of(store_, "k"), Fault::kInvalid);
  EXPECT_EQ(fault_of(put(store_, "k", "x")), Fault::kInvalid);
  EXPECT_EQ(test::read(root_), "a file");
}

TEST_F(DirTest, AKeyCannotGoOnBehindAnother) {
  ASSERT_TRUE(put(store_, "a/b", "x"));
  const auto above = put(store_, "a", "y");
  EXPECT_EQ(fault_of(above), Fault::kInvalid);
  EXPECT_NE(above.error().message.find(": a is a folder there"), std::string::npos);
  EXPECT_EQ(fault_of(put(store_, "a/b/c", "z")), Fault::kInvalid);
  EXPECT_EQ(list(store_), std::vector<std::string>{"a/b"});
  const Key key = "a";
  EXPECT_TRUE(store_.remove(std::span(&key, 1), in_time())) << "no such object";
  EXPECT_EQ(text_of(store_, "a/b"), "x");
}

TEST_F(DirTest, FollowsNoLinks) {
  test::write(dir_ / "secret", "secret");
  test::write(dir_ / "elsewhere/file", "secret");
  ASSERT_TRUE(put(store_, "k", "x"));
  fs::create_symlink(dir_ / "secret", root_ / "link");
  fs::create_directory_symlink(dir_ / "elsewhere", root_ / "folder");
  EXPECT_EQ(fault_of(store_, "link"), Fault::kCorrupt);
  EXPECT_EQ(text_of(store_, "folder/file"), "absent");
  EXPECT_FALSE(*store_.head("link", in_time()));
  EXPECT_EQ(fault_of(put(store_, "folder/new", "y")), Fault::kInvalid);
  const Key key = "folder/file";
  EXPECT_TRUE(store_.remove(std::span(&key, 1), in_time()));
  EXPECT_EQ(list(store_), std::vector<std::string>{"k"});
  EXPECT_EQ(test::read(dir_ / "elsewhere/file"), "secret");
  EXPECT_FALSE(fs::exists(dir_ / "elsewhere/new"));

  // Ours to overwrite: the link goes, what it points to stays.
  EXPECT_TRUE(put(store_, "link", "y"));
  EXPECT_EQ(text_of(store_, "link"), "y");
  EXPECT_EQ(test::read(dir_ / "secret"), "secret");
}

TEST_F(DirTest, TheFolderItselfMayBeALink) {
  fs::create_directory(dir_ / "elsewhere");
  fs::create_directory_symlink(dir_ / "elsewhere", root_);
  ASSERT_TRUE(put(store_, "k", "x"));
  EXPECT_EQ(test::read(dir_ / "elsewhere/k"), "x");
  EXPECT_EQ(text_of(store_, "k"), "x");
}

TEST_F(DirTest, WaitsForNoPipe) {
  ASSERT_TRUE(put(store_, "k", "x"));
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(fault_of(store_, "pipe"), Fault::kCorrupt);
  EXPECT_EQ(list(store_), std::vector<std::string>{"k"});
}

TEST_F(DirTest, ListsOnlyWhatCanBeAKey) {
  ASSERT_TRUE(put(store_, "v1/k", "x"));
  for (const char* stranger : {"v1/with space", "v1/.gopouch-12-1", "ü/k", "v1/a..b"}) {
    test::write(root_ / stranger, "x");
  }
  EXPECT_EQ(list(store_), std::vector<std::string>{"v1/k"});
}

TEST_F(DirTest, LeavesTheModesToTheUmask) {
  const mode_t before = ::umask(0002);
  ASSERT_TRUE(put(store_, "v1/e/k", "x"));
  ::umask(before);
  const auto mode = [](const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  };
  EXPECT_EQ(mode(root_), 0775U);
  EXPECT_EQ(mode(root_ / "v1/e"), 0775U);
  EXPECT_EQ(mode(root_ / "v1/e/k"), 0664U);
}

TEST_F(DirTest, IsDeniedWhereTheModesSaySo) {
  constexpr uid_t kNobody = 65534;
  ASSERT_TRUE(put(store_, "k", "x"));
  ASSERT_TRUE(put(store_, "private", "x"));
  fs::permissions(root_ / "private", fs::perms::none);
  fs::permissions(root_, fs::perms(0555));
  fs::permissions(dir_.path(), fs::perms(0755));
  const bool root = ::geteuid() == 0;  // who may do anything
  ASSERT_EQ(root ? ::seteuid(kNobody) : 0, 0);
  EXPECT_EQ(fault_of(put(store_, "l", "x")), Fault::kDenied);
  EXPECT_TRUE(remote_.counts().read_only);
  EXPECT_EQ(fault_of(store_, "private"), Fault::kDenied);
  EXPECT_EQ(text_of(store_, "k"), "x");
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  fs::permissions(root_, fs::perms(0755));
}

TEST_F(DirTest, SeesWhatOthersDoToTheFolder) {
  ASSERT_TRUE(put(store_, "a/k", "x"));
  fs::remove_all(root_);
  EXPECT_EQ(text_of(store_, "a/k"), "absent");
  ASSERT_TRUE(put(store_, "a/k", "y"));
  Remote other = open_it("file://" + root_.string());
  EXPECT_EQ(text_of(other.store(), "a/k"), "y");
}

}  // namespace
}  // namespace gopouch::object
