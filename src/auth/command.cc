// Starting, reading, ending. Rules: command.h.
#include "auth/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include <fmt/format.h>

#include "auth/reply.h"
#include "base/files.h"

namespace gopouch::auth {

namespace {

constexpr int kSlice = 20;  // ms between looks at the clock, the stop token and the child

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() { ::posix_spawnattr_init(&attributes_); }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// Ours and `more`, which go before.
std::vector<char*> environment(std::vector<std::string>& more) {
  const auto is_hidden = [&](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    return name == "GOCACHEPROG=" ||
           std::any_of(more.begin(), more.end(),
                       [&](const std::string& one) { return one.starts_with(name); });
  };
  std::vector<char*> kept;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    if (!is_hidden(*at)) kept.push_back(*at);
  }
  for (std::string& one : more) kept.push_back(one.data());
  kept.push_back(nullptr);
  return kept;
}

// Starts the command in a process group of its own with its output in `out`; -1: it cannot be.
pid_t start(Command command, int out) {
  Actions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), out, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);

  Attributes attributes;
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(attributes.get(), &none);
  ::posix_spawnattr_setsigdefault(attributes.get(), &all);
  ::posix_spawnattr_setpgroup(attributes.get(), 0);
  ::posix_spawnattr_setflags(
      attributes.get(), POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<char*> arguments;
  for (std::string& word : command.words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, arguments.front(), actions.get(), attributes.get(),
                                   arguments.data(), environment(command.variables).data());
  return error == 0 ? child : -1;
}

// The child. If it has not ended by itself when this goes, it ends with all of its group.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (ended()) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool ended() {
    if (ended_) return true;
    const pid_t got = ::waitpid(pid_, &status_, WNOHANG);
    ended_ = got == pid_ || (got < 0 && errno == ECHILD);
    return ended_;
  }
  bool well() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }
  std::string how() const {
    return WIFEXITED(status_) ? fmt::format("ended with status {}", WEXITSTATUS(status_))
                              : fmt::format("was ended by signal {}", WTERMSIG(status_));
  }

 private:
  const pid_t pid_;
  int status_ = 0;
  bool ended_ = false;
};

base::Error error_of(const std::string& what, base::Fault fault, std::string_view why) {
  return {fault, fmt::format("{}: {}", what, why)};
}

}  // namespace

base::Result<std::string> output_of(const Command& command, const base::Call& call,
                                    const std::string& what) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::system_error(what, errno);
  const base::Fd out(ends[0]);
  base::Fd in(ends[1]);
  const pid_t pid = start(command, in.get());
  in.reset();
  if (pid < 0)
    return error_of(what, base::Fault::kDenied,
                    fmt::format("{} cannot be started", command.words.front()));
  Child child(pid);

  std::string text;
  std::array<char, 4096> piece{};
  bool all = false;
  while (!all || !child.ended()) {
    if (call.over()) {
      const bool stopped = call.stop.stop_requested();
      return error_of(what, stopped ? base::Fault::kStopped : base::Fault::kTimeout,
                      stopped ? "called off" : "takes too long");
    }
    if (all) {
      base::pause(call, std::chrono::milliseconds(1));
      continue;
    }
    // What the command left behind in the background may hold the pipe open: do not wait for that.
    const bool ended = child.ended();
    pollfd ready{.fd = out.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, ended ? 0 : kSlice) <= 0) {
      all = ended;
      continue;
    }
    const ssize_t size = ::read(out.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      all = true;
      continue;
    }
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > kLargestReply) {
      return error_of(what, base::Fault::kInvalid, "prints more than any credentials");
    }
  }
  if (!child.well()) return error_of(what, base::Fault::kDenied, child.how());
  return text;
}

}  // namespace gopouch::auth
