// From words to a command.
#include "cli/cli.h"

namespace gopouch::cli {

namespace {

int dispatch(const config::Settings& settings) {
  if (settings.help || settings.command == "help") return show_help(settings);
  if (settings.command.empty()) return run(settings);
  if (settings.command == "ca") return show_ca(settings);
  if (settings.command.starts_with("clear")) return clear(settings);
  if (settings.command == "connect") return connect(settings);
  if (settings.command == "config") return show_config(settings);
  if (settings.command == "doctor") return doctor(settings);
  if (settings.command == "prefetch") return prefetch(settings);
  if (settings.command == "prune") return prune(settings);
  if (settings.command == "scope") return show_scope(settings);
  if (settings.command == "serve") return serve(settings);
  if (settings.command == "verify") return verify(settings);
  if (settings.command == "version") return show_version();
  throw config::ConfigError("command \"" + settings.command + "\" is not here");
}

}  // namespace

int main(std::span<const std::string> args, const config::Environment& env) {
  try {
    const config::Settings settings = config::load(args, env);
    base::set_log_level(settings.log_level);
    for (const auto& warning : settings.warnings)
      base::log(base::LogLevel::kWarning, "{}", warning);
    for (const auto& note : settings.notes) base::log(base::LogLevel::kDebug, "{}", note);
    return dispatch(settings);
  } catch (const config::ConfigError& error) {
    base::log(base::LogLevel::kError, "{}", error.what());
    return 2;
  } catch (const std::exception& error) {
    base::log(base::LogLevel::kError, "{}", error.what());
    return 1;
  }
}

}  // namespace gopouch::cli
