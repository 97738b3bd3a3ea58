// The line that a client begins with: what is accepted is written again as it was.
#include <cstdlib>

#include "net/net.h"
#include "protocol/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(data, data + size);
  const auto greeting = gopouch::protocol::parse_greeting(line);
  if (greeting && gopouch::protocol::encode(*greeting) != line) std::abort();
  const auto address = gopouch::net::parse_address(line);
  if (!address) return 0;
  const auto again = gopouch::net::parse_address(address->text());
  if (!again || again->text() != address->text()) std::abort();
  return 0;
}
