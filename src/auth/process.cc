// credential_process: a command of the user's prints credentials as JSON.
//
// Rules: "Process credential provider" of the AWS SDKs and Tools reference guide: run by the shell,
// Version 1. It inherits our environment, but for GOCACHEPROG: a command that runs go would start
// us again, and so on. It inherits neither our stdin, which is go's, nor our stderr, where it could
// print what it should not. It has a minute, or less where the call has; then it and what it
// started are killed.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/source.h"
#include "base/files.h"

namespace gopouch::auth {

namespace {

constexpr std::chrono::minutes kLongest{1};
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

std::vector<char*> environment() {
  std::vector<char*> kept;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    if (!std::string_view(*at).starts_with("GOCACHEPROG=")) kept.push_back(*at);
  }
  kept.push_back(nullptr);
  return kept;
}

// Starts the command in a process group of its own with its output in `out`; -1: it cannot be.
pid_t start(const std::string& command, int out) {
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

  std::string shell = "sh", flag = "-c", text = command;
  const std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, "/bin/sh", actions.get(), attributes.get(),
                                  arguments.data(), environment().data());
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

// What the command prints, if it ends well.
base::Result<std::string> output_of(const std::string& command, const base::Call& call,
                                    const std::string& what) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::system_error(what, errno);
  const base::Fd out(ends[0]);
  base::Fd in(ends[1]);
  const pid_t pid = start(command, in.get());
  in.reset();
  if (pid < 0) return error_of(what, base::Fault::kDenied, "/bin/sh cannot be started");
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

}  // namespace

Found from_process(const Asking& ask, const SharedFiles& files, std::string_view profile) {
  auto command = files.setting(profile, "credential_process");
  if (!command) return std::optional<AwsCredentials>();
  std::replace(command->begin(), command->end(), '\n', ' ');  // of a value on several lines
  const std::string what = fmt::format("AWS profile {}, credential_process", one_line(profile));
  const auto text = output_of(*command, ask.call.at_most(kLongest), what);
  if (!text) return text.error();
  const Fields fields = json_fields(*text);
  if (fields.empty())
    return error_of(what, base::Fault::kInvalid, "what it prints is no JSON object");
  if (field(fields, "Version") != "1") {
    return error_of(what, base::Fault::kInvalid, "what it prints has no \"Version\": 1");
  }
  auto made = make_credentials(field(fields, "AccessKeyId"), field(fields, "SecretAccessKey"),
                               field(fields, "SessionToken"), field(fields, "Expiration"),
                               fmt::format("profile {}, credential_process", one_line(profile)));
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
