// `gopouch serve` itself, for tests of what is to work with it: on a free loopback port, with a
// folder that goes away with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "test/support/server_process.h"
#include "test/support/temp_dir.h"

namespace gopouch::test {

class OwnServer {
 public:
  // `words` are further words of its command line. The thread that starts it must outlive it.
  OwnServer(const std::string& program, const std::vector<std::string>& words) {
    std::vector<std::string> all{program, "serve", "--http=127.0.0.1:0",
                                 "--cache-dir=" + (dir_ / "cache").string()};
    all.insert(all.end(), words.begin(), words.end());
    const std::string log = dir_ / "log";
    process_.emplace(all, std::vector<std::string>{"HOME=" + dir_.path().string()}, log);
    const bool up = process_->wait_until([&] {
      constexpr std::string_view kWords = "http at ";
      const std::string said = read(log);
      const std::size_t at = said.find(kWords);
      const std::size_t end = said.find('\n', at);
      if (at == std::string::npos || end == std::string::npos) return false;
      address_ = said.substr(at + kWords.size(), end - at - kWords.size());
      return true;
    });
    if (!up) std::abort();
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  const std::string& address() const { return address_; }

 private:
  TempDir dir_;
  std::string address_;
  std::optional<ServerProcess> process_;
};

}  // namespace gopouch::test
