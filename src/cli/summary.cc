#include "cli/summary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"

namespace gopouch::cli {

namespace {

using base::grouped;
using base::human_bytes;

// What the remote spared go: the time that others needed, divided among the cores that would have
// worked at it.
std::int64_t saved_seconds(const remote::Counts& remote) {
  return remote.saved_ms / 1000 / std::max(1U, std::thread::hardware_concurrency());
}

// What prefetch did: of the hits from the remote, those that it had, those that waited for it, and
// those that were fetched singly.
std::string prefetched(const remote::Counts& remote) {
  const pack::Counts& packs = remote.packs;
  std::string text = fmt::format("{} prefetched", grouped(packs.in_hand));
  if (packs.waits > 0) {
    text += fmt::format(" ({} waited for, {:.1f} s)", grouped(packs.waits),
                        static_cast<double>(packs.waited_ms) / 1000);
  }
  if (remote.hits > packs.in_hand) {
    text += fmt::format(", {} fetched singly", grouped(remote.hits - packs.in_hand));
  }
  if (packs.in_vain > 0) text += ", " + human_bytes(packs.in_vain) + " in vain";
  return text;
}

// Where hits came from, with each remote's part where there are several.
std::string sources(const session::Counts& session, const remote::Counts& remote,
                    const std::vector<remote::Tiers::Part>& parts) {
  std::string text = grouped(remote.hits) + " remote";
  if (parts.size() > 1) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      text += fmt::format("{}{} from {}", i == 0 ? ": " : " and ", grouped(parts[i].counts.hits),
                          parts[i].name);
    }
  }
  return text + fmt::format(", {} local", grouped(session.hits - remote.hits));
}

// Bytes in one direction, with each remote's part where there are several.
std::string moved(std::int64_t sum, std::string_view direction,
                  const std::vector<remote::Tiers::Part>& parts,
                  std::int64_t remote::Counts::*bytes) {
  std::string text = fmt::format("{} {}", human_bytes(sum), direction);
  if (parts.size() < 2) return text;
  std::string each;
  for (const auto& part : parts) {
    each += (each.empty() ? "" : " and ") + human_bytes(part.counts.*bytes);
  }
  return text + " (" + each + ")";
}

std::string line(const session::Counts& session, const remote::Tiers* tiers) {
  const remote::Counts remote = tiers != nullptr ? tiers->counts() : remote::Counts();
  const auto parts = tiers != nullptr ? tiers->parts() : std::vector<remote::Tiers::Part>();
  std::string text;
  const auto add = [&](std::string_view part) {
    text.append(text.empty() ? "" : ", ").append(part);
  };
  add(fmt::format(
      "{} hits ({})", grouped(session.hits),
      tiers == nullptr ? human_bytes(session.hit_bytes) : sources(session, remote, parts)));
  add(fmt::format("{} misses", grouped(session.misses)));
  if (tiers == nullptr) {
    add(fmt::format("{} puts ({})", grouped(session.puts), human_bytes(session.put_bytes)));
  } else {
    add(moved(remote.bytes_down, "down", parts, &remote::Counts::bytes_down));
    add(moved(remote.bytes_up, "up", parts, &remote::Counts::bytes_up));
  }
  if (remote.packs.ranges > 0) add(prefetched(remote));
  if (saved_seconds(remote) > 0) add(fmt::format("saved about {} s", saved_seconds(remote)));
  if (remote.corrupt > 0) add(fmt::format("{} damaged objects", grouped(remote.corrupt)));
  if (const auto faults = remote.faults + remote.upload_faults; faults > 0) {
    add(fmt::format("{} remote faults", grouped(faults)));
    for (const auto& [name, counts] : parts) {
      const auto own = counts.faults + counts.upload_faults;
      if (parts.size() > 1 && own > 0) text += fmt::format(" ({} of {})", grouped(own), name);
    }
  }
  if (session.faults > 0) add(fmt::format("{} local faults", grouped(session.faults)));
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
  if (!base::write_all(file.get(), base::bytes_of(text))) {
    return;
  }
}

}  // namespace

void summarize(const session::Counts& session, const remote::Tiers* remote,
               const config::Settings& settings) {
  if (settings.stats || ::isatty(STDERR_FILENO) != 0) base::write_log_line(line(session, remote));
  if (!settings.step_summary.empty()) append_row(settings.step_summary, session);
}

}  // namespace gopouch::cli
