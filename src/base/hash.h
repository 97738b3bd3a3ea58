// SHA-256, and the 32 bytes that it gives: what actions and outputs are named by.
//
// FIPS 180-4 by OpenSSL's low-level functions: their first use costs 12 µs, that of EVP 0.7 ms, and
// a local session may last 50 ms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gopouch::base {

using Hash = std::array<std::uint8_t, 32>;

// Two lower-case digits for each byte: 64 for a Hash.
std::string to_hex(std::span<const std::uint8_t> bytes);

// nullopt unless `text` is just 64 hex digits, lower case.
std::optional<Hash> hash_from_hex(std::string_view text);

// Hashes what arrives in pieces. Movable as bytes; not for use by two threads at once.
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::uint8_t> bytes);
  // REQUIRES: called once, last.
  Hash finish();

 private:
  alignas(8) std::array<std::byte, 112> state_{};  // OpenSSL's SHA256_CTX, kept out of this header
};

Hash sha256(std::span<const std::uint8_t> bytes);

// What older protocols ask for by name. They prove nothing; low-level too, for EVP and the one-call
// functions bring all of OpenSSL into the program.
std::array<std::uint8_t, 16> md5(std::span<const std::uint8_t> bytes);
std::array<std::uint8_t, 20> sha1(std::span<const std::uint8_t> bytes);

}  // namespace gopouch::base
