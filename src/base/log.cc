#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

namespace gopouch::base {

namespace {
std::atomic<LogLevel> g_level = LogLevel::kWarning;
}  // namespace

void set_log_level(LogLevel level) { g_level = level; }

bool log_enabled(LogLevel level) { return level <= g_level.load(std::memory_order_relaxed); }

void write_log_line(std::string_view line) {
  const std::string text = fmt::format("gopouch: {}\n", line);
  // Nothing can be done about a stderr that takes no more.
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace gopouch::base
