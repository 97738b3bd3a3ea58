#include "object/redis_tls.h"

#include <arpa/inet.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <mutex>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/symbols.h"

namespace gopouch::object {

namespace {

using base::find_symbol;

using base::Error;
using base::Fault;

// Of OpenSSL 3. Those of libcrypto are found through libssl, which brings it along.
struct Ssl {
  decltype(&TLS_client_method) client_method = nullptr;
  decltype(&SSL_CTX_new) ctx_new = nullptr;
  decltype(&SSL_CTX_free) ctx_free = nullptr;
  decltype(&SSL_CTX_ctrl) ctx_ctrl = nullptr;
  decltype(&SSL_CTX_set_verify) ctx_set_verify = nullptr;
  decltype(&SSL_CTX_set_default_verify_paths) ctx_set_default_verify_paths = nullptr;
  decltype(&SSL_CTX_load_verify_file) ctx_load_verify_file = nullptr;
  decltype(&SSL_new) make = nullptr;
  decltype(&SSL_free) free = nullptr;
  decltype(&SSL_ctrl) ctrl = nullptr;
  decltype(&SSL_set1_host) set1_host = nullptr;
  decltype(&SSL_get0_param) get0_param = nullptr;
  decltype(&SSL_set_bio) set_bio = nullptr;
  decltype(&SSL_connect) connect = nullptr;
  decltype(&SSL_read) read = nullptr;
  decltype(&SSL_write) write = nullptr;
  decltype(&SSL_get_error) get_error = nullptr;
  decltype(&SSL_get_verify_result) get_verify_result = nullptr;
  decltype(&X509_VERIFY_PARAM_set1_ip_asc) set1_ip_asc = nullptr;
  decltype(&X509_verify_cert_error_string) verify_error = nullptr;
  decltype(&BIO_new) bio_new = nullptr;
  decltype(&BIO_free) bio_free = nullptr;
  decltype(&BIO_s_mem) bio_s_mem = nullptr;
  decltype(&BIO_read) bio_read = nullptr;
  decltype(&BIO_write) bio_write = nullptr;
  decltype(&ERR_get_error) err_get = nullptr;
  decltype(&ERR_clear_error) err_clear = nullptr;
  decltype(&ERR_reason_error_string) err_reason = nullptr;
};

bool find_all(void* library, Ssl& ssl) {
  return find_symbol(library, "TLS_client_method", ssl.client_method) &&
         find_symbol(library, "SSL_CTX_new", ssl.ctx_new) &&
         find_symbol(library, "SSL_CTX_free", ssl.ctx_free) &&
         find_symbol(library, "SSL_CTX_ctrl", ssl.ctx_ctrl) &&
         find_symbol(library, "SSL_CTX_set_verify", ssl.ctx_set_verify) &&
         find_symbol(library, "SSL_CTX_set_default_verify_paths",
                     ssl.ctx_set_default_verify_paths) &&
         find_symbol(library, "SSL_CTX_load_verify_file", ssl.ctx_load_verify_file) &&
         find_symbol(library, "SSL_new", ssl.make) && find_symbol(library, "SSL_free", ssl.free) &&
         find_symbol(library, "SSL_ctrl", ssl.ctrl) &&
         find_symbol(library, "SSL_set1_host", ssl.set1_host) &&
         find_symbol(library, "SSL_get0_param", ssl.get0_param) &&
         find_symbol(library, "SSL_set_bio", ssl.set_bio) &&
         find_symbol(library, "SSL_connect", ssl.connect) &&
         find_symbol(library, "SSL_read", ssl.read) &&
         find_symbol(library, "SSL_write", ssl.write) &&
         find_symbol(library, "SSL_get_error", ssl.get_error) &&
         find_symbol(library, "SSL_get_verify_result", ssl.get_verify_result) &&
         find_symbol(library, "X509_VERIFY_PARAM_set1_ip_asc", ssl.set1_ip_asc) &&
         find_symbol(library, "X509_verify_cert_error_string", ssl.verify_error) &&
         find_symbol(library, "BIO_new", ssl.bio_new) &&
         find_symbol(library, "BIO_free", ssl.bio_free) &&
         find_symbol(library, "BIO_s_mem", ssl.bio_s_mem) &&
         find_symbol(library, "BIO_read", ssl.bio_read) &&
         find_symbol(library, "BIO_write", ssl.bio_write) &&
         find_symbol(library, "ERR_get_error", ssl.err_get) &&
         find_symbol(library, "ERR_clear_error", ssl.err_clear) &&
         find_symbol(library, "ERR_reason_error_string", ssl.err_reason);
}

// Filled by load(); it stays loaded until the process ends.
Ssl ssl;

base::Status load_ssl() {
  static std::mutex mutex;
  static bool loaded = false;
  const std::lock_guard lock(mutex);
  if (loaded) return base::Done{};
  void* const library = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{Fault::kUnavailable, "libssl is not installed (package libssl3)"};
  }
  if (!find_all(library, ssl)) {
    ::dlclose(library);
    return Error{Fault::kUnavailable, "libssl is not what it was (package libssl3)"};
  }
  loaded = true;
  return base::Done{};
}

bool is_address(const std::string& host) {
  std::array<std::uint8_t, 16> space{};
  return ::inet_pton(AF_INET, host.c_str(), space.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), space.data()) == 1;
}

int at_most(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

}  // namespace

base::Result<std::shared_ptr<const TlsTrust>> TlsTrust::load(const std::string& ca_file) {
  if (auto loaded = load_ssl(); !loaded) return loaded.error();
  ssl.err_clear();
  ssl_ctx_st* const context = ssl.ctx_new(ssl.client_method());
  if (context == nullptr) return Error{Fault::kUnavailable, "TLS: no memory"};
  std::shared_ptr<const TlsTrust> trust(new TlsTrust(context));
  ssl.ctx_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  ssl.ctx_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ssl.ctx_set_default_verify_paths(context);
  if (!ca_file.empty() && ssl.ctx_load_verify_file(context, ca_file.c_str()) != 1) {
    ssl.err_clear();
    return Error{Fault::kInvalid, fmt::format("no certificates in '{}'", ca_file)};
  }
  return trust;
}

TlsTrust::~TlsTrust() { ssl.ctx_free(context_); }

base::Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<const TlsTrust> trust,
                                                           const std::string& host) {
  ssl_st* const made = ssl.make(trust->context_);
  bio_st* const in = ssl.bio_new(ssl.bio_s_mem());
  bio_st* const out = ssl.bio_new(ssl.bio_s_mem());
  if (made == nullptr || in == nullptr || out == nullptr) {
    ssl.free(made);
    ssl.bio_free(in);
    ssl.bio_free(out);
    return Error{Fault::kUnavailable, "TLS: no memory"};
  }
  ssl.set_bio(made, in, out);
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(trust), made, in, out));
  // Names go into the greeting, so that a server of many can choose; addresses may not (RFC 6066,
  // 3).
  const bool bound =
      is_address(host) ? ssl.set1_ip_asc(ssl.get0_param(made), host.c_str()) == 1
                       : ssl.set1_host(made, host.c_str()) == 1 &&
                             ssl.ctrl(made, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                      const_cast<char*>(host.c_str())) == 1;
  if (!bound) return Error{Fault::kInvalid, "TLS: a host that no certificate can be for"};
  return session;
}

TlsSession::~TlsSession() { ssl.free(ssl_); }

Error TlsSession::failure() const {
  const long verified = ssl.get_verify_result(ssl_);
  const unsigned long code = ssl.err_get();
  ssl.err_clear();
  if (verified != X509_V_OK) {
    return {Fault::kInvalid, fmt::format("TLS: certificate: {}", ssl.verify_error(verified))};
  }
  const char* const reason = code == 0 ? nullptr : ssl.err_reason(code);
  const std::string message = fmt::format("TLS: {}", reason == nullptr ? "broken off" : reason);
  // An alert is what the other side has against us: a certificate of ours, mostly.
  const bool foreign =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER;
  const bool refused =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
  if (foreign) return {Fault::kInvalid, "TLS: the server does not speak it (redis:// is without)"};
  if (refused) return {Fault::kDenied, message};
  return {Fault::kUnavailable, message};
}

base::Result<bool> TlsSession::shake_hands() {
  if (shaken_) return true;
  ssl.err_clear();
  const int done = ssl.connect(ssl_);
  const int what = done == 1 ? SSL_ERROR_NONE : ssl.get_error(ssl_, done);
  drain();
  shaken_ = done == 1;
  if (shaken_ || what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) return shaken_;
  return failure();
}

base::Status TlsSession::take_in(std::span<const char> wire) {
  if (ssl.bio_write(in_, wire.data(), at_most(wire.size())) != at_most(wire.size())) {
    return Error{Fault::kUnavailable, "TLS: no memory"};
  }
  return base::Done{};
}

base::Result<std::size_t> TlsSession::read(std::span<char> space) {
  ssl.err_clear();
  const int size = ssl.read(ssl_, space.data(), at_most(space.size()));
  const int what = size > 0 ? SSL_ERROR_NONE : ssl.get_error(ssl_, size);
  drain();  // keys may be changed on the way
  if (size > 0) return static_cast<std::size_t>(size);
  if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  if (what == SSL_ERROR_ZERO_RETURN) return Error{Fault::kUnavailable, "closed by the server"};
  return failure();
}

base::Status TlsSession::write(std::span<const char> text) {
  ssl.err_clear();
  if (text.empty()) return base::Done{};
  // The wire is memory, which takes all.
  const int size = ssl.write(ssl_, text.data(), at_most(text.size()));
  drain();
  if (size != at_most(text.size())) return failure();
  return base::Done{};
}

void TlsSession::drain() {
  std::array<char, 16384> piece{};
  for (;;) {
    const int size = ssl.bio_read(wire_, piece.data(), at_most(piece.size()));
    if (size <= 0) return;
    out_.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace gopouch::object
