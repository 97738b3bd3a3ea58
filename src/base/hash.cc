// The low-level calls are marked deprecated since OpenSSL 3.0; hash.h says why they are
// used.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash.h"

#include <new>

#include <openssl/md5.h>
#include <openssl/sha.h>

namespace gopouch::base {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigitValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  std::uint8_t value = 0;
  for (const char digit : kDigits) values[static_cast<std::uint8_t>(digit)] = value++;
  return values;
}();

SHA256_CTX* context(std::array<std::byte, 112>& state) {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state) && alignof(SHA256_CTX) <= 8);
  return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = kDigits[bytes[i] >> 4U];
    text[(2 * i) + 1] = kDigits[bytes[i] & 15U];
  }
  return text;
}

std::optional<Hash> hash_from_hex(std::string_view text) {
  Hash hash;
  if (text.size() != 2 * hash.size()) return std::nullopt;
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const std::uint8_t high = kDigitValues[static_cast<std::uint8_t>(text[2 * i])];
    const std::uint8_t low = kDigitValues[static_cast<std::uint8_t>(text[(2 * i) + 1])];
    seen |= high | low;
    hash[i] = static_cast<std::uint8_t>((high << 4U) | low);
  }
  if (seen > 0xF) return std::nullopt;
  return hash;
}

Sha256::Sha256() { SHA256_Init(new (state_.data()) SHA256_CTX); }

void Sha256::update(std::span<const std::uint8_t> bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
}

Hash Sha256::finish() {
  Hash hash;
  SHA256_Final(hash.data(), context(state_));
  return hash;
}

Hash sha256(std::span<const std::uint8_t> bytes) {
  Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

std::array<std::uint8_t, 16> md5(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, MD5_DIGEST_LENGTH> digest{};
  MD5_CTX context;
  MD5_Init(&context);
  MD5_Update(&context, bytes.data(), bytes.size());
  MD5_Final(digest.data(), &context);
  return digest;
}

std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, bytes.data(), bytes.size());
  SHA1_Final(digest.data(), &context);
  return digest;
}

}  // namespace gopouch::base
