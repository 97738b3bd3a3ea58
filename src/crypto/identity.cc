// A server's certificate and key out of PEM (RFC 7468).
#include "crypto/identity.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "base/files.h"

namespace gopouch::crypto {

using base::Error;
using base::Fault;

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;

Error invalid(std::string_view why) { return {Fault::kInvalid, std::string(why)}; }

using Text = std::unique_ptr<BIO, decltype(&::BIO_free)>;

Text text_of(const std::string& text) {
  return {tls().bio_new_text(text.data(), at_most(text.size())), tls().bio_free};
}

base::Result<std::string> file(const std::string& name) {
  auto text = base::read_file(AT_FDCWD, name.c_str(), kLargest, base::Links::kFollow);
  if (!text) return text.error();
  if (!*text) return invalid(fmt::format("no file '{}'", name));
  return **std::move(text);
}

}  // namespace

Identity::Rep::~Rep() {
  tls().x509_free(certificate);
  tls().key_free(key);
  const auto free_one = [](void* one) { tls().x509_free(static_cast<X509*>(one)); };
  if (between != nullptr) tls().stack_free(between, free_one);
}

Identity::Identity(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Identity::~Identity() = default;

base::Result<std::shared_ptr<const Identity>> Identity::parse(const std::string& chain,
                                                              const base::Secret& key) {
  if (auto usable = crypto::load<Tls>(); !usable) return usable.error();
  tls().err_clear();
  auto rep = std::make_unique<Rep>();
  const Text certificates = text_of(chain);
  const Text key_text = text_of(key.reveal());
  rep->between = tls().stack_new();
  if (!certificates || !key_text || rep->between == nullptr) return no_memory();
  rep->certificate = tls().read_x509(certificates.get(), nullptr, no_passphrase, nullptr);
  if (rep->certificate == nullptr) return invalid("no certificate in PEM");
  while (X509* const next = tls().read_x509(certificates.get(), nullptr, no_passphrase, nullptr)) {
    if (tls().stack_push(rep->between, next) > 0) continue;
    tls().x509_free(next);
    return no_memory();
  }
  rep->key = tls().read_key(key_text.get(), nullptr, no_passphrase, nullptr);
  if (rep->key == nullptr) return invalid("no private key in PEM, or one under a passphrase");
  if (tls().check_key(rep->certificate, rep->key) != 1) {
    return invalid("the key is not that of the certificate");
  }
  tls().err_clear();  // the end of the chain's text was one
  return std::shared_ptr<const Identity>(new Identity(std::move(rep)));
}

base::Result<std::shared_ptr<const Identity>> Identity::load(const std::string& chain_file,
                                                             const std::string& key_file) {
  const auto chain = file(chain_file);
  if (!chain) return chain.error();
  auto key = file(key_file);
  if (!key) return key.error();
  auto identity = parse(*chain, base::Secret(*std::move(key)));
  if (identity) return identity;
  return Error{identity.error().fault,
               fmt::format("'{}', '{}': {}", chain_file, key_file, identity.error().message)};
}

}  // namespace gopouch::crypto
