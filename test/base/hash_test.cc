#include "base/hash.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace gopouch::base {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Sha256, GivesThePublishedValues) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, TakesPieces) {
  Sha256 hasher;
  hasher.update(bytes("a"));
  hasher.update({});
  hasher.update(bytes("bc"));
  EXPECT_EQ(hasher.finish(), sha256(bytes("abc")));
}

TEST(HashFromHex, ReadsWhatToHexWrites) {
  const Hash hash = sha256(bytes("abc"));
  EXPECT_EQ(hash_from_hex(to_hex(hash)), hash);
}

TEST(HashFromHex, RefusesAnythingElse) {
  const std::string good(64, 'a');
  EXPECT_TRUE(hash_from_hex(good));
  EXPECT_FALSE(hash_from_hex(""));
  EXPECT_FALSE(hash_from_hex(good.substr(1)));
  EXPECT_FALSE(hash_from_hex(good + "a"));
  EXPECT_FALSE(hash_from_hex("A" + good.substr(1)));
  EXPECT_FALSE(hash_from_hex("g" + good.substr(1)));
  EXPECT_FALSE(hash_from_hex(good.substr(1) + " "));
}

TEST(OlderDigests, GiveThePublishedValues) {
  const auto same = [](const auto& digest, std::vector<std::uint8_t> wanted) {
    return std::equal(digest.begin(), digest.end(), wanted.begin(), wanted.end());
  };
  EXPECT_TRUE(same(md5(bytes("abc")), {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,  //
                                       0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72}));
  EXPECT_TRUE(
      same(sha1(bytes("abc")), {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,  //
                                0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d}));
}

}  // namespace
}  // namespace gopouch::base
