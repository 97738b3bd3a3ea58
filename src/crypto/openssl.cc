#include "crypto/openssl.h"

#include <dlfcn.h>

#include "base/symbols.h"

namespace gopouch::crypto {

namespace {

// Stays loaded until the process ends. Functions of libcrypto are found through libssl, which
// brings it along.
void* library() {
  static void* const loaded = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
  return loaded;
}

}  // namespace

base::Status Symbols::usable() const {
  if (whole_) return base::Done{};
  return base::Error{base::Fault::kUnavailable,
                     library() == nullptr ? "OpenSSL 3 is not installed (package libssl3)"
                                          : "OpenSSL is not what it was (package libssl3)"};
}

Symbols::Found Symbols::find(const char* name) {
  void* function = nullptr;
  whole_ = library() != nullptr && base::find_symbol(library(), name, function) && whole_;
  return {function};
}

}  // namespace gopouch::crypto
