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
class HttpBucket final : public Store {
 public:
  // Touches neither network nor disk.
  template <typename... Args>
  HttpBucket(const net::Options& net, std::string name, const LargePut& large, Args&&... access)
      : client_(net),
        sender_(client_, access_, std::move(name)),
        access_(std::forward<Args>(access)..., client_),
        store_(sender_, large) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    store_.get(gets, call, on_reply);
  }
  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    return store_.put(key, body, options, call);
  }
  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return store_.head(key, call);
  }
  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    return store_.list(prefix, call, on_page);
  }
  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return store_.remove(keys, call);
  }

  base::Result<std::string> who(const base::Call& call) { return access_.who(call); }
  std::optional<std::chrono::milliseconds> clock_offset() const { return access_.clock_offset(); }

 private:
  net::Client client_;
  HttpSender sender_;
  Access access_;
  HttpStore store_;
};

}  // namespace gopouch::object
