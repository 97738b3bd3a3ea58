// RSA signatures, for service accounts' keys only.
//
// By the system's libcrypto, loaded when first used: libcurl has brought it into the process by
// then. The one that is linked in has SHA alone, and with EVP it would be 3 MB larger, which every
// go command would pay for at its start.
#include <dlfcn.h>

#include <memory>
#include <optional>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/google.h"
#include "base/bytes.h"
#include "base/symbols.h"

namespace gopouch::auth {

namespace {

using base::find_symbol;

struct Crypto {
  decltype(&::BIO_new_mem_buf) bio_new;
  decltype(&::BIO_free) bio_free;
  decltype(&::PEM_read_bio_PrivateKey) read_key;
  decltype(&::EVP_PKEY_free) key_free;
  decltype(&::EVP_PKEY_get_base_id) key_kind;
  decltype(&::EVP_MD_CTX_new) digest_new;
  decltype(&::EVP_MD_CTX_free) digest_free;
  decltype(&::EVP_sha256) sha256;
  decltype(&::EVP_DigestSignInit) sign_init;
  decltype(&::EVP_DigestSign) sign;
};

std::optional<Crypto> load_crypto() {
  void* const loaded = ::dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
  Crypto found{};
  const bool all = loaded != nullptr && find_symbol(loaded, "BIO_new_mem_buf", found.bio_new) &&
                   find_symbol(loaded, "BIO_free", found.bio_free) &&
                   find_symbol(loaded, "PEM_read_bio_PrivateKey", found.read_key) &&
                   find_symbol(loaded, "EVP_PKEY_free", found.key_free) &&
                   find_symbol(loaded, "EVP_PKEY_get_base_id", found.key_kind) &&
                   find_symbol(loaded, "EVP_MD_CTX_new", found.digest_new) &&
                   find_symbol(loaded, "EVP_MD_CTX_free", found.digest_free) &&
                   find_symbol(loaded, "EVP_sha256", found.sha256) &&
                   find_symbol(loaded, "EVP_DigestSignInit", found.sign_init) &&
                   find_symbol(loaded, "EVP_DigestSign", found.sign);
  return all ? std::optional(found) : std::nullopt;
}

// A key under a passphrase is not asked for one at the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

base::Error invalid(const char* why) { return {base::Fault::kInvalid, why}; }

}  // namespace

base::Result<std::string> sign_rs256(const base::Secret& pem, std::string_view text) {
  static const std::optional<Crypto> crypto = load_crypto();
  if (!crypto) return invalid("its key needs OpenSSL 3 (package libssl3)");
  const std::string& key_text = pem.reveal();
  const std::unique_ptr<BIO, decltype(crypto->bio_free)> source(
      crypto->bio_new(key_text.data(), static_cast<int>(key_text.size())), crypto->bio_free);
  const std::unique_ptr<EVP_PKEY, decltype(crypto->key_free)> key(
      source ? crypto->read_key(source.get(), nullptr, no_passphrase, nullptr) : nullptr,
      crypto->key_free);
  if (!key || crypto->key_kind(key.get()) != EVP_PKEY_RSA) {
    return invalid("private_key is no RSA key in PEM");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(crypto->digest_free)> digest(crypto->digest_new(),
                                                                          crypto->digest_free);
  const auto bytes = base::bytes_of(text);
  std::string signature;
  std::size_t size = 0;
  bool good = digest != nullptr &&
              crypto->sign_init(digest.get(), nullptr, crypto->sha256(), nullptr, key.get()) == 1 &&
              crypto->sign(digest.get(), nullptr, &size, bytes.data(), bytes.size()) == 1;
  signature.resize(size);
  good = good && crypto->sign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()),
                              &size, bytes.data(), bytes.size()) == 1;
  if (!good) return invalid("private_key cannot sign");
  signature.resize(size);
  return signature;
}

}  // namespace gopouch::auth
