// gopouch clear, clear-local: empties the local store. The words on success are those of the
// programs that gopouch takes the place of: scripts look for them.
#include <cstdio>

#include "cli/cli.h"

namespace gopouch::cli {

int clear(const config::Settings& settings) {
  store::Store store(settings.store);
  if (!store.clear()) {
    base::log(base::LogLevel::kError, "{}: some files could not be removed",
              settings.store.dir.native());
    return 1;
  }
  std::puts(settings.command == "clear" ? "Cache cleared successfully"
                                        : "Local cache cleared successfully");
  return 0;
}

}  // namespace gopouch::cli
