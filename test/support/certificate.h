// Certificates of a test's own, made by the openssl command.
#pragma once

#include <cstdlib>
#include <string>

#include "test/support/temp_dir.h"

namespace gopouch::test {

// A certificate for 127.0.0.1 and localhost that vouches for itself.
class Certificate {
 public:
  explicit Certificate(const std::string& names = "IP:127.0.0.1,DNS:localhost") {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=test -addext subjectAltName=" +
        names + " -keyout " + key() + " -out " + file() + " 2>/dev/null";
    if (std::system(make.c_str()) != 0) std::abort();
  }
  std::string file() const { return dir_ / "certificate.pem"; }
  std::string key() const { return dir_ / "key.pem"; }

 private:
  TempDir dir_;
};

}  // namespace gopouch::test
