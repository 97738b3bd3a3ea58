// The ledger of a bridge: whatever go and a server say, it keeps the same however that is cut, no
// more than it may, and hands on nothing but whole lines.
#include <algorithm>
#include <cstdlib>

#include "protocol/protocol.h"

namespace {

using gopouch::protocol::Ledger;

void check(bool right) {
  if (!right) std::abort();
}

// The first half is requests, the second answers.
Ledger::Rest tell(std::string_view text, std::size_t step) {
  Ledger ledger;
  const std::string_view asked = text.substr(0, text.size() / 2);
  for (std::size_t at = 0; at < asked.size(); at += step) ledger.asked(asked.substr(at, step));
  const std::string_view answered = text.substr(asked.size());
  std::size_t whole = 0;
  for (std::size_t at = 0; at < answered.size(); at += step) {
    const std::size_t size = ledger.answered(answered.substr(at, step));
    check(size <= step);
    if (size > 0) whole = at + size;
  }
  check(whole == answered.rfind('\n') + 1);
  return ledger.take_rest();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const Ledger::Rest at_once = tell(text, std::max<std::size_t>(size, 1));
  const Ledger::Rest in_pieces = tell(text, 3);
  check(at_once.requests == in_pieces.requests && at_once.lost == in_pieces.lost);
  check(at_once.in_lost_body == in_pieces.in_lost_body);
  check(at_once.requests.size() <= size + Ledger::kKept);
  return 0;
}
