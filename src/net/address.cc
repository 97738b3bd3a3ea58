#include "net/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::net {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kUnix = "unix:";
constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kFewDescriptors{50};

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// The numbers of a TCP address.
base::Result<Found> look_up(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  const int fault = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                  port.c_str(), &hints, &list);
  if (fault != 0) {
    return Error{Fault::kUnavailable, fmt::format("{}: {}", address.text(), ::gai_strerror(fault))};
  }
  return Found(list, &::freeaddrinfo);
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24U == 127;
  }
  if (address->sa_family != AF_INET6) return false;
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) != 0;
}

base::Result<sockaddr_un> unix_name(const Address& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof name.sun_path) {
    return Error{Fault::kInvalid, fmt::format("{}: a socket's path has at most {} characters",
                                              address.text(), sizeof name.sun_path - 1)};
  }
  std::copy(address.path.begin(), address.path.end(), std::begin(name.sun_path));
  return name;
}

base::Fd new_socket(int family) {
  base::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd;
}

// True where a file is a socket that nobody listens at any more.
bool is_left_over(const sockaddr_un& name) {
  struct stat info {};
  if (::lstat(std::begin(name.sun_path), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const base::Fd probe = new_socket(AF_UNIX);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 &&
         errno == ECONNREFUSED;
}

base::Result<base::Fd> listen_unix(const Address& address) {
  const auto name = unix_name(address);
  if (!name) return name.error();
  base::Fd fd = new_socket(AF_UNIX);
  // What the socket has before it is bound, its file has from its first moment.
  if (!fd || ::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
    return base::system_error(address.text(), errno);
  }
  const auto* const bound = reinterpret_cast<const sockaddr*>(&*name);
  int done = ::bind(fd.get(), bound, sizeof *name);
  if (done != 0 && errno == EADDRINUSE && is_left_over(*name)) {
    ::unlink(address.path.c_str());
    done = ::bind(fd.get(), bound, sizeof *name);
  }
  if (done != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return base::system_error(address.text(), errno);
  }
  return fd;
}

base::Result<base::Fd> listen_tcp(Address& address) {
  const auto found = look_up(address, AI_PASSIVE);
  if (!found) return found.error();
  int fault = 0;
  for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
    base::Fd fd = new_socket(one->ai_family);
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (one->ai_family == AF_INET6) {
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (!fd || ::bind(fd.get(), one->ai_addr, one->ai_addrlen) != 0 ||
        ::listen(fd.get(), kBacklog) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
      fault = errno;
      continue;
    }
    // The port lies at the same place in both families.
    address.port = ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
    return fd;
  }
  return base::system_error(address.text(), fault);
}

// Connects while the call lasts. 0, or what errno would say.
int connect_to(int fd, const sockaddr* name, socklen_t size, const base::Call& call) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  if (::connect(fd, name, size) != 0) {
    if (errno != EINPROGRESS) return errno;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(call.deadline - base::Call::Clock::now());
    pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
    const auto most = std::chrono::milliseconds(std::chrono::hours(1));
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), most);
    if (::poll(&wanted, 1, static_cast<int>(wait.count())) <= 0) return ETIMEDOUT;
    int fault = 0;
    socklen_t fault_size = sizeof fault;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &fault_size);
    if (fault != 0) return fault;
  }
  ::fcntl(fd, F_SETFL, 0);
  return 0;
}

}  // namespace

std::string Address::text() const {
  if (!path.empty()) return fmt::format("{}{}", kUnix, path);
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

base::Result<Address> parse_address(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Error{Fault::kInvalid, fmt::format("\"{}\" is no address: {}", text, why)};
  };
  if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos) {
    return Error{Fault::kInvalid, "an address is one line"};
  }
  if (text.starts_with(kUnix)) {
    if (text.size() == kUnix.size()) return wrong("unix: needs the path of a socket");
    return Address{.host = {}, .port = 0, .path = std::string(text.substr(kUnix.size()))};
  }
  const std::size_t colon = text.rfind(':');
  Address address{.host = "127.0.0.1", .port = 0, .path = {}};
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const bool numbers = host.find(':') != std::string_view::npos;
    if (numbers != bracketed || host.find_first_of("[]") != std::string_view::npos) {
      return wrong("an IPv6 address stands in brackets: [::1]:8080");
    }
    address.host = host;
  }
  const std::string_view digits = text.substr(colon + 1);
  const auto port = digits.empty() ? std::nullopt : base::parse_number<int>(digits);
  if (!port || *port > 65535) return wrong("it is a port, HOST:PORT or unix:PATH");
  address.port = *port;
  return address;
}

bool is_local(const Address& address) {
  if (!address.path.empty()) return true;
  const auto found = look_up(address, AI_PASSIVE);
  if (!found) return false;
  for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
    if (!is_loopback(one->ai_addr)) return false;
  }
  return true;
}

std::string text_of(const sockaddr_storage& name) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (name.ss_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&name);
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return fmt::format("{}:{}", text.data(), ntohs(v4->sin_port));
  }
  if (name.ss_family != AF_INET6) return "unix";
  const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&name);
  ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return fmt::format("[{}]:{}", text.data(), ntohs(v6->sin6_port));
}

base::Result<Listener> Listener::open(const Address& address) {
  Address bound = address;
  auto fd = address.path.empty() ? listen_tcp(bound) : listen_unix(address);
  if (!fd) return fd.error();
  return Listener(*std::move(fd), std::move(bound));
}

base::Result<Listener> Listener::adopt(base::Fd fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  sockaddr_storage name{};
  socklen_t name_size = sizeof name;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &name_size) != 0) {
    return Error{Fault::kInvalid, fmt::format("descriptor {} is no socket that listens", fd.get())};
  }
  Address address;
  if (name.ss_family == AF_UNIX) {
    const auto& bound = reinterpret_cast<const sockaddr_un&>(name);
    const std::size_t before = offsetof(sockaddr_un, sun_path);
    address.path.assign(std::begin(bound.sun_path), name_size > before ? name_size - before : 0);
    if (address.path.starts_with('\0')) address.path.front() = '@';  // it has no file
    while (address.path.ends_with('\0')) address.path.pop_back();
    if (address.path.empty()) address.path = "?";
  } else if (auto parsed = parse_address(text_of(name))) {
    address = *std::move(parsed);
  } else {
    return parsed.error();
  }
  // accept() must not wait for a connection that has gone since it was told of.
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  base::Fd stopped(::eventfd(0, EFD_CLOEXEC));
  if (!stopped) return base::system_error("eventfd", errno);
  return Listener(std::move(fd), std::move(address), std::move(stopped));
}

Listener::~Listener() {
  if (fd_ && !stopped_ && !address_.path.empty()) ::unlink(address_.path.c_str());
}

// Until a connection is there. False: stop() was called.
bool Listener::wait() const {
  std::array<pollfd, 2> wanted{pollfd{.fd = fd_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = stopped_.get(), .events = POLLIN, .revents = 0}};
  while (::poll(wanted.data(), wanted.size(), -1) < 0) {
  }
  return wanted[1].revents == 0;
}

base::Fd Listener::accept() const {
  while (!stopped_ || wait()) {
    base::Fd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer) {
      const int on = 1;  // without a meaning for Unix sockets
      if (address_.path.empty()) {
        ::setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      return peer;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        std::this_thread::sleep_for(kFewDescriptors);
        continue;
      case EINVAL:  // stop()
      case EBADF:
      case ENOTSOCK:
      case EOPNOTSUPP:
        return {};
      default:  // of the one connection that was to come
        continue;
    }
  }
  return {};
}

void Listener::stop() const {
  // What is shut down is so for whoever else has it.
  if (!stopped_) {
    ::shutdown(fd_.get(), SHUT_RD);
  } else {
    ::eventfd_write(stopped_.get(), 1);
  }
}

base::Result<base::Fd> dial(const Address& address, const base::Call& call) {
  if (!address.path.empty()) {
    const auto name = unix_name(address);
    if (!name) return name.error();
    base::Fd fd = new_socket(AF_UNIX);
    const int fault =
        connect_to(fd.get(), reinterpret_cast<const sockaddr*>(&*name), sizeof *name, call);
    if (fault != 0) return base::system_error(address.text(), fault);
    return fd;
  }
  const auto found = look_up(address, 0);
  if (!found) return found.error();
  int fault = ECONNREFUSED;
  for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
    base::Fd fd = new_socket(one->ai_family);
    fault = connect_to(fd.get(), one->ai_addr, one->ai_addrlen, call);
    if (fault != 0) continue;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  return base::system_error(address.text(), fault);
}

}  // namespace gopouch::net
