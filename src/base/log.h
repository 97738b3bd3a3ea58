// Log: one line an event, on stderr, never on stdout, which is go's.
//
// Process-wide, like the counters; everything else is handed its surroundings. Each line is one
// write(2), so that lines of many processes do not mix, and begins with "gopouch: ".
#pragma once

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gopouch::base {

enum class LogLevel { kError, kWarning, kInfo, kDebug };

// Set once at start, before other threads log. Default: kWarning.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Writes `line` whatever the level.
void write_log_line(std::string_view line);

template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) write_log_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gopouch::base
