// gopouch connect: what GOCACHEPROG names where a server runs on this machine.
//
// The server answers; where it is not there, or goes away in the middle, this process does, as if
// it had been started without a server.
#include <unistd.h>

#include "cli/cli.h"
#include "cli/shared.h"

namespace gopouch::cli {

namespace {

net::Address server_address(const config::Settings& settings) {
  const std::string& text = settings.operands.empty() ? settings.plugin : settings.operands.front();
  if (text.empty()) throw config::ConfigError("connect: where? gopouch connect PORT|unix:PATH");
  return address_of("connect", text);
}

}  // namespace

int connect(const config::Settings& settings) {
  const net::Address address = server_address(settings);
  auto objects = open_remotes(settings);
  base::Fd out = meet_go();
  serve::Crossing crossing = serve::connect(address, STDIN_FILENO, out.get(), [&] {
    const scope::Scope found =
        scope::find(scope::surroundings(settings.object.env), settings.scope);
    return protocol::Greeting{found.exact, found.module};
  });
  if (crossing.end == serve::Crossing::End::kDone) return 0;
  if (settings.no_fallback) {
    base::log(base::LogLevel::kError, "{}; --no-fallback", crossing.problem);
    return 1;
  }
  base::log(base::LogLevel::kWarning, "{}; going on without the server", crossing.problem);
  if (!crossing.hello_said) return converse(settings, objects, std::move(out));
  return converse(settings, objects, std::move(out), std::move(crossing.rest));
}

}  // namespace gopouch::cli
