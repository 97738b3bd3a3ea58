#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "test/support/temp_dir.h"

namespace gopouch::base {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class NewFileTest : public testing::Test {
 protected:
  NewFile create(const char* name) {
    auto file = NewFile::create(dir_.get(), name);
    EXPECT_TRUE(file.ok());
    return std::move(*file);
  }

  test::TempDir temp_;
  Fd dir_{::open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST_F(NewFileTest, IsNowhereBeforeItIsPublished) {
  NewFile file = create("ab/file");
  ASSERT_TRUE(file.write(bytes("one ")).ok());
  ASSERT_TRUE(file.write(bytes("two")).ok());
  EXPECT_EQ(test::count_files(temp_.path()), 0);
  const auto published = file.publish();
  ASSERT_TRUE(published.ok());
  EXPECT_TRUE(*published);
  EXPECT_EQ(test::read(temp_ / "ab/file"), "one two");
  EXPECT_EQ(test::count_files(temp_.path()), 1);
}

TEST_F(NewFileTest, IsGoneWithoutPublish) {
  {
    NewFile file = create("ab/file");
    ASSERT_TRUE(file.write(bytes("x")).ok());
  }
  EXPECT_EQ(test::count_files(temp_.path()), 0);
}

TEST_F(NewFileTest, LeavesWhatHasItsName) {
  test::write(temp_ / "ab/file", "first");
  NewFile file = create("ab/file");
  const auto published = file.publish();
  ASSERT_TRUE(published.ok());
  EXPECT_FALSE(*published);
  EXPECT_EQ(test::read(temp_ / "ab/file"), "first");
}

TEST_F(NewFileTest, PublishOverReplacesFileLinkAndFolder) {
  test::write(temp_ / "ab/file", "old");
  test::write(temp_ / "ab/folder/in/side", "old");
  std::filesystem::create_symlink("file", temp_ / "ab/link");
  for (const char* name : {"ab/file", "ab/folder", "ab/link", "ab/new"}) {
    NewFile file = create(name);
    ASSERT_TRUE(file.write(bytes(name)).ok());
    ASSERT_TRUE(file.publish_over().ok()) << name;
    EXPECT_EQ(test::read(temp_ / name), name);
    EXPECT_FALSE(std::filesystem::is_symlink(temp_ / name));
  }
  EXPECT_EQ(test::count_files(temp_.path()), 4);
}

TEST_F(NewFileTest, CopiesAnother) {
  std::string text(300'000, 'x');
  text += "end";
  NewFile from = create("ab/from");
  ASSERT_TRUE(from.write(bytes(text)).ok());
  NewFile to = create("cd/to");
  ASSERT_TRUE(to.write_copy_of(from).ok());
  ASSERT_TRUE(to.write(bytes("!")).ok());
  ASSERT_TRUE(to.publish().ok());
  EXPECT_EQ(test::read(temp_ / "cd/to"), text + "!");
}

TEST_F(NewFileTest, SaysWhyItCannotBe) {
  const auto file = NewFile::create(-1, "ab/file");
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("ab/file"), std::string::npos);
}

TEST(SystemError, TellsWhatCanBeDone) {
  EXPECT_EQ(system_error("x", ENOSPC).fault, Fault::kFull);
  EXPECT_EQ(system_error("x", EFBIG).fault, Fault::kFull);
  EXPECT_EQ(system_error("x", EROFS).fault, Fault::kDenied);
  EXPECT_EQ(system_error("x", EACCES).fault, Fault::kDenied);
  EXPECT_EQ(system_error("x", EMFILE).fault, Fault::kUnavailable);
}

TEST(ReadFile, TellsAbsentFromFailed) {
  const test::TempDir temp;
  test::write(temp / "file", "12345");
  std::filesystem::create_symlink("file", temp / "link");
  const Fd dir(::open(temp.path().c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(**read_file(dir.get(), "file", 100), "12345");
  EXPECT_EQ(**read_file(dir.get(), "file", 3), "123");
  const auto absent = read_file(dir.get(), "none", 100);
  ASSERT_TRUE(absent.ok());
  EXPECT_FALSE(absent->has_value());
  EXPECT_FALSE(read_file(dir.get(), "file/none", 100)->has_value());
  EXPECT_FALSE(read_file(dir.get(), "link", 100).ok());
  EXPECT_EQ(**read_file(dir.get(), "link", 100, Links::kFollow), "12345");
  const std::string large(10'000, 'x');
  test::write(temp / "large", large);
  EXPECT_EQ(**read_file(dir.get(), "large", 100'000), large);
  EXPECT_EQ(**read_file(dir.get(), "large", 5000), large.substr(0, 5000));
}

TEST(EachPiece, GivesAPartOfAFileAndSaysWhereThatIsNotThere) {
  const test::TempDir temp;
  const std::string text(300'000, 'x');
  test::write(temp / "file", "abc" + text);
  const Fd file(::open((temp / "file").c_str(), O_RDONLY));
  std::string got;
  const auto take = [&](std::span<const std::uint8_t> piece) -> Status {
    got.append(piece.begin(), piece.end());
    return Done{};
  };
  EXPECT_TRUE(each_piece(file.get(), 2, 300'003, "the file", take));
  EXPECT_EQ(got, "c" + text);
  EXPECT_TRUE(each_piece(file.get(), 5, 5, "the file", take));
  const Status shorter = each_piece(file.get(), 0, 300'004, "the file", take);
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().message.substr(0, 9), "the file:");
  int calls = 0;
  const Status failed = each_piece(file.get(), 0, 300'003, "the file", [&](auto) -> Status {
    ++calls;
    return Error{Fault::kFull, "no more"};
  });
  EXPECT_EQ(failed.error().message, "no more");
  EXPECT_EQ(calls, 1);
}

TEST(HashFile, HashesAll) {
  const test::TempDir temp;
  const std::string text(400'000, 'y');
  test::write(temp / "file", text);
  const Fd fd(::open((temp / "file").c_str(), O_RDONLY));
  EXPECT_EQ(*hash_file(fd.get()), sha256(bytes(text)));
}

}  // namespace
}  // namespace gopouch::base
