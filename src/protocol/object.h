// One JSON object of the protocol, read from the front of a text that may not be complete yet.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/message.h"

namespace gopouch::protocol {

struct Parsed {
  enum class State { kOk, kMore, kBad } state = State::kBad;
  std::size_t size = 0;  // kOk: the characters that the object took
};

// Fills `request` from the object that `text` begins with. kMore: the object goes on after `text`.
// kBad: no continuation makes it an object whose ID could be answered. Everything else that is
// wrong is told by request.problem.
Parsed parse_request(std::string_view text, Request& request);

}  // namespace gopouch::protocol
