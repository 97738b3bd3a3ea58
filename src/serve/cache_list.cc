// The listing of the cache over HTTP: one folder, as WebDAV says it (RFC 4918, 9.1, with depth 1).
#include <map>

#include <fmt/format.h>

#include "serve/cache.h"

namespace gopouch::serve {

namespace {

std::string entry_of(std::string_view path, const object::Info* file) {
  if (file == nullptr) {
    return fmt::format(
        "<D:response><D:href>{}/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/>"
        "</D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        "</D:response>\n",
        path);
  }
  return fmt::format(
      "<D:response><D:href>{}</D:href><D:propstat><D:prop><D:resourcetype/>"
      "<D:getcontentlength>{}</D:getcontentlength>"
      "<D:getlastmodified>{}</D:getlastmodified></D:prop>"
      "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n",
      path, file->size, net::http_time(file->modified));
}

}  // namespace

// Names of keys need no escape, neither of URLs nor of XML.
void HttpCache::Rep::list(http::Exchange& exchange, std::string_view base,
                          const std::string& folder_name, const Pass& pass) {
  if (pass.anywhere() == Right::kNone) return Gate::refuse(exchange, pass);
  if (net::find_header(exchange.request().headers, "Depth") != "1") {
    return http::send_line(exchange, 403, "only with Depth: 1");
  }
  std::string prefix = folder_name;
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  std::map<std::string, std::optional<object::Info>> inside;
  const auto listed =
      objects.store().list(prefix, in_time(), [&](std::span<const object::Info> page) {
        for (const object::Info& info : page) {
          if (pass.at(info.key) == Right::kNone) continue;
          const std::string rest = info.key.substr(prefix.size());
          const std::size_t slash = rest.find('/');
          auto& entry = inside[rest.substr(0, slash)];
          if (slash == std::string::npos) entry = info;
        }
        return true;
      });
  if (!listed) {
    return http::send_line(exchange, status_of(listed.error().fault), "not to be listed");
  }
  if (inside.empty() && !prefix.empty()) {
    return http::send_line(exchange, 404, "not found");
  }
  std::string text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n";
  const std::string here = fmt::format("{}/{}", base, prefix);
  text += entry_of(here.substr(0, here.size() - 1), nullptr);
  for (const auto& [name, info] : inside) text += entry_of(here + name, info ? &*info : nullptr);
  text += "</D:multistatus>\n";
  exchange.send({207, {{"Content-Type", "application/xml; charset=utf-8"}}}, std::move(text));
}

}  // namespace gopouch::serve
