#include "cli/shared.h"

#include <algorithm>

#include "base/text.h"
#include "scope/scope.h"

namespace gopouch::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSilence{2};     // before a line says what is waited for
constexpr std::chrono::seconds kAutoWait{2};    // what --flush=auto lets go wait
constexpr std::chrono::seconds kStall{5};       // without progress: enough
constexpr std::chrono::seconds kReachTime{10};  // to find out whether a remote answers

}  // namespace

std::vector<object::Remote> open_remotes(const config::Settings& settings) {
  std::vector<object::Remote> remotes;
  remotes.reserve(settings.remotes.size());
  for (const std::string& url : settings.remotes) {
    auto opened = object::open(url, settings.object);
    if (!opened) throw config::ConfigError("remote: " + opened.error().message);
    if (const auto fits = remote::check_layout(settings.sharing.layout, *opened); !fits) {
      throw config::ConfigError(fits.error().message);
    }
    remotes.push_back(*std::move(opened));
  }
  return remotes;
}

std::vector<object::Remote> open_writable(const config::Settings& settings) {
  std::vector<object::Remote> writable;
  std::vector<object::Remote> remotes = open_remotes(settings);
  for (object::Remote& remote : remotes) {
    if (remote.counts().read_only) {
      base::log(base::LogLevel::kWarning, "{}: read-only, left as it is", remote.name());
    } else {
      writable.push_back(std::move(remote));
    }
  }
  return writable;
}

void want_writable(const config::Settings& settings, const std::vector<object::Remote>& writable,
                   std::string_view command) {
  if (!writable.empty()) return;
  throw config::ConfigError(fmt::format("{}: {}", command,
                                        settings.remotes.empty()
                                            ? "no remote is set; name it with --remote"
                                            : "what is set is read-only"));
}

void require_own_layout(std::string_view command, const config::Settings& settings) {
  if (settings.sharing.layout == remote::LayoutKind::kGopouch) return;
  throw config::ConfigError(
      fmt::format("{}: this is for gopouch's own layout; --layout asks for another", command));
}

net::Address address_of(std::string_view setting, const std::string& text) {
  auto address = net::parse_address(text);
  if (!address) throw config::ConfigError(fmt::format("{}: {}", setting, address.error().message));
  return *std::move(address);
}

remote::Options sharing(const config::Settings& settings) {
  remote::Options options = settings.sharing;
  options.packs.max_body = options.max_body;
  options.packs.temp_dir = options.temp_dir;
  options.packs.scope = [env = settings.object.env, name = settings.scope] {
    const scope::Scope found = scope::find(scope::surroundings(env), name);
    return std::pair(found.exact, found.module);
  };
  return options;
}

bool reachable(std::vector<object::Remote>& remotes) {
  return std::all_of(remotes.begin(), remotes.end(), [](object::Remote& remote) {
    const auto answer = remote.store().head("v1/reachable", base::Call::within(kReachTime));
    if (answer) return true;
    base::log(base::LogLevel::kError, "{}; --require-remote wants it", answer.error().message);
    return false;
  });
}

std::chrono::milliseconds close_wait(const config::Settings& settings) {
  switch (settings.flush) {
    case config::Flush::kBackground:
      break;
    case config::Flush::kAuto:
      return std::min<std::chrono::milliseconds>(settings.flush_timeout, kAutoWait);
    case config::Flush::kWait:
      return settings.flush_timeout;
  }
  return std::chrono::milliseconds(0);
}

// An output of no bytes is not worth a round trip of somebody who waits.
remote::Remote::Flush close_flush(const config::Settings& settings) {
  return settings.flush == config::Flush::kAuto ? remote::Remote::Flush::kNotEmpty
                                                : remote::Remote::Flush::kAll;
}

void flush_before_go(remote::Tiers& shared, const config::Settings& settings) {
  if (settings.flush == config::Flush::kBackground) return;
  const auto start = Clock::now();
  const auto end = start + close_wait(settings);
  const auto soon = std::min<Clock::time_point>(end, start + kSilence);
  if (shared.flush(soon, kStall, close_flush(settings))) return;
  if (settings.flush == config::Flush::kAuto) return;
  if (Clock::now() < end) {
    base::write_log_line(
        fmt::format("uploading {} outputs before this ends", base::grouped(shared.pending())));
  }
  const bool all = shared.flush(end, kStall);
  if (const auto lost = shared.give_up(); lost > 0) {
    base::write_log_line(fmt::format("gave up {} uploads: {}", base::grouped(lost),
                                     all                  ? "the remote failed them"
                                     : Clock::now() < end ? "nothing moved for 5 s"
                                                          : "--flush-timeout is over"));
  }
}

void flush_after_go(remote::Tiers& shared, const config::Settings& settings) {
  shared.flush(Clock::now() + settings.flush_timeout, kStall);
  shared.give_up();
}

revproxy::Options reverse_options(const config::Settings& settings) {
  revproxy::Options options = settings.reverse;
  const auto own = settings.store.dir / "gopouch";
  if (options.dir.empty()) options.dir = own / "reverse";
  if (options.ca_dir.empty()) options.ca_dir = own / "ca";
  options.net.ca_file = settings.object.net.ca_file;
  return options;
}

}  // namespace gopouch::cli
