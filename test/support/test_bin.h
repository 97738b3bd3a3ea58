// The servers that tests start.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace gopouch::test {

// Where tools/test-servers.sh puts what it builds.
inline std::filesystem::path test_bin() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  if (const auto bin = variable("GOPOUCH_TEST_BIN"); !bin.empty()) return bin;
  const auto cache = variable("XDG_CACHE_HOME");
  return (cache.empty() ? variable("HOME") / ".cache" : cache) / "gopouch-test" / "bin";
}

}  // namespace gopouch::test
