#include "proxy/zip.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/files.h"

namespace gopouch::proxy {
namespace {

std::string number(std::size_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// A zip of empty, stored files, with a comment.
std::string zip(const std::vector<std::string>& names, const std::string& comment = "") {
  std::string data, index;
  for (const std::string& name : names) {
    index += std::string("PK\1\2") + std::string(24, '\0') + number(name.size(), 2) +
             std::string(12, '\0') + number(data.size(), 4) + name;
    data += std::string("PK\3\4") + std::string(22, '\0') + number(name.size(), 2) +
            std::string(2, '\0') + name;
  }
  return data + index + "PK\5\6" + std::string(4, '\0') + number(names.size(), 2) +
         number(names.size(), 2) + number(index.size(), 4) + number(data.size(), 4) +
         number(comment.size(), 2) + comment;
}

std::string told(const std::string& bytes) {
  const base::Fd file(::memfd_create("zip", MFD_CLOEXEC));
  EXPECT_TRUE(base::write_all(file.get(), base::bytes_of(bytes)).ok());
  const auto fine = check_zip(file.get(), std::ssize(bytes), "example.com/M@v1.0.0/");
  return fine ? "fine" : fine.error().message;
}

const std::string kGood = "example.com/M@v1.0.0/";

TEST(Zip, OfAModuleHasItsFilesBelowItsName) {
  EXPECT_EQ(told(zip({kGood + "go.mod", kGood + "a/b.go", kGood + "a/c.go"})), "fine");
  EXPECT_EQ(told(zip({kGood + "go.mod"}, "a comment")), "fine");
  EXPECT_EQ(told(zip({})), "fine");
  EXPECT_EQ(told(zip({"example.com/m@v1.0.0/go.mod"})),
            "zip: a name outside of the module's folder");
  EXPECT_EQ(told(zip({kGood + "../x"})), "zip: a name that leads elsewhere");
  EXPECT_EQ(told(zip({kGood + "a//x"})), "zip: a name that leads elsewhere");
  EXPECT_EQ(told(zip({kGood + "a\\x"})), "zip: a name with a strange character");
  EXPECT_EQ(told(zip({kGood + "x", kGood + "x"})), "zip: a name that is there twice");
}

TEST(Zip, IsWhole) {
  const std::string good = zip({kGood + "go.mod", kGood + "a.go"});
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(told(good.substr(0, size)), "fine") << size;
  }
  EXPECT_NE(told(good + "x"), "fine");
  EXPECT_NE(told("<html>" + std::string(1000, 'x')), "fine");
}

TEST(Zip, DamagedAnywhereEndsNothing) {
  const std::string good = zip({kGood + "go.mod", kGood + "a.go"});
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[at] = byte;
      EXPECT_FALSE(told(bad).empty());
    }
  }
}

}  // namespace
}  // namespace gopouch::proxy
