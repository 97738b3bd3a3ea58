#include <gtest/gtest.h>

#include "crypto/crypto.h"

namespace gopouch::crypto {
namespace {

TEST(Authority, SignsForHostsAndAddresses) {
  const auto key = new_private_key();
  ASSERT_TRUE(key.ok());
  EXPECT_NE(key->reveal().find("BEGIN PRIVATE KEY"), std::string::npos);
  const auto certificate = new_authority(*key, "gopouch on a machine");
  ASSERT_TRUE(certificate.ok());
  const auto authority = Identity::parse(*certificate, *key);
  ASSERT_TRUE(authority.ok());
  for (const char* const host : {"a.test", "127.0.0.1", "::1", "x_y.test"}) {
    EXPECT_TRUE(Identity::issue(**authority, host).ok()) << host;
  }
  for (const char* const host : {"", "a.test,DNS:b.test", "a b", "*.test", ".test", "a/b"}) {
    EXPECT_FALSE(Identity::issue(**authority, host).ok()) << host;
  }
}

TEST(Authority, WantsAKey) {
  EXPECT_FALSE(new_authority(base::Secret("no key"), "x").ok());
  const auto one = new_private_key();
  const auto other = new_private_key();
  ASSERT_TRUE(one.ok() && other.ok());
  const auto certificate = new_authority(*one, "x");
  ASSERT_TRUE(certificate.ok());
  EXPECT_FALSE(Identity::parse(*certificate, *other).ok());
}

}  // namespace
}  // namespace gopouch::crypto
