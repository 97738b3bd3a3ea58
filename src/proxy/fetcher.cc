#include "proxy/fetcher.h"

#include "base/log.h"
#include "proxy/inspect.h"

namespace gopouch::proxy {

namespace {

using base::Fault;

constexpr std::size_t kRemembered = 100'000;  // things that are not there
constexpr std::chrono::milliseconds kSharedTime{60'000};
constexpr std::chrono::seconds kQuiet{5};  // after no answer at all

}  // namespace

Fetcher::Fetcher(const ModuleOptions& options, Shelf& shelf, Tally& tally)
    : options_(options),
      shelf_(shelf),
      tally_(tally),
      client_(options.net),
      workers_(options.fetches) {}

bool Fetcher::is_fresh(const Path& path, const Kept& kept) const {
  const auto now = options_.now();
  return path.lasting() ||
         (kept.facts.fetched <= now && now < kept.facts.fetched + options_.fresh_for);
}

std::optional<Answer> Fetcher::absent(const base::Hash& name) const {
  auto known = absent_.lock();
  const auto found = known->find(name);
  if (found == known->end() || found->second.until < Clock::now()) return std::nullopt;
  return found->second.answer;
}

bool Fetcher::borrow(const Path& path, const base::Hash& name) {
  const auto call = base::Call::within(kSharedTime, stop_.get_token());
  return shelf_.fetch(name, limit_of(path), call).has_value();
}

Download::Reader Fetcher::join(const Path& path, const Source& source, const base::Hash& name) {
  auto downloads = under_way_.lock();
  std::shared_ptr<Download>& download = (*downloads)[name];
  if (download) {
    if (auto reader = Download::join(download)) {
      ++tally_.joined;
      return *std::move(reader);
    }
  }
  download = std::make_shared<Download>();
  workers_.add([this, path, source, name, mine = download] {
    Outcome outcome = fetch(path, source, name, *mine);
    {
      // Whoever comes after the end asks anew.
      auto now = under_way_.lock();
      const auto found = now->find(name);
      if (found != now->end() && found->second == mine) now->erase(found);
    }
    mine->finish(std::move(outcome));
  });
  return *Download::join(download);
}

Outcome Fetcher::fetch(const Path& path, const Source& source, const base::Hash& name,
                       Download& download) {
  const auto call = base::Call::within(options_.fetch_time, stop_.get_token());
  // Somebody else's fetch may have ended since this one was asked for.
  auto old = shelf_.find(name);
  if (!old && path.lasting()) {
    old = shelf_.fetch(name, limit_of(path), call.at_most(kSharedTime));
    if (old) ++tally_.remote_hits;
  }
  if (old && is_fresh(path, *old)) {
    return {200, {}, "hit", std::move(old)};
  }
  Wanted wanted{source.path, {via_.header()}, limit_of(path)};
  if (old && !old->facts.etag.empty()) {
    wanted.headers.push_back({"If-None-Match", old->facts.etag});
  } else if (old && !old->facts.last_modified.empty()) {
    wanted.headers.push_back({"If-Modified-Since", old->facts.last_modified});
  }
  const Asking how{is_quiet() ? 1 : options_.attempts, options_.first_pause};
  const Taker taker{[&] { download.begin(); },
                    [&](std::span<const std::uint8_t> bytes) {
                      tally_.bytes_up += std::ssize(bytes);
                      return download.write(shelf_, name, bytes);
                    }};
  const auto answer =
      ask(client_, source.upstreams, wanted, taker, how, call, [this] { ++tally_.requests; });
  if (answer && (answer->status == 200 || answer->status == 304)) {
    return take(path, name, download, *answer, std::move(old));
  }
  if (answer && (answer->status == 404 || answer->status == 410)) {
    ++tally_.absent;
    remember_absent(name, *answer);
    return {answer->status, answer->text, "absent", {}};
  }
  return fail(path, name, download, answer, std::move(old));
}

// A file that is there.
Outcome Fetcher::take(const Path& path, const base::Hash& name, Download& download,
                      const Answer& answer, std::optional<Kept> old) {
  Facts facts{std::string(net::find_header(answer.headers, "ETag")),
              std::string(net::find_header(answer.headers, "Last-Modified")), options_.now()};
  if (answer.status == 304 && old) {
    if (facts.etag.empty()) facts.etag = old->facts.etag;
    if (facts.last_modified.empty()) facts.last_modified = old->facts.last_modified;
    shelf_.renew(name, *old, facts);
    ++tally_.hits;
    return {200, {}, "hit", std::move(old)};
  }
  ++tally_.fetched;
  absent_.lock()->erase(name);
  const bool taken = download.started() || download.write(shelf_, name, {});
  if (!taken || download.draft() == nullptr) {
    ++tally_.unkept;
    return {200, {}, "miss", {}};
  }
  keep::Draft& draft = *download.draft();
  if (const auto fine = inspect(path, draft.fd(), draft.size()); !fine) {
    ++tally_.damaged;
    base::log(base::LogLevel::kWarning, "modules: {}: {}; handed on, not kept", path.text,
              fine.error().message);
    return {200, {}, "damaged", {}};
  }
  if (const auto kept = shelf_.keep(draft, facts); !kept) {
    ++tally_.unkept;
    shelf_.say_ailing(kept.error());
    return {200, {}, "miss", {}};
  }
  auto here = shelf_.find(name);
  return {200, {}, "miss", std::move(here)};
}

// Nobody could say whether it is there: what was here before will do, if there was.
Outcome Fetcher::fail(const Path& path, const base::Hash& name, Download& download,
                      const base::Result<Answer>& answer, std::optional<Kept> old) {
  if (!answer &&
      (answer.error().fault == Fault::kUnavailable || answer.error().fault == Fault::kTimeout)) {
    quiet_until_ = (Clock::now() + kQuiet).time_since_epoch().count();
  }
  if (download.started() && path.kind == Kind::kZip) {
    ++tally_.faults;
    return {502, "upstream: torn off\n", "fault", {}};
  }
  if (!old && !path.lasting()) {
    old = shelf_.fetch(name, limit_of(path), base::Call::within(kSharedTime, stop_.get_token()));
  }
  if (old) {
    ++tally_.stale;
    return {200, {}, "stale", std::move(old)};
  }
  {
    auto known = absent_.lock();
    if (const auto found = known->find(name); found != known->end()) {
      ++tally_.stale;
      return {found->second.answer.status, found->second.answer.text, "stale", {}};
    }
  }
  ++tally_.faults;
  if (answer) return {answer->status, answer->text, "fault", {}};
  return {http::gateway_status(answer.error()), http::gateway_text(answer.error()), "fault", {}};
}

void Fetcher::remember_absent(const base::Hash& name, const Answer& answer) {
  auto known = absent_.lock();
  if (known->size() >= kRemembered) known->clear();
  (*known)[name] = {Clock::now() + options_.fresh_for,
                    {answer.status, {}, answer.text.substr(0, 4096)}};
}

}  // namespace gopouch::proxy
