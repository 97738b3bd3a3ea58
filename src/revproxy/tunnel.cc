#include "revproxy/tunnel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace gopouch::revproxy {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRoom = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kLook{200};  // how late a stop is seen

bool may_pass(ssize_t size) {
  return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

// One direction: what was read and not written yet.
class Lane {
 public:
  Lane(int from, int to) : from_(from), to_(to), bytes_(kRoom) {}

  bool done() const { return ended_ && at_ == end_; }
  short wants_read() const { return !ended_ && at_ == end_ ? POLLIN : 0; }
  short wants_write() const { return at_ < end_ ? POLLOUT : 0; }

  // Moves what can be moved. False: it is broken. `moved` is set where something was.
  bool move(bool& moved) {
    if (!ended_ && at_ == end_) {
      const ssize_t size = ::recv(from_, bytes_.data(), bytes_.size(), 0);
      if (size < 0) return may_pass(size);
      moved = true;
      at_ = 0;
      end_ = static_cast<std::size_t>(size);
      ended_ = size == 0;
    }
    while (at_ < end_) {
      const ssize_t size = ::send(to_, bytes_.data() + at_, end_ - at_, MSG_NOSIGNAL);
      if (size < 0) return may_pass(size);
      moved = true;
      at_ += static_cast<std::size_t>(size);
    }
    if (ended_ && !told_) {
      told_ = true;
      ::shutdown(to_, SHUT_WR);
    }
    return true;
  }

 private:
  const int from_, to_;
  std::vector<char> bytes_;
  std::size_t at_ = 0, end_ = 0;
  bool ended_ = false, told_ = false;
};

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

void pump(int one, int other, std::chrono::milliseconds idle, std::chrono::milliseconds most,
          const std::stop_token& stop) {
  set_nonblocking(one);
  set_nonblocking(other);
  Lane there(one, other);
  Lane back(other, one);
  const auto end = Clock::now() + most;
  auto quiet_end = Clock::now() + idle;
  while (!stop.stop_requested() && !(there.done() && back.done())) {
    const auto now = Clock::now();
    if (now >= end || now >= quiet_end) return;
    std::array<pollfd, 2> sockets{
        {{one, static_cast<short>(there.wants_read() | back.wants_write()), 0},
         {other, static_cast<short>(back.wants_read() | there.wants_write()), 0}}};
    // A side that nothing is wanted of would be told of again and again once it has hung up.
    for (pollfd& socket : sockets) socket.fd = socket.events == 0 ? -1 : socket.fd;
    if (::poll(sockets.data(), sockets.size(), static_cast<int>(kLook.count())) <= 0) continue;
    bool moved = false;
    if (!there.move(moved) || !back.move(moved)) return;
    if (moved) quiet_end = Clock::now() + idle;
  }
}

}  // namespace gopouch::revproxy
