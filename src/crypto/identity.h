// What is inside an Identity, for those who show it or make one without PEM.
#pragma once

#include "crypto/crypto.h"
#include "crypto/tls.h"

namespace gopouch::crypto {

struct Identity::Rep {
  Rep() = default;
  ~Rep();
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;

  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  OPENSSL_STACK* between = nullptr;  // of X509
};

}  // namespace gopouch::crypto
