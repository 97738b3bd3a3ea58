// Signatures by the keys of others (RFC 7518).
#include <memory>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

namespace {

struct Signing : Symbols {
  decltype(&::EVP_PKEY_get_base_id) key_kind = find("EVP_PKEY_get_base_id");
  decltype(&::EVP_MD_CTX_new) digest_new = find("EVP_MD_CTX_new");
  decltype(&::EVP_MD_CTX_free) digest_free = find("EVP_MD_CTX_free");
  decltype(&::EVP_sha256) sha256 = find("EVP_sha256");
  decltype(&::EVP_DigestSignInit) sign_init = find("EVP_DigestSignInit");
  decltype(&::EVP_DigestSign) sign = find("EVP_DigestSign");
};

base::Error invalid(const char* why) { return {base::Fault::kInvalid, why}; }

}  // namespace

base::Result<std::string> sign_rs256(const base::Secret& pem, std::string_view text) {
  const auto& crypto = functions<Signing>();
  if (!load<Tls>() || !crypto.usable()) return invalid("its key needs OpenSSL 3 (package libssl3)");
  const std::string& key_text = pem.reveal();
  const std::unique_ptr<BIO, decltype(tls().bio_free)> source(
      tls().bio_new_text(key_text.data(), at_most(key_text.size())), tls().bio_free);
  const std::unique_ptr<EVP_PKEY, decltype(tls().key_free)> key(
      source ? tls().read_key(source.get(), nullptr, no_passphrase, nullptr) : nullptr,
      tls().key_free);
  if (!key || crypto.key_kind(key.get()) != EVP_PKEY_RSA) {
    return invalid("private_key is no RSA key in PEM");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(crypto.digest_free)> digest(crypto.digest_new(),
                                                                         crypto.digest_free);
  const auto bytes = base::bytes_of(text);
  std::string signature;
  std::size_t size = 0;
  bool good = digest != nullptr &&
              crypto.sign_init(digest.get(), nullptr, crypto.sha256(), nullptr, key.get()) == 1 &&
              crypto.sign(digest.get(), nullptr, &size, bytes.data(), bytes.size()) == 1;
  signature.resize(size);
  good = good && crypto.sign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &size, bytes.data(), bytes.size()) == 1;
  if (!good) return invalid("private_key cannot sign");
  signature.resize(size);
  return signature;
}

}  // namespace gopouch::crypto
