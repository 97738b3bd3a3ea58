#include "object/redis_socket.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/guarded.h"
#include "object/local.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using Clock = base::Call::Clock;
using Addresses = std::vector<SocketAddress>;

base::Result<Addresses> look_up(const std::string& host, int port, int flags) {
  addrinfo hints{};
  hints.ai_flags = flags | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return Error{Fault::kUnavailable, ::gai_strerror(code)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* one = all.get(); one != nullptr; one = one->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    address.size = one->ai_addrlen;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(&address.data));
  }
  if (addresses.empty()) return Error{Fault::kUnavailable, "no address"};
  return addresses;
}

struct Answer {
  std::condition_variable there;
  base::Guarded<std::optional<base::Result<Addresses>>> addresses;
};

Error unavailable(int error_number) {
  return {Fault::kUnavailable, std::system_category().message(error_number)};
}

bool for_now(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR;
}

}  // namespace

// A name service may take longer than anybody wants to wait, and cannot be called off. So it is
// asked on a thread of its own that nobody waits for, the one such thread in this program: it
// touches nothing but the answer, which both of them hold.
base::Result<Addresses> resolve(const RedisAddress& host, const base::Call& call) {
  if (auto numeric = look_up(host.host, host.port, AI_NUMERICHOST)) return numeric;
  constexpr std::chrono::milliseconds kLook{20};  // at the call's stop, which wakes nobody
  const auto answer = std::make_shared<Answer>();
  sigset_t all, before;  // signals are for the threads of others
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([answer, name = host.host, port = host.port] {
      auto found = look_up(name, port, 0);
      *answer->addresses.lock() = std::move(found);
      answer->there.notify_all();
    }).detach();
  } catch (const std::system_error& error) {
    *answer->addresses.lock() =
        Error{Fault::kUnavailable, fmt::format("no thread: {}", error.what())};
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  auto addresses = answer->addresses.lock();
  while (!addresses.wait_until(answer->there, Clock::now() + kLook,
                               [](const auto& found) { return found.has_value(); })) {
    if (auto end = ended(call)) {
      end->message = "no answer from the name service";
      return *std::move(end);
    }
  }
  return **std::move(addresses);
}

// Closed in children; and none of the three that the process lets go of in its last part, even
// where it was started without them.
base::Status Socket::begin() {
  const SocketAddress& address = addresses_[next_++];
  base::Fd fd(::socket(address.data.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && fd.get() <= STDERR_FILENO) {
    fd = base::duplicate(fd.get());
  }
  if (!fd) return unavailable(errno);
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(fd.get(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  // Gets may be minutes apart, and what lies between may forget a connection that is silent.
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  begun_ = Clock::now();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.data), address.size) != 0 &&
      errno != EINPROGRESS) {
    return unavailable(errno);
  }
  fd_ = std::move(fd);
  return base::Done{};
}

base::Result<bool> Socket::connect(std::chrono::milliseconds patience) {
  while (!open_) {
    if (!fd_) {
      if (next_ == addresses_.size()) return last_;
      if (auto begun = begin(); !begun) last_ = begun.error();
      continue;
    }
    pollfd poll = wants(true);
    if (::poll(&poll, 1, 0) == 0) {
      if (next_ == addresses_.size() || Clock::now() - begun_ < patience) return false;
      last_ = {Fault::kUnavailable, "no answer"};
      fd_.reset();
      continue;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    open_ = error == 0;
    if (open_) break;
    last_ = unavailable(error);
    fd_.reset();
  }
  if (!tls_) return true;
  auto shaken = tls_->shake_hands();
  if (shaken && !*shaken) {
    if (auto taken = take_wire(); !taken) return taken.error();
    shaken = tls_->shake_hands();
  }
  const auto sent = flush();  // also the reason, where there is one
  if (!shaken || !*shaken) return shaken;
  if (!sent) return sent.error();
  return true;
}

base::Result<std::size_t> Socket::receive(std::span<char> space) const {
  const ssize_t size = ::recv(fd_.get(), space.data(), space.size(), MSG_DONTWAIT);
  if (size > 0) return static_cast<std::size_t>(size);
  if (size == 0) return Error{Fault::kUnavailable, "closed by the server"};
  if (for_now(errno)) return std::size_t{0};
  return unavailable(errno);
}

base::Result<std::size_t> Socket::send(std::span<const char> bytes) const {
  const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size >= 0) return static_cast<std::size_t>(size);
  if (for_now(errno)) return std::size_t{0};
  return unavailable(errno);
}

base::Status Socket::take_wire() {
  std::array<char, 16384> wire{};
  const auto size = receive(wire);
  if (!size) return size.error();
  return tls_->take_in(std::span(wire).first(*size));
}

base::Result<std::size_t> Socket::read(std::span<char> space) {
  if (!tls_) return receive(space);
  auto size = tls_->read(space);
  if (size && *size == 0) {
    if (auto taken = take_wire(); !taken) return taken.error();
    size = tls_->read(space);
  }
  if (auto sent = flush(); !sent) return sent.error();
  return size;
}

base::Result<std::size_t> Socket::write(std::span<const char> bytes) {
  if (!tls_) return send(bytes);
  if (auto sent = flush(); !sent) return sent.error();
  if (!tls_->out().empty()) return std::size_t{0};
  constexpr std::size_t kPiece = std::size_t{64} << 10U;
  const auto piece = bytes.first(std::min(bytes.size(), kPiece));
  if (auto written = tls_->write(piece); !written) return written.error();
  if (auto sent = flush(); !sent) return sent.error();
  return piece.size();
}

base::Status Socket::flush() {
  if (!tls_) return base::Done{};
  std::string& out = tls_->out();
  std::size_t gone = 0;
  base::Status result = base::Done{};
  while (gone < out.size()) {
    const auto size = send(std::span<const char>(out).subspan(gone));
    if (!size) result = size.error();
    if (!size || *size == 0) break;
    gone += *size;
  }
  out.erase(0, gone);
  return result;
}

pollfd Socket::wants(bool more) const {
  const bool writing = !open_ || more || (tls_ && !tls_->out().empty());
  const auto events = static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN);
  return {.fd = fd_.get(), .events = events, .revents = 0};
}

std::int64_t Socket::unsent() const {
  int queued = 0;
  const bool known = fd_ && ::ioctl(fd_.get(), SIOCOUTQ, &queued) == 0;
  return (known ? queued : 0) + (tls_ ? std::ssize(tls_->out()) : 0);
}

bool Socket::quiet() const {
  if (!open_) return false;
  char byte = 0;
  const ssize_t size = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return size < 0 && for_now(errno);
}

}  // namespace gopouch::object
