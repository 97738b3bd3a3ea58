// What a WebDAV server says of a folder: whatever it is, only keys below what was asked for come
// out of it, and it leads to no folder elsewhere.

#include "fuzz/check.h"
#include "object/backend.h"
#include "object/http_dialect.h"

namespace {

using namespace gopouch::object;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  static const auto dialect =
      make_http_dialect(*gopouch::net::parse_url("http://host/go"), HttpPaths::kPlain);
  for (const char* const prefix : {"", "v1/", "v1/e"}) {
    Operation operation{.op = Op::kList, .key = prefix};
    for (int folders = 0; folders < 4; ++folders) {
      const auto page = dialect->read_page(operation, text);
      if (!page) break;
      for (const Info& info : page->objects) {
        check(is_key(info.key) && info.key.starts_with(prefix) && info.size >= 0);
      }
      operation.page = page->next;
      if (operation.page.empty()) break;
      const std::string path = dialect->request_for(operation).request.url.path;
      check(path.starts_with("/go/") && path.ends_with("/") && path.size() < 600);
      check(path.find("..") == std::string::npos);
    }
  }
  return 0;
}
