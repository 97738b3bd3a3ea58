// gopouch doctor: checks the configuration end to end, and says what to do about what is wrong.
//
// Everything is tried for real, with an object of its own under the prefix that a session uses; it
// is removed again. Exit code 0: all is well; 1: something is not.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/shared.h"

#include <nlohmann/json.hpp>

namespace gopouch::cli {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr std::chrono::seconds kTime{20};  // for one check
constexpr int kTrips = 5;
constexpr std::size_t kProbe = std::size_t{4} << 20U;
constexpr std::chrono::seconds kSkew{60};  // from here on a clock is worth a word

enum class Verdict { kOk, kWarning, kBad };
constexpr std::array kWords{"ok", "warning", "bad"};

struct Check {
  std::string name;
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string advice;  // empty: nothing to do
};

using Report = std::vector<Check>;

base::Call in_time() { return base::Call::within(kTime); }

double ms_since(Clock::time_point start) {
  return duration<double, std::milli>(Clock::now() - start).count();
}

// What may help with a fault of the remote.
std::string advice_for(const base::Error& error) {
  switch (error.fault) {
    case base::Fault::kDenied:
      return "let these credentials read, write, delete and list there: docs/backends";
    case base::Fault::kInvalid:
      return "check the names in --remote, the region and the endpoint";
    case base::Fault::kUnavailable:
    case base::Fault::kTimeout:
      return "check endpoint, proxy and firewall; does another program reach it from here?";
    default:
      return "look at what answers there: it may be no object store";
  }
}

Check bad(std::string name, const base::Error& error) {
  return {std::move(name), Verdict::kBad, error.message, advice_for(error)};
}

Check check_local(const config::Settings& settings) {
  store::Store store(settings.store);
  store::Put put = store.put({base::sha256({})}, {base::sha256({})}, 0);
  const auto stored = put.commit();
  if (!stored) {
    return {"cache folder", Verdict::kBad, stored.error().message,
            "name a folder that can be written with --cache-dir"};
  }
  const bool here = stored->path.starts_with(settings.store.dir.native() + "/");
  return {
      "cache folder", here ? Verdict::kOk : Verdict::kWarning,
      here ? settings.store.dir.native() : "writes go to " + settings.store.fallback_dir.native(),
      here ? "" : "make cache-dir writable, or name another"};
}

Check check_credentials(object::Remote& remote) {
  const auto who = remote.who(in_time());
  if (!who) {
    return {"credentials", Verdict::kBad, who.error().message,
            "docs/backends has the places where they are looked for"};
  }
  return {"credentials", Verdict::kOk, who->empty() ? "none are needed" : "from " + *who, ""};
}

// The first call opens the connection; the others measure the way.
Check check_reach(object::Remote& remote) {
  std::vector<double> trips;
  for (int i = 0; i <= kTrips; ++i) {
    const auto start = Clock::now();
    const auto answer = remote.store().head("v1/doctor", in_time());
    if (!answer) return bad("reach", answer.error());
    if (i > 0) trips.push_back(ms_since(start));
  }
  std::sort(trips.begin(), trips.end());
  return {"reach", Verdict::kOk, fmt::format("{:.1f} ms a round trip", trips[trips.size() / 2]),
          ""};
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(std::random_device{}());
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at + 8 <= size; at += 8) {
    const std::uint64_t word = random();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, bytes.data() + at);
  }
  return bytes;
}

std::string speed(std::size_t bytes, double ms) {
  return base::human_bytes(static_cast<std::int64_t>(static_cast<double>(bytes) / ms * 1000)) +
         "/s";
}

// Whether a part of the object comes back as that part.
void check_ranges(object::Remote& remote, const object::Key& key, const std::string& bytes,
                  Report& report) {
  if (!remote.features().ranges) {
    report.push_back({"ranges", Verdict::kOk, "none are asked for", ""});
    return;
  }
  const object::Range part{1000, 2000};
  const auto read = object::get_one(remote.store(), {.key = key, .range = part}, in_time());
  const bool right = read && *read && (*read)->bytes == bytes.substr(1000, 2000);
  report.push_back({"ranges", right ? Verdict::kOk : Verdict::kBad,
                    right  ? "as asked for"
                    : read ? "another part than was asked for"
                           : read.error().message,
                    right ? "" : "without them packs cannot be read; over HTTP say ?ranges=false"});
}

// Writes an object, reads it back and removes it.
void check_write(object::Remote& remote, Report& report) {
  if (remote.counts().read_only) {
    report.push_back({"write", Verdict::kOk, "not tried: it is read-only", ""});
    return;
  }
  if (!remote.layout().empty()) {
    report.push_back({"write", Verdict::kOk, "not tried: it could not be removed again", ""});
    return;
  }
  object::Store& store = remote.store();
  const object::Key key = fmt::format("v1/doctor/{}-{}", ::getpid(), std::random_device{}());
  const std::string bytes = noise(kProbe);
  const auto body = base::bytes_of(bytes);
  const base::Hash sum = base::sha256(body);

  auto start = Clock::now();
  const auto stored =
      store.put(key, {.bytes = body}, {.sha256 = std::string(sum.begin(), sum.end())}, in_time());
  if (!stored) {
    Check check = bad("write", stored.error());
    if (stored.error().fault == base::Fault::kDenied) {
      check.verdict = Verdict::kWarning;
      check.advice = "sessions here only read; say --read-only if that is meant";
    }
    report.push_back(std::move(check));
    return;
  }
  report.push_back({"write", Verdict::kOk, speed(bytes.size(), ms_since(start)), ""});

  start = Clock::now();
  const auto read = object::get_one(store, {.key = key}, in_time());
  if (!read) {
    report.push_back(bad("read", read.error()));
  } else if (!*read || (*read)->bytes != bytes) {
    report.push_back({"read", Verdict::kBad, "not what was written a moment ago",
                      "this store cannot be trusted with a cache"});
  } else {
    report.push_back({"read", Verdict::kOk, speed(bytes.size(), ms_since(start)), ""});
    check_ranges(remote, key, bytes, report);
  }

  const auto removed = store.remove(std::span(&key, 1), in_time());
  if (!removed) {
    report.push_back({"delete", Verdict::kWarning, removed.error().message,
                      "only clear-remote and prune --remote need it"});
  } else {
    report.push_back({"delete", Verdict::kOk, "allowed", ""});
  }
}

void check_clock(object::Remote& remote, Report& report) {
  const auto offset = remote.clock_offset();
  if (!offset) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*offset).count();
  const bool far = std::abs(seconds) > kSkew.count();
  report.push_back({"clock", far ? Verdict::kWarning : Verdict::kOk,
                    fmt::format("{} s from the server's", seconds),
                    far ? "set this machine's clock; until then gopouch corrects for it" : ""});
}

void check_remote(object::Remote& remote, Report& report) {
  report.push_back({"remote", Verdict::kOk, remote.name(), ""});
  report.push_back(check_credentials(remote));
  report.push_back(check_reach(remote));
  if (report.back().verdict == Verdict::kBad) return;
  check_clock(remote, report);
  check_write(remote, report);
}

// What follows a remote's name is about that one.
Report examine(const config::Settings& settings) {
  Report report{check_local(settings)};
  auto remotes = open_remotes(settings);
  if (remotes.empty()) report.push_back({"remote", Verdict::kOk, "none is set", ""});
  for (object::Remote& remote : remotes) check_remote(remote, report);
  return report;
}

void print_table(const Report& report) {
  for (const Check& check : report) {
    fmt::print("{:<8} {:<13} {}\n", kWords.at(static_cast<std::size_t>(check.verdict)), check.name,
               check.found);
    if (!check.advice.empty()) fmt::print("{:<22} {}\n", "", check.advice);
  }
}

void print_json(const Report& report) {
  auto checks = nlohmann::json::array();
  for (const Check& check : report) {
    checks.push_back({{"check", check.name},
                      {"verdict", kWords.at(static_cast<std::size_t>(check.verdict))},
                      {"found", check.found},
                      {"advice", check.advice}});
  }
  fmt::print("{}\n", nlohmann::json{{"checks", checks}}.dump(
                         2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

int doctor(const config::Settings& settings) {
  const Report report = examine(settings);
  settings.json ? print_json(report) : print_table(report);
  return std::any_of(report.begin(), report.end(),
                     [](const Check& check) { return check.verdict == Verdict::kBad; })
             ? 1
             : 0;
}

}  // namespace gopouch::cli
