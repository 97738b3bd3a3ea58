// gopouch verify: is every output what its name says?
#include "base/text.h"
#include "cli/cli.h"

namespace gopouch::cli {

int verify(const config::Settings& settings) {
  store::Store store(settings.store);
  const store::VerifyReport report = store.verify();
  fmt::print(
      "{} outputs ({}) and {} entries are whole; removed {} damaged outputs and {} entries\n",
      base::grouped(report.outputs), base::human_bytes(report.bytes), base::grouped(report.entries),
      base::grouped(report.bad_outputs), base::grouped(report.bad_entries));
  return report.bad_outputs + report.bad_entries > 0 ? 1 : 0;
}

}  // namespace gopouch::cli
