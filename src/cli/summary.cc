#include "cli/summary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"

namespace gopouch::cli {

namespace {

using base::grouped;
using base::human_bytes;

std::string line(const session::Counts& counts) {
  std::string text = fmt::format("{} hits ({}), {} misses, {} puts ({})", grouped(counts.hits),
                                 human_bytes(counts.hit_bytes), grouped(counts.misses),
                                 grouped(counts.puts), human_bytes(counts.put_bytes));
  if (counts.faults > 0) text += fmt::format(", {} local faults", grouped(counts.faults));
  return text;
}

// A step may run many go commands: the first one writes the head of the table. One write(2) each,
// so that those that run side by side do not mix.
void append_row(const std::string& path, const session::Counts& counts) {
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return;
  std::string text;
  if (info.st_size == 0) {
    text = "| gopouch | hits | misses | puts |\n| --- | ---: | ---: | ---: |\n";
  }
  text += fmt::format("| go command | {} ({}) | {} | {} ({}) |\n", grouped(counts.hits),
                      human_bytes(counts.hit_bytes), grouped(counts.misses), grouped(counts.puts),
                      human_bytes(counts.put_bytes));
  // A summary that cannot be written is nobody's failure.
  if (!base::write_all(file.get(),
                       {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
    return;
  }
}

}  // namespace

void summarize(const session::Counts& counts, const config::Settings& settings) {
  if (settings.stats || ::isatty(STDERR_FILENO) != 0) base::write_log_line(line(counts));
  if (!settings.step_summary.empty()) append_row(settings.step_summary, counts);
}

}  // namespace gopouch::cli
