// Paths of the module proxy: what is accepted leads nowhere else, and is read again as it was.
#include <cstdlib>

#include "net/net.h"
#include "proxy/path.h"

namespace {

void check(bool right) {
  if (!right) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gopouch::proxy::parse_path;
  const std::string raw(data, data + size);
  const auto path = parse_path(raw);
  if (!path) return 0;
  const std::string between = "/" + path->text + "/";
  check(between.find("/../") == std::string::npos && between.find("/./") == std::string::npos);
  check(between.find("//") == std::string::npos && path->text.find('\0') == std::string::npos);
  const auto again = parse_path(gopouch::net::percent_encode(path->text, "/@!"));
  check(again && again->text == path->text && again->kind == path->kind);
  check(again->module == path->module && again->version == path->version);
  check(again->sumdb == path->sumdb && again->below == path->below);
  if (const auto part = partial_tile(*path)) check(part->size > 0 && part->size < 8192);
  return 0;
}
