// Keys of others, out of the numbers that they are, and what they signed (RFC 7518).
#include <algorithm>
#include <array>
#include <optional>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

namespace {

using base::Error;
using base::Fault;

struct Verifying : Symbols {
  decltype(&::EVP_PKEY_CTX_new_from_name) context_new = find("EVP_PKEY_CTX_new_from_name");
  decltype(&::EVP_PKEY_CTX_free) context_free = find("EVP_PKEY_CTX_free");
  decltype(&::EVP_PKEY_fromdata_init) make_init = find("EVP_PKEY_fromdata_init");
  decltype(&::EVP_PKEY_fromdata) make = find("EVP_PKEY_fromdata");
  decltype(&::EVP_PKEY_get_bits) bits = find("EVP_PKEY_get_bits");
  decltype(&::EVP_MD_CTX_new) digest_new = find("EVP_MD_CTX_new");
  decltype(&::EVP_MD_CTX_free) digest_free = find("EVP_MD_CTX_free");
  decltype(&::EVP_sha256) sha256 = find("EVP_sha256");
  decltype(&::EVP_DigestVerifyInit) verify_init = find("EVP_DigestVerifyInit");
  decltype(&::EVP_DigestVerify) verify = find("EVP_DigestVerify");
};

constexpr int kFewestBits = 2048;
constexpr std::size_t kMostBytes = 2048;  // of a modulus
constexpr std::size_t kCoordinate = 32;   // of P-256

// What OSSL_PARAM_construct_* make: those are of the library that is linked in.
OSSL_PARAM param(const char* name, unsigned int type, std::string& data) {
  return {name, type, data.data(), data.size(), OSSL_PARAM_UNMODIFIED};
}
constexpr OSSL_PARAM kEnd{nullptr, 0, nullptr, 0, 0};

evp_pkey_st* make_key(const char* kind, OSSL_PARAM* params) {
  const auto& v = functions<Verifying>();
  const std::unique_ptr<EVP_PKEY_CTX, decltype(v.context_free)> context(
      v.context_new(nullptr, kind, nullptr), v.context_free);
  evp_pkey_st* key = nullptr;
  if (!context || v.make_init(context.get()) != 1 ||
      v.make(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    tls().err_clear();
    return nullptr;
  }
  return key;
}

base::Status usable() {
  if (auto loaded = load<Tls>(); !loaded) return loaded;
  return load<Verifying>();
}

// A number as DER has it (X.690, 8.3): no zeros in front but for one that keeps it positive.
std::string der_number(std::string_view number) {
  number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size() - 1));
  const bool pad = (static_cast<unsigned char>(number.front()) & 0x80U) != 0;
  std::string der = {2, static_cast<char>(number.size() + (pad ? 1 : 0))};
  if (pad) der += '\0';
  return der += number;
}

// The two numbers of an ECDSA signature, one behind the other, as OpenSSL wants them.
std::optional<std::string> der_signature(std::string_view raw) {
  if (raw.size() != 2 * kCoordinate) return std::nullopt;
  const std::string both =
      der_number(raw.substr(0, kCoordinate)) + der_number(raw.substr(kCoordinate));
  return std::string{0x30, static_cast<char>(both.size())} + both;
}

}  // namespace

base::Result<std::shared_ptr<const PublicKey>> PublicKey::rsa(std::string_view modulus,
                                                              std::string_view exponent) {
  if (auto can = usable(); !can) return can.error();
  const Error none{Fault::kInvalid, "no RSA key of 2048 bits or more"};
  if (modulus.empty() || modulus.size() > kMostBytes || exponent.empty() || exponent.size() > 8) {
    return none;
  }
  // Numbers are in the order of the machine, the smallest part first.
  std::string n(modulus.rbegin(), modulus.rend()), e(exponent.rbegin(), exponent.rend());
  std::array params{param(OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER, n),
                    param(OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER, e), kEnd};
  evp_pkey_st* const key = make_key("RSA", params.data());
  if (key == nullptr) return none;
  std::shared_ptr<const PublicKey> made(new PublicKey(key, true));
  if (functions<Verifying>().bits(key) < kFewestBits) return none;
  return made;
}

base::Result<std::shared_ptr<const PublicKey>> PublicKey::p256(std::string_view x,
                                                               std::string_view y) {
  if (auto can = usable(); !can) return can.error();
  const Error none{Fault::kInvalid, "no key on P-256"};
  if (x.size() != kCoordinate || y.size() != kCoordinate) return none;
  std::string group = "P-256", point = "\x04";
  point.append(x).append(y);
  std::array params{param(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, group),
                    param(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, point), kEnd};
  evp_pkey_st* const key = make_key("EC", params.data());
  if (key == nullptr) return none;
  return std::shared_ptr<const PublicKey>(new PublicKey(key, false));
}

PublicKey::~PublicKey() { tls().key_free(key_); }

bool PublicKey::verifies(std::string_view text, std::string_view signature) const {
  const auto& v = functions<Verifying>();
  std::string der(signature);
  if (!rsa_) {
    auto written = der_signature(signature);
    if (!written) return false;
    der = *std::move(written);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(v.digest_free)> digest(v.digest_new(), v.digest_free);
  const auto bytes = base::bytes_of(text), proof = base::bytes_of(der);
  const bool good =
      digest && v.verify_init(digest.get(), nullptr, v.sha256(), nullptr, key_) == 1 &&
      v.verify(digest.get(), proof.data(), proof.size(), bytes.data(), bytes.size()) == 1;
  tls().err_clear();
  return good;
}

}  // namespace gopouch::crypto
