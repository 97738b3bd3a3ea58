// The certificates that a client believes.
#include <fmt/format.h>

#include "crypto/crypto.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

using base::Error;
using base::Fault;

base::Result<std::shared_ptr<const Trust>> Trust::load(const std::string& ca_file) {
  if (auto usable = crypto::load<Tls>(); !usable) return usable.error();
  tls().err_clear();
  ssl_ctx_st* const context = tls().ctx_new(tls().client_method());
  if (context == nullptr) return no_memory();
  std::shared_ptr<const Trust> trust(new Trust(context));
  tls().ctx_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  tls().ctx_set_verify(context, SSL_VERIFY_PEER, nullptr);
  tls().ctx_default_paths(context);
  if (!ca_file.empty() && tls().ctx_load_verify_file(context, ca_file.c_str()) != 1) {
    tls().err_clear();
    return Error{Fault::kInvalid, fmt::format("no certificates in '{}'", ca_file)};
  }
  return trust;
}

Trust::~Trust() { tls().ctx_free(context_); }

}  // namespace gopouch::crypto
