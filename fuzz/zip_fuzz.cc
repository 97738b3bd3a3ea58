// The check of a module's zip: it ends, whatever the bytes.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "proxy/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("zip", MFD_CLOEXEC);
  if (::ftruncate(file, 0) != 0) std::abort();
  if (::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto fine =
      gopouch::proxy::check_zip(file, static_cast<std::int64_t>(size), "example.com/m@v1.0.0/");
  if (fine && size < 22) std::abort();
  return 0;
}
