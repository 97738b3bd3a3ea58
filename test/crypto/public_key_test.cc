// Signatures of others, made by the openssl command.
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "crypto/crypto.h"
#include "test/support/temp_dir.h"

namespace gopouch::crypto {
namespace {

class PublicKeyTest : public testing::Test {
 protected:
  std::string openssl(const std::string& words) {
    EXPECT_EQ(std::system(
                  ("cd " + dir_.path().string() + " && openssl " + words + " 2>/dev/null").c_str()),
              0)
        << words;
    return test::read(dir_ / "out");
  }
  const test::TempDir dir_;
};

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

TEST_F(PublicKeyTest, OfRsaVerifiesItsOwn) {
  openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key");
  const std::string line = openssl("rsa -in key -noout -modulus -out out");
  const std::string modulus = bytes_of_hex(line.substr(line.find('=') + 1));
  ASSERT_EQ(modulus.size(), 256U);
  const auto key = PublicKey::rsa(modulus, std::string("\x01\x00\x01", 3));
  ASSERT_TRUE(key) << key.error().message;
  const auto signature = sign_rs256(base::Secret(test::read(dir_ / "key")), "text");
  ASSERT_TRUE(signature);
  EXPECT_TRUE((*key)->verifies("text", *signature));
  EXPECT_FALSE((*key)->verifies("texts", *signature));
  EXPECT_FALSE((*key)->verifies("text", signature->substr(1)));
  EXPECT_FALSE((*key)->verifies("text", ""));
  EXPECT_FALSE(PublicKey::rsa(modulus.substr(128), std::string("\x03", 1))) << "1024 bits";
  EXPECT_FALSE(PublicKey::rsa("", "\x03"));
}

TEST_F(PublicKeyTest, OnP256VerifiesItsOwn) {
  openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key");
  const std::string der = openssl("pkey -in key -pubout -outform DER -out out");
  const std::string point = der.substr(der.size() - 64);
  const auto key = PublicKey::p256(point.substr(0, 32), point.substr(32));
  ASSERT_TRUE(key) << key.error().message;
  test::write(dir_ / "text", "text");
  for (int round = 0; round < 8; ++round) {  // numbers of other lengths now and then
    const std::string signature = openssl("dgst -sha256 -sign key -out out text");
    std::string raw;
    for (std::size_t at = 2; at < signature.size();) {
      const auto size = static_cast<std::size_t>(static_cast<unsigned char>(signature[at + 1]));
      const std::string number = std::string(32, '\0') + signature.substr(at + 2, size);
      raw += number.substr(number.size() - 32);
      at += 2 + size;
    }
    ASSERT_EQ(raw.size(), 64U);
    EXPECT_TRUE((*key)->verifies("text", raw));
    EXPECT_FALSE((*key)->verifies("texts", raw));
    EXPECT_FALSE((*key)->verifies("text", raw.substr(0, 63)));
    EXPECT_FALSE((*key)->verifies("text", signature)) << "as OpenSSL writes it";
  }
  EXPECT_FALSE((*key)->verifies("text", std::string(64, '\0')));
  EXPECT_FALSE(PublicKey::p256(point.substr(0, 32), point.substr(0, 32))) << "not on the curve";
  EXPECT_FALSE(PublicKey::p256("x", "y"));
}

}  // namespace
}  // namespace gopouch::crypto
