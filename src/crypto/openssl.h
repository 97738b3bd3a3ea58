// The one place where OpenSSL is loaded, and how its functions are named.
//
// A file that needs some declares a table of them, which is filled when it is first used:
//
//   struct Table : Symbols {
//     decltype(&::SSL_new) make = find("SSL_new");
//   };
//   if (auto usable = load<Table>(); !usable) return usable.error();
//   functions<Table>().make(context);
//
// What the headers have as macros or inline functions would be of the library that is linked in,
// and must not be used.
#pragma once

#include "base/result.h"

namespace gopouch::crypto {

class Symbols {
 public:
  // kUnavailable: there is no OpenSSL 3, or one of the functions is missing.
  base::Status usable() const;

 protected:
  struct Found {
    void* at;
    template <typename Function>
    operator Function*() const {  // NOLINT(google-explicit-constructor)
      return reinterpret_cast<Function*>(at);
    }
  };
  // A function of libssl or libcrypto.
  Found find(const char* name);

 private:
  bool whole_ = true;
};

// REQUIRES: load<Table>() went well, in this process.
template <typename Table>
const Table& functions() {
  static const Table table;
  return table;
}

template <typename Table>
base::Status load() {
  return functions<Table>().usable();
}

}  // namespace gopouch::crypto
