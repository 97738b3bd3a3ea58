#include "net/sockets.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.h"

namespace gopouch::net {

namespace {

long port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // The port lies at the same place in both.
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

// Closed in children; and none of the three that the process lets go of in its last part, even
// where it was started without them.
curl_socket_t Sockets::open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0 && fd <= STDERR_FILENO) {
    const int moved = base::duplicate(fd).release();
    ::close(fd);
    fd = moved;
  }
  if (fd < 0) return CURL_SOCKET_BAD;
  static_cast<Sockets*>(self)->sockets_.push_back({fd, 0});
  return fd;
}

int Sockets::close(void* self, curl_socket_t socket) {
  std::erase_if(static_cast<Sockets*>(self)->sockets_,
                [&](const Socket& item) { return item.fd == socket; });
  return ::close(socket);
}

std::int64_t Sockets::unsent(long local_port) {
  for (Socket& socket : sockets_) {
    if (socket.port == 0) socket.port = port_of(socket.fd);
    if (socket.port != local_port || local_port == 0) continue;
    int queued = 0;
    return ::ioctl(socket.fd, SIOCOUTQ, &queued) == 0 ? queued : 0;
  }
  return 0;
}

}  // namespace gopouch::net
