// The connections' sockets: opened as this program wants them, and asked how much lies unsent.
//
// libcurl gives and takes them through two callbacks, but does not say which one a transfer is
// using; its local port does. Lives on the loop's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "net/curl.h"

namespace gopouch::net {

class Sockets {
 public:
  // For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION; `self` is the Sockets, and must
  // outlive libcurl's multi handle, which closes the last ones.
  static curl_socket_t open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int close(void* self, curl_socket_t socket);

  // Bytes that went out through this port and that the other side has not confirmed.
  std::int64_t unsent(long local_port);

 private:
  struct Socket {
    int fd;
    long port;  // 0: not known yet
  };
  std::vector<Socket> sockets_;
};

}  // namespace gopouch::net
