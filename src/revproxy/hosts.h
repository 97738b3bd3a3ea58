// The hosts that the reverse proxy stands before.
//
//   host        its ports 80 (http) and 443 (https)
//   host:8443   that port
//   *.host      every name that ends so, the host's own not being one of them
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/net.h"

namespace gopouch::revproxy {

class Hosts {
 public:
  // kInvalid: one of them is none of those.
  static base::Result<Hosts> parse(std::span<const std::string> list);

  // `url`: as parse_url() gives it.
  bool cover(const net::Url& url) const;
  bool empty() const { return all_.empty(); }

 private:
  struct Host {
    std::string name;
    int port = 0;        // 0: the scheme's own
    bool below = false;  // all names below it
  };
  std::vector<Host> all_;
};

// With the scheme's own where none is said.
int port_of(const net::Url& url);

}  // namespace gopouch::revproxy
