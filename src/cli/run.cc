// gopouch without a command: the program that GOCACHEPROG names.
//
// The order of things is the whole of it. go waits for our hello before it does anything, so
// nothing comes before it but the settings. go ends when our stdout ends, so what need not be
// waited for (late uploads, a trim) comes after that, when go's descriptors are released.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "base/files.h"
#include "cli/cli.h"
#include "cli/shared.h"
#include "cli/summary.h"
#include "protocol/protocol.h"

namespace gopouch::cli {

namespace {

// Ctrl-C, a closed terminal and a CI's stop reach the whole process group, but `go run` and `go
// test` go on until their children end, and a cache that dies before go is a failed build. The end
// of input is our only signal. A go that has gone, or a file that may not grow, is an error code
// and not a death.
void outlive_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

// The answers' own descriptor. Whatever else prints to stdout from here on prints to stderr.
base::Fd take_stdout() {
  base::Fd out = base::duplicate(STDOUT_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return out;
}

// A body of 20 MB through a pipe of 64 KiB is some hundred turns of waiting for each other. Where
// the system allows no more, it stays as it is.
void widen_pipe(int fd) { ::fcntl(fd, F_SETPIPE_SZ, 1 << 20); }

// Leaves go's terminal, pipes and process group, so that nobody waits for us.
void release_go() {
  const base::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), fd);
  ::setsid();
}

}  // namespace

base::Fd meet_go() {
  if (::isatty(STDIN_FILENO) != 0) {
    base::write_log_line(
        "waiting for requests; a go command starts this program: "
        "GOCACHEPROG=gopouch go build ./...");
  } else {
    outlive_signals();
  }
  return take_stdout();
}

int run(const config::Settings& settings) {
  auto objects = open_remotes(settings);
  if (settings.require_remote && !reachable(objects)) return 1;
  return converse(settings, objects, meet_go());
}

int converse(const config::Settings& settings, std::vector<object::Remote>& objects, base::Fd out,
             std::optional<protocol::Ledger::Rest> rest) {
  protocol::Connection go(
      STDIN_FILENO, out.get(),
      {.log_requests = settings.log_requests, .log_responses = settings.log_responses});
  if (rest) {
    go.take_over(*std::move(rest));
  } else if (!go.hello()) {
    return 0;
  }

  widen_pipe(STDIN_FILENO);
  store::Store store(settings.store);
  std::optional<remote::Tiers> shared;
  if (!objects.empty()) shared.emplace(objects, store, sharing(settings));
  session::Session session(store, shared ? &*shared : nullptr, settings.session);
  const protocol::Ending ending = go.serve(session);

  if (shared) {
    shared->close();
    flush_before_go(*shared, settings);
  }
  summarize(session.counts(), shared ? &*shared : nullptr, settings);
  go.finish();
  out.reset();
  release_go();
  // From here on go has gone its way.

  if (shared) flush_after_go(*shared, settings);
  if (store.trim_due()) store.trim();
  return ending == protocol::Ending::kBroken ? 1 : 0;
}

}  // namespace gopouch::cli
