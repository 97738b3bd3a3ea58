// Socket activation and readiness: sd_listen_fds(3), sd_notify(3), without their library.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>

#include "base/text.h"
#include "serve/serve.h"

namespace gopouch::serve {

namespace {

constexpr int kFirst = 3;
constexpr std::array<std::string_view, 2> kSettings{"plugin", "http"};

bool is_setting(std::string_view name) {
  return std::find(kSettings.begin(), kSettings.end(), name) != kSettings.end();
}

}  // namespace

Manager::Manager(const Variables& variables) : notify_(variables("NOTIFY_SOCKET").value_or("")) {
  const auto number = [&](std::string_view name) {
    return base::parse_number<int>(variables(name).value_or("")).value_or(0);
  };
  // They are inherited: those of another process are not for us.
  const int count = number("LISTEN_PID") == ::getpid() ? number("LISTEN_FDS") : 0;
  std::string names = variables("LISTEN_FDNAMES").value_or("");
  for (int i = 0; i < count; ++i) {
    const std::size_t end = std::min(names.find(':'), names.size());
    const std::string name = names.substr(0, end);
    names.erase(0, end + 1);
    ::fcntl(kFirst + i, F_SETFD, FD_CLOEXEC);
    sockets_.push_back({is_setting(name) ? name : "", base::Fd(kFirst + i)});
  }
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"}) {
    ::unsetenv(name);
  }
}

bool Manager::has(std::string_view setting) const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [&](const Socket& socket) { return socket.name == setting; });
}

std::optional<base::Fd> Manager::take(std::string_view setting) {
  for (const std::string_view wanted : {setting, std::string_view()}) {
    const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                    [&](const Socket& socket) { return socket.name == wanted; });
    if (found == sockets_.end()) continue;
    base::Fd fd = std::move(found->fd);
    sockets_.erase(found);
    return fd;
  }
  return std::nullopt;
}

// Who does not listen is not waiting for it.
void Manager::tell(std::string_view what) const {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (notify_.empty() || notify_.size() >= sizeof name.sun_path) return;
  std::copy(notify_.begin(), notify_.end(), std::begin(name.sun_path));
  if (notify_.front() == '@') name.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_.size());
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(fd.get(), what.data(), what.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&name), size);
}

}  // namespace gopouch::serve
