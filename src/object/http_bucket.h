// A store over HTTP under one roof: client, access and sender.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "object/http_store.h"

namespace gopouch::object {

// Access is an Authorizer that is made of some arguments and a net::Client&, with who() and
// clock_offset() as in backend.h.
template <typename Access>
class HttpBucket final : public HttpStore {
 public:
  // Touches neither network nor disk.
  template <typename... Args>
  HttpBucket(const net::Options& net, std::string name, const LargePut& large, Args&&... access)
      : HttpStore(sender_, large),
        client_(net),
        sender_(client_, access_, std::move(name)),
        access_(std::forward<Args>(access)..., client_) {}

  base::Result<std::string> who(const base::Call& call) { return access_.who(call); }
  std::optional<std::chrono::milliseconds> clock_offset() const { return access_.clock_offset(); }

 private:
  net::Client client_;
  HttpSender sender_;
  Access access_;
};

}  // namespace gopouch::object
