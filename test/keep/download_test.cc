#include <thread>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "keep/keep.h"
#include "test/support/temp_dir.h"

namespace gopouch::keep {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;

// A shelf that takes nothing: a file stands where its folder should be.
class DownloadTest : public testing::Test {
 protected:
  void SetUp() override {
    name_ = base::sha256(base::bytes_of("a name"));
    shelf_ = *Shelf::open(dir_.path(), {}, {}, {"files", "v1/x/"});
    download_ = std::make_shared<Download>();
  }
  void spoil() { test::write(dir_ / base::to_hex(name_).substr(0, 2), "no folder"); }
  bool write(std::string_view text) {
    return download_->write(*shelf_, name_, base::bytes_of(text));
  }
  void finish() { download_->finish({200, {}, "miss", {}}); }
  static std::string rest(Download::Reader& reader) {
    std::string all, piece(1000, '\0');
    while (true) {
      const auto got = reader.read(piece);
      EXPECT_TRUE(got);
      if (!got || *got == 0) return all;
      all.append(piece, 0, *got);
    }
  }

  test::TempDir dir_;
  base::Hash name_{};
  std::unique_ptr<Shelf> shelf_;
  std::shared_ptr<Download> download_;
};

TEST_F(DownloadTest, IsReadWhileItComes) {
  auto first = Download::join(download_);
  EXPECT_TRUE(write("one "));
  EXPECT_EQ(first->wait_for_start(), nullptr);
  std::string piece(10, '\0');
  EXPECT_EQ(*first->read(piece), 4U);
  EXPECT_TRUE(write("two"));
  finish();
  EXPECT_EQ(rest(*first), "two");
  EXPECT_NE(download_->draft(), nullptr);
  auto late = Download::join(download_);
  EXPECT_EQ(rest(*late), "one two");
}

TEST_F(DownloadTest, ComesAgainAsItWas) {
  for (const bool spoilt : {false, true}) {
    if (spoilt) spoil();
    download_ = std::make_shared<Download>();
    auto reader = Download::join(download_);
    EXPECT_TRUE(write("abc"));
    download_->begin();
    EXPECT_TRUE(write("ab"));
    EXPECT_TRUE(write("cde"));
    download_->begin();
    EXPECT_FALSE(write("abx"));
    finish();
    EXPECT_EQ(rest(*reader), "abcde");
  }
}

TEST_F(DownloadTest, WithoutADiskIsHandedOn) {
  spoil();
  auto reader = Download::join(download_);
  std::string wanted;
  std::thread writer([&] {
    for (int i = 0; i < 64; ++i) {
      const std::string piece(kMiB, static_cast<char>('a' + i % 26));
      wanted += piece;
      EXPECT_TRUE(write(piece));
    }
    finish();
  });
  const std::string got = rest(*reader);
  writer.join();
  EXPECT_TRUE(got == wanted);
  EXPECT_EQ(download_->draft(), nullptr);
  EXPECT_TRUE(download_->started());
  EXPECT_FALSE(Download::join(download_)) << "its beginning is gone";
}

TEST_F(DownloadTest, WithoutADiskWaitsForTheSlowest) {
  spoil();
  auto slow = Download::join(download_);
  auto gone = Download::join(download_);
  const std::string piece(kMiB, 'x');
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(write(piece));
  std::thread writer([&] {
    EXPECT_TRUE(write(piece));  // once both have read some, or gone
    finish();
  });
  std::string some(static_cast<std::size_t>(kMiB), '\0');
  EXPECT_EQ(*slow->read(some), some.size());
  gone.reset();
  writer.join();
  EXPECT_EQ(rest(*slow).size(), 16U * kMiB);
}

TEST_F(DownloadTest, WithoutADiskAndReadersIsGivenUp) {
  spoil();
  const std::string piece(kMiB, 'x');
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(write(piece));
  EXPECT_TRUE(Download::join(download_)) << "all of it is here";
  EXPECT_FALSE(write(piece));
}

}  // namespace
}  // namespace gopouch::keep
