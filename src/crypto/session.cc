// One connection's TLS, as bytes: OpenSSL reads and writes memory, and we carry that.
#include <arpa/inet.h>

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "crypto/crypto.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

namespace {

using base::Error;
using base::Fault;

bool is_address(const std::string& host) {
  std::array<std::uint8_t, 16> space{};
  return ::inet_pton(AF_INET, host.c_str(), space.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), space.data()) == 1;
}

}  // namespace

base::Result<std::unique_ptr<Session>> Session::make(std::shared_ptr<const void> under,
                                                     ssl_ctx_st* context, bool serves) {
  ssl_st* const made = tls().make(context);
  bio_st* const in = tls().bio_new(tls().bio_s_mem());
  bio_st* const out = tls().bio_new(tls().bio_s_mem());
  if (made == nullptr || in == nullptr || out == nullptr) {
    tls().free(made);
    tls().bio_free(in);
    tls().bio_free(out);
    return no_memory();
  }
  tls().set_bio(made, in, out);
  (serves ? tls().set_accept : tls().set_connect)(made);
  return std::unique_ptr<Session>(new Session(std::move(under), made, in, out, serves));
}

base::Result<std::unique_ptr<Session>> Session::client(std::shared_ptr<const Trust> trust,
                                                       const std::string& host) {
  ssl_ctx_st* const context = trust->context_;
  auto session = make(std::move(trust), context, false);
  if (!session) return session;
  ssl_st* const ssl = (*session)->ssl_;
  // Names go into the greeting, so that a server of many can choose; addresses may not (RFC 6066,
  // 3).
  const bool bound = is_address(host) ? tls().set1_ip_asc(tls().get0_param(ssl), host.c_str()) == 1
                                      : tls().set1_host(ssl, host.c_str()) == 1 &&
                                            tls().ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                       TLSEXT_NAMETYPE_host_name,
                                                       const_cast<char*>(host.c_str())) == 1;
  if (!bound) return Error{Fault::kInvalid, "TLS: a host that no certificate can be for"};
  return session;
}

base::Result<std::unique_ptr<Session>> Session::server(
    std::shared_ptr<const ServerContext> context) {
  ssl_ctx_st* const under = context->context_;
  return make(std::move(context), under, true);
}

Session::~Session() { tls().free(ssl_); }

Error Session::failure() const {
  const long verified = tls().get_verify_result(ssl_);
  const unsigned long code = tls().err_get();
  tls().err_clear();
  if (verified != X509_V_OK) {
    return {Fault::kInvalid, fmt::format("TLS: certificate: {}", tls().verify_error(verified))};
  }
  const char* const reason = code == 0 ? nullptr : tls().err_reason(code);
  const std::string message = fmt::format("TLS: {}", reason == nullptr ? "broken off" : reason);
  // An alert is what the other side has against us: a certificate of ours, mostly.
  const bool ours = ERR_GET_LIB(code) == ERR_LIB_SSL;
  const int what = ours ? ERR_GET_REASON(code) : 0;
  const bool refused = what > SSL_AD_REASON_OFFSET;
  if (what == SSL_R_WRONG_VERSION_NUMBER || what == SSL_R_HTTP_REQUEST) {
    return {Fault::kInvalid,
            fmt::format("TLS: the {} does not speak it", serves_ ? "client" : "server")};
  }
  if (refused) return {Fault::kDenied, message};
  return {Fault::kUnavailable, message};
}

base::Result<bool> Session::shake_hands() {
  if (shaken_) return true;
  tls().err_clear();
  const int done = tls().do_handshake(ssl_);
  const int what = done == 1 ? SSL_ERROR_NONE : tls().get_error(ssl_, done);
  drain();
  shaken_ = done == 1;
  if (shaken_ || what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) return shaken_;
  return failure();
}

base::Status Session::take_in(std::span<const char> wire) {
  if (tls().bio_write(in_, wire.data(), at_most(wire.size())) != at_most(wire.size())) {
    return Error{Fault::kUnavailable, "TLS: no memory"};
  }
  return base::Done{};
}

base::Result<std::size_t> Session::read(std::span<char> space) {
  tls().err_clear();
  const int size = tls().read(ssl_, space.data(), at_most(space.size()));
  const int what = size > 0 ? SSL_ERROR_NONE : tls().get_error(ssl_, size);
  drain();  // keys may be changed on the way
  if (size > 0) return static_cast<std::size_t>(size);
  if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  if (what == SSL_ERROR_ZERO_RETURN) return Error{Fault::kUnavailable, "closed by the other side"};
  return failure();
}

base::Status Session::write(std::span<const char> text) {
  tls().err_clear();
  if (text.empty()) return base::Done{};
  // The wire is memory, which takes all.
  const int size = tls().write(ssl_, text.data(), at_most(text.size()));
  drain();
  if (size != at_most(text.size())) return failure();
  return base::Done{};
}

void Session::end() {
  tls().err_clear();
  if (shaken_) tls().shutdown(ssl_);
  drain();
}

void Session::drain() {
  std::array<char, 16384> piece{};
  for (;;) {
    const int size = tls().bio_read(wire_, piece.data(), at_most(piece.size()));
    if (size <= 0) return;
    out_.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace gopouch::crypto
