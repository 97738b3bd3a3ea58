#include "base/hash.h"

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

}  // namespace
}  // namespace gopouch::base
