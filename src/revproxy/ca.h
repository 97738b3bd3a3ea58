// The proxy's own certificate authority: its key and certificate in a folder, and what it shows to
// clients of each host.
//
//   <dir>/ca.key   PEM, for its owner alone (0600); made once
//   <dir>/ca.pem   PEM: what clients are told to trust; made from the key when missing
//
// Certificates of hosts live in memory, for a week at most.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "crypto/crypto.h"

namespace gopouch::revproxy {

// Safe for concurrent use.
class Ca {
 public:
  // kInvalid: what is there is no such pair, or others may read the key; the message is one line.
  static base::Result<std::unique_ptr<Ca>> open(const std::filesystem::path& dir);
  Ca(std::string certificate, std::shared_ptr<const crypto::Identity> identity)
      : certificate_(std::move(certificate)), identity_(std::move(identity)) {}

  const std::string& certificate() const { return certificate_; }

  // How a client is greeted who wants to talk to this host.
  base::Result<std::shared_ptr<const crypto::ServerContext>> greeting(const std::string& host);

 private:
  using Clock = std::chrono::steady_clock;
  struct Made {
    Clock::time_point at;
    std::shared_ptr<const crypto::ServerContext> context;
  };
  const std::string certificate_;
  const std::shared_ptr<const crypto::Identity> identity_;
  base::Guarded<std::map<std::string, Made>> made_;
};

}  // namespace gopouch::revproxy
