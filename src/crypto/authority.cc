// A certificate authority of one's own, and what it signs (RFC 5280).
//
// ECDSA on P-256 with SHA-256. Certificates begin a day early, for clocks that differ.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <random>
#include <span>

#include <fmt/format.h>

#include "crypto/crypto.h"
#include "crypto/identity.h"

namespace gopouch::crypto {

namespace {

using base::Error;
using base::Fault;

constexpr long kDay = 24L * 60 * 60;
constexpr long kAuthorityDays = 3650, kLeafDays = 8;
constexpr std::size_t kLongestName = 64;  // of a common name

struct Making : Symbols {
  decltype(&::EVP_PKEY_Q_keygen) generate = find("EVP_PKEY_Q_keygen");
  decltype(&::EVP_sha256) sha256 = find("EVP_sha256");
  decltype(&::X509_new) x509_new = find("X509_new");
  decltype(&::X509_set_version) set_version = find("X509_set_version");
  decltype(&::X509_get_serialNumber) serial = find("X509_get_serialNumber");
  decltype(&::ASN1_INTEGER_set_uint64) set_number = find("ASN1_INTEGER_set_uint64");
  decltype(&::X509_getm_notBefore) not_before = find("X509_getm_notBefore");
  decltype(&::X509_getm_notAfter) not_after = find("X509_getm_notAfter");
  decltype(&::X509_gmtime_adj) set_time = find("X509_gmtime_adj");
  decltype(&::X509_set_pubkey) set_key = find("X509_set_pubkey");
  decltype(&::X509_get_subject_name) subject = find("X509_get_subject_name");
  decltype(&::X509_set_issuer_name) set_issuer = find("X509_set_issuer_name");
  decltype(&::X509_NAME_add_entry_by_txt) add_name = find("X509_NAME_add_entry_by_txt");
  decltype(&::X509V3_set_ctx) set_context = find("X509V3_set_ctx");
  decltype(&::X509V3_EXT_nconf_nid) extension = find("X509V3_EXT_nconf_nid");
  decltype(&::X509_add_ext) add_extension = find("X509_add_ext");
  decltype(&::X509_EXTENSION_free) extension_free = find("X509_EXTENSION_free");
  decltype(&::X509_sign) sign = find("X509_sign");
  decltype(&::PEM_write_bio_X509) write_x509 = find("PEM_write_bio_X509");
  decltype(&::PEM_write_bio_PrivateKey) write_key = find("PEM_write_bio_PrivateKey");
};

const Making& making() { return functions<Making>(); }

base::Status usable() {
  if (auto fine = load<Tls>(); !fine) return fine;
  return load<Making>();
}

using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&::BIO_free)>;

Key new_key() { return {making().generate(nullptr, nullptr, "EC", "P-256"), tls().key_free}; }

std::uint64_t new_serial() {
  std::random_device random;
  return ((std::uint64_t{random()} << 32U) | random()) >> 1U;
}

// What a certificate says of its use.
struct Extension {
  int id = 0;
  std::string value;
};

// Of `key`, signed by `issuer` with its key; null: by itself.
Certificate new_certificate(EVP_PKEY* key, const std::string& name, long days, X509* issuer,
                            EVP_PKEY* issuer_key, std::span<const Extension> extensions) {
  const Making& m = making();
  Certificate made(m.x509_new(), tls().x509_free);
  Certificate none(nullptr, tls().x509_free);
  if (!made) return none;
  X509* const x509 = made.get();
  if (issuer == nullptr) issuer = x509;
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  bool good = m.set_version(x509, 2) == 1 && m.set_number(m.serial(x509), new_serial()) == 1 &&
              m.set_time(m.not_before(x509), -kDay) != nullptr &&
              m.set_time(m.not_after(x509), days * kDay) != nullptr && m.set_key(x509, key) == 1 &&
              m.add_name(m.subject(x509), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
              m.set_issuer(x509, m.subject(issuer)) == 1;
  for (const Extension& one : extensions) {
    X509V3_CTX context{};
    m.set_context(&context, issuer, x509, nullptr, nullptr, 0);
    auto* const extension =
        good ? m.extension(nullptr, &context, one.id, one.value.c_str()) : nullptr;
    good = extension != nullptr && m.add_extension(x509, extension, -1) == 1;
    m.extension_free(extension);
  }
  good = good && m.sign(x509, issuer_key, m.sha256()) > 0;
  return good ? std::move(made) : std::move(none);
}

std::string text_in(BIO* memory) {
  std::string text;
  std::array<char, 1024> piece{};
  for (int size = 0; (size = tls().bio_read(memory, piece.data(), at_most(piece.size()))) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

Error failed() {
  tls().err_clear();
  return {Fault::kUnavailable, "OpenSSL could not make a certificate"};
}

bool is_address(const std::string& host) {
  std::array<std::uint8_t, 16> space{};
  return ::inet_pton(AF_INET, host.c_str(), space.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), space.data()) == 1;
}

// As names of hosts are: nothing that the text of an extension gives a meaning to.
bool is_host(const std::string& host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

}  // namespace

base::Result<base::Secret> new_private_key() {
  if (auto fine = usable(); !fine) return fine.error();
  const Key key = new_key();
  const Memory memory(tls().bio_new(tls().bio_s_mem()), tls().bio_free);
  if (!key || !memory ||
      making().write_key(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return failed();
  }
  return base::Secret(text_in(memory.get()));
}

base::Result<std::string> new_authority(const base::Secret& key_text, const std::string& name) {
  if (auto fine = usable(); !fine) return fine.error();
  const std::string& text = key_text.reveal();
  const Memory source(tls().bio_new_text(text.data(), at_most(text.size())), tls().bio_free);
  const Key key(source ? tls().read_key(source.get(), nullptr, no_passphrase, nullptr) : nullptr,
                tls().key_free);
  if (!key) {
    tls().err_clear();
    return Error{Fault::kInvalid, "no private key in PEM, or one under a passphrase"};
  }
  const std::array<Extension, 3> use{{{NID_subject_key_identifier, "hash"},
                                      {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                      {NID_key_usage, "critical,keyCertSign,cRLSign"}}};
  const Certificate made =
      new_certificate(key.get(), name, kAuthorityDays, nullptr, key.get(), use);
  const Memory memory(tls().bio_new(tls().bio_s_mem()), tls().bio_free);
  if (!made || !memory || making().write_x509(memory.get(), made.get()) != 1) return failed();
  return text_in(memory.get());
}

base::Result<std::shared_ptr<const Identity>> Identity::issue(const Identity& authority,
                                                              const std::string& host) {
  if (auto fine = usable(); !fine) return fine.error();
  const bool address = is_address(host);
  if (!address && !is_host(host)) {
    return Error{Fault::kInvalid, fmt::format("no certificate can be for '{}'", host)};
  }
  auto rep = std::make_unique<Rep>();
  rep->between = tls().stack_new();
  rep->key = new_key().release();
  if (rep->between == nullptr || rep->key == nullptr) return failed();
  const std::array<Extension, 6> use{{{NID_subject_key_identifier, "hash"},
                                      {NID_authority_key_identifier, "keyid:always"},
                                      {NID_basic_constraints, "critical,CA:FALSE"},
                                      {NID_key_usage, "critical,digitalSignature"},
                                      {NID_ext_key_usage, "serverAuth"},
                                      {NID_subject_alt_name, (address ? "IP:" : "DNS:") + host}}};
  const std::string name = host.size() <= kLongestName ? host : "gopouch";
  rep->certificate = new_certificate(rep->key, name, kLeafDays, authority.rep_->certificate,
                                     authority.rep_->key, use)
                         .release();
  if (rep->certificate == nullptr) return failed();
  return std::shared_ptr<const Identity>(new Identity(std::move(rep)));
}

}  // namespace gopouch::crypto
