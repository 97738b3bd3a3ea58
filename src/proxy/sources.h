// Where a path is asked for: the upstream list, a route of its own, or a checksum database itself.
//
// Nothing here asks anybody.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "proxy/path.h"
#include "proxy/upstream.h"

namespace gopouch::proxy {

struct ModuleOptions;

struct Source {
  std::span<const Upstream> upstreams;  // none: nobody is asked; they live as long as the Sources
  std::string space;                    // files of different spaces are different
  std::string path;                     // as the upstream knows it

  // The database is asked itself, and not by the upstream's leave.
  bool is_database() const;
};

// Safe for concurrent use.
class Sources {
 public:
  // kInvalid: a URL, a route or a database is none; the message is one line for the user.
  static base::Result<Sources> parse(const ModuleOptions& options);

  Source find(const Path& path) const;
  std::span<const Upstream> upstreams() const { return upstreams_; }  // of what has no route

 private:
  struct Route {
    std::string pattern;
    std::vector<Upstream> upstreams;  // none: "off"
  };
  struct Sumdb {
    std::string name;
    Upstream upstream;
  };

  std::vector<Upstream> upstreams_;
  std::vector<Route> routes_;
  std::vector<Sumdb> sumdbs_;
};

// Under which a file of a space is kept.
base::Hash shelf_name(std::string_view space, std::string_view path);

}  // namespace gopouch::proxy
