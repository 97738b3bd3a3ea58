// gopouch prune: the trim that otherwise follows a session, now.
#include "base/text.h"
#include "cli/cli.h"

namespace gopouch::cli {

int prune(const config::Settings& settings) {
  store::Store store(settings.store);
  const auto report = store.trim();
  if (!report) {
    base::log(base::LogLevel::kError, "{}: another process is trimming it, or it cannot be written",
              settings.store.dir.native());
    return 1;
  }
  fmt::print("Removed {} files ({}), kept {} ({})\n", base::grouped(report->removed_files),
             base::human_bytes(report->removed_bytes), base::grouped(report->kept_files),
             base::human_bytes(report->kept_bytes));
  return 0;
}

}  // namespace gopouch::cli
