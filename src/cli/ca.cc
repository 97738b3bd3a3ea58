// gopouch ca: the certificate that clients of the reverse proxy are to trust, as PEM on stdout.
#include <cstdio>

#include "cli/cli.h"
#include "cli/shared.h"

namespace gopouch::cli {

int show_ca(const config::Settings& settings) {
  const auto dir = reverse_options(settings).ca_dir;
  const auto certificate = revproxy::ca_certificate(dir);
  if (!certificate) {
    base::log(base::LogLevel::kError, "ca: {}", certificate.error().message);
    return 1;
  }
  const bool written =
      std::fwrite(certificate->data(), 1, certificate->size(), stdout) == certificate->size();
  return written && std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace gopouch::cli
