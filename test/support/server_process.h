// A real server as a process of a test: it ends with the test, however that ends. What it says goes
// into a log.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "test/support/ports.h"

namespace gopouch::test {

class ServerProcess {
 public:
  // (The thread that starts it must outlive the tests.)
  ServerProcess(const std::vector<std::string>& words, const std::vector<std::string>& variables,
                const std::string& log) {
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> all;
      for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
      all.push_back(nullptr);
      return all;
    };
    const auto argv = pointers(words), envp = pointers(variables);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      const int fd = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::signal(SIGPIPE, SIG_DFL);
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
  }
  ~ServerProcess() { end(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // False: it has ended, or is not ready within half a minute.
  template <typename Ready>
  bool wait_until(const Ready& ready) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (process_ > 0 && std::chrono::steady_clock::now() < give_up) {
      if (::waitpid(process_, nullptr, WNOHANG) == process_) {
        process_ = -1;
        return false;
      }
      if (ready()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    end();
    return false;
  }

  void signal(int number) const { ::kill(process_, number); }

  void end() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  pid_t process_ = -1;
};

// Calls `start` with a port that is free until it says true: somebody else may take the port in
// between, and then another one will do. False: not in three attempts.
template <typename Start>
bool start_on_free_port(const Start& start) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (start(unused_port())) return true;
  }
  return false;
}

}  // namespace gopouch::test
