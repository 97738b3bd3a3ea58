#include "revproxy/hosts.h"

#include <algorithm>

#include <fmt/format.h>

namespace gopouch::revproxy {

int port_of(const net::Url& url) {
  if (url.port != 0) return url.port;
  return url.scheme == "http" ? 80 : 443;
}

base::Result<Hosts> Hosts::parse(std::span<const std::string> list) {
  Hosts hosts;
  for (const std::string& text : list) {
    const bool below = text.starts_with("*.");
    auto url = net::parse_url("https://" + (below ? text.substr(2) : text));
    const bool bare = url && url->user.empty() && url->password.empty() && url->path.empty() &&
                      url->query.empty() && !url->host.empty() &&
                      url->host.find('*') == std::string::npos;
    if (!bare) {
      return base::Error{base::Fault::kInvalid,
                         fmt::format("\"{}\": a host is NAME, NAME:PORT or *.NAME", text)};
    }
    hosts.all_.push_back({url->host, url->port, below});
  }
  return hosts;
}

bool Hosts::cover(const net::Url& url) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Host& one) {
    const bool named = one.below ? url.host.size() > one.name.size() + 1 &&
                                       url.host.ends_with(one.name) &&
                                       url.host[url.host.size() - one.name.size() - 1] == '.'
                                 : url.host == one.name;
    const int own = url.scheme == "http" ? 80 : 443;
    return named && port_of(url) == (one.port != 0 ? one.port : own);
  });
}

}  // namespace gopouch::revproxy
