// How a server greets: what it shows, and whom it lets in.
#include <fmt/format.h>

#include "crypto/crypto.h"
#include "crypto/identity.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kHttp = "http/1.1";  // its name in RFC 7301

// Of the names that the client offers, each behind its length.
int choose_protocol(ssl_st* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int length, void* /*data*/) {
  std::string_view rest(reinterpret_cast<const char*>(offered), length);
  while (!rest.empty()) {
    const auto name_size = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, name_size);
    if (name == kHttp) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *size = name_size;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(1 + name.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

base::Result<std::shared_ptr<const ServerContext>> ServerContext::make(ServerOptions options) {
  if (auto usable = load<Tls>(); !usable) return usable.error();
  tls().err_clear();
  ssl_ctx_st* const context = tls().ctx_new(tls().server_method());
  if (context == nullptr) return no_memory();
  const std::shared_ptr<ServerContext> made(new ServerContext(std::move(options), context));
  if (auto set = made->set_up(); !set) return set.error();
  return std::shared_ptr<const ServerContext>(made);
}

ServerContext::~ServerContext() { tls().ctx_free(context_); }

base::Status ServerContext::set_up() {
  const Tls& t = tls();
  t.ctx_ctrl(context_, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  // A connection that waits shall not cost two buffers.
  t.ctx_ctrl(context_, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  t.ctx_set_options(context_, SSL_OP_NO_RENEGOTIATION);
  t.ctx_set_cert_cb(context_, &ServerContext::show, this);
  t.ctx_set_alpn_cb(context_, choose_protocol, nullptr);
  if (options_.client_ca_file.empty()) return base::Done{};

  // A session that is taken up again has shown its certificate before, to this very context.
  constexpr std::string_view kId = "gopouch";
  t.ctx_set_id(context_, reinterpret_cast<const unsigned char*>(kId.data()), kId.size());
  t.ctx_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  auto* const names = t.load_client_cas(options_.client_ca_file.c_str());
  if (names != nullptr) t.ctx_set_client_cas(context_, names);  // which now owns them
  if (names == nullptr || t.ctx_load_verify_file(context_, options_.client_ca_file.c_str()) != 1) {
    t.err_clear();
    return Error{Fault::kInvalid, fmt::format("no certificates in '{}'", options_.client_ca_file)};
  }
  return base::Done{};
}

// OpenSSL asks in each handshake which certificate to show. 0: none, and it ends with an alert.
int ServerContext::show(ssl_st* ssl, void* self) {
  const ServerOptions& options = static_cast<const ServerContext*>(self)->options_;
  std::shared_ptr<const Identity> chosen;
  if (options.choose) {
    const char* const name = tls().get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    chosen = options.choose(name == nullptr ? "" : name);
  }
  if (!chosen) chosen = options.identity;
  if (!chosen) return 0;
  const Identity::Rep& rep = *chosen->rep_;
  auto* const between = reinterpret_cast<STACK_OF(X509)*>(rep.between);
  return tls().use_identity(ssl, rep.certificate, rep.key, between, 1);
}

}  // namespace gopouch::crypto
