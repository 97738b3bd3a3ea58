#include "proxy/sources.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "proxy/proxy.h"

namespace gopouch::proxy {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kDatabases = "sumdb";

}  // namespace

bool Source::is_database() const { return space == kDatabases; }

base::Result<Sources> Sources::parse(const ModuleOptions& options) {
  Sources sources;
  auto upstreams = parse_upstreams(options.upstream);
  if (!upstreams) return upstreams.error();
  sources.upstreams_ = *std::move(upstreams);
  for (const std::string& text : options.routes) {
    const std::size_t at = text.find('=');
    if (at == std::string::npos || at == 0) {
      return Error{Fault::kInvalid, fmt::format("\"{}\" is no route: PATTERN=URL or PATTERN=off",
                                                text.substr(0, at))};
    }
    auto to = parse_upstreams(std::string_view(text).substr(at + 1));
    if (!to) return to.error();
    sources.routes_.push_back({text.substr(0, at), *std::move(to)});
  }
  for (const std::string& text : options.sumdbs) {
    const std::size_t at = text.find('=');
    const std::string name = text.substr(0, at);
    auto to = parse_upstreams(at == std::string::npos ? name : text.substr(at + 1));
    if (!to) return to.error();
    if (name.empty() || to->size() != 1) {
      return Error{Fault::kInvalid, fmt::format("\"{}\" is no database: NAME or NAME=URL", name)};
    }
    sources.sumdbs_.push_back({name, to->front()});
  }
  return sources;
}

Source Sources::find(const Path& path) const {
  for (const Sumdb& one : sumdbs_) {
    if (!path.sumdb.empty() && one.name == path.sumdb) {
      return {{&one.upstream, 1}, std::string(kDatabases), path.below};
    }
  }
  const auto module = unescape(path.module);
  for (const Route& route : routes_) {
    if (path.module.empty() || !module || !matches(route.pattern, *module)) continue;
    const std::string space = route.upstreams.empty() ? "off" : route.upstreams.front().url.text();
    return {route.upstreams, space, path.text};
  }
  return {upstreams_, "", path.text};
}

base::Hash shelf_name(std::string_view space, std::string_view path) {
  return base::sha256(base::bytes_of(fmt::format("{}\n{}", space, path)));
}

}  // namespace gopouch::proxy
