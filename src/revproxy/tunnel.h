// Bytes both ways between two sockets, unseen: what CONNECT leads to where nothing is kept.
#pragma once

#include <chrono>
#include <stop_token>

namespace gopouch::revproxy {

// Until both sides have ended, one is broken, nothing has moved for `idle`, `most` has passed, or
// it is called off. Blocks. Neither socket blocks afterwards, and both stay open.
void pump(int one, int other, std::chrono::milliseconds idle, std::chrono::milliseconds most,
          const std::stop_token& stop);

}  // namespace gopouch::revproxy
