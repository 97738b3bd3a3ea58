// The module proxy: what is answered, from what is kept or from what comes.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/fetcher.h"
#include "proxy/path.h"
#include "proxy/proxy.h"

namespace gopouch::proxy {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr keep::Label kLabel{"modules", "v1/mod/"};
constexpr std::string_view kNotFound = "not found\n";

std::string_view media_type(Kind kind) {
  switch (kind) {
    case Kind::kInfo:
    case Kind::kQuery:
    case Kind::kLatest:
      return "application/json";
    case Kind::kZip:
      return "application/zip";
    case Kind::kSumTile:
      return "application/octet-stream";
    default:
      return "text/plain; charset=utf-8";
  }
}

http::Head head_of(const Path& path, int status, std::string_view word) {
  http::Head head{status, {}};
  const bool fine = status == 200;
  head.headers.push_back(
      {"Content-Type", fine ? std::string(media_type(path.kind)) : http::kPlainText.value});
  const std::string_view age = !fine            ? "no-store"
                               : path.lasting() ? "public, max-age=604800"
                                                : "public, max-age=60";
  head.headers.push_back({"Cache-Control", std::string(age)});
  head.headers.push_back({"X-Cache", std::string(word)});
  return head;
}

}  // namespace

net::Options ModuleOptions::upstream_times() {
  net::Options options;
  options.connect_timeout = std::chrono::milliseconds(10'000);
  options.first_byte_timeout = std::chrono::milliseconds(30'000);
  options.stall_timeout = std::chrono::milliseconds(30'000);
  return options;
}

struct Modules::Rep {
  Rep(ModuleOptions how, Sources from, std::unique_ptr<Shelf> on)
      : options(std::move(how)), sources(std::move(from)), shelf(std::move(on)) {}

  const ModuleOptions options;
  const Sources sources;
  const std::unique_ptr<Shelf> shelf;
  Tally tally;
  Fetcher fetcher{options, *shelf, tally};  // last: ends first

  bool answer_from_disk(http::Exchange& exchange, const Path& path, const base::Hash& name,
                        bool old_too);
  bool answer_tile(http::Exchange& exchange, const Path& path, const Source& source);
  bool answer_absent(http::Exchange& exchange, const Path& path, const base::Hash& name);
  void answer_file(http::Exchange& exchange, const Path& path, const Kept& kept, std::int64_t size,
                   std::string_view word);
  void answer_download(http::Exchange& exchange, const Path& path, Download::Reader reader);
};

base::Result<Modules> Modules::open(ModuleOptions options, std::span<object::Remote> shared) {
  auto sources = Sources::parse(options);
  if (!sources) return sources.error();
  auto shelf = Shelf::open(options.dir, options.room, shared, kLabel);
  if (!shelf) return shelf.error();
  return Modules(std::make_unique<Rep>(std::move(options), *std::move(sources), *std::move(shelf)));
}

Modules::Modules(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Modules::Modules(Modules&&) noexcept = default;
Modules::~Modules() {
  if (rep_) stop();
}

void Modules::stop(std::chrono::milliseconds uploads) {
  rep_->fetcher.stop();
  rep_->shelf->stop(uploads);
}

// From the cheapest to the dearest.
void Modules::answer(http::Exchange& exchange, std::string_view prefix) {
  Rep& r = *rep_;
  const http::Request& request = exchange.request();
  if (!http::only_reads(exchange)) return;
  if (r.fetcher.is_ours(request)) {
    return http::send_line(exchange, 508, "this proxy is its own upstream");
  }
  std::string_view below = request.path;
  below.remove_prefix(std::min(prefix.size() + 1, below.size()));
  const auto path = parse_path(below);
  if (!path) return exchange.send({404, {http::kPlainText}}, std::string(kNotFound));
  const Source source = r.sources.find(*path);
  if (path->kind == Kind::kSumSupported && source.is_database()) {
    return exchange.send(head_of(*path, 200, "hit"), "");
  }
  const base::Hash name = shelf_name(source.space, path->text);
  if (r.answer_from_disk(exchange, *path, name, false)) return;
  if (r.answer_tile(exchange, *path, source)) return;
  if (r.answer_absent(exchange, *path, name)) return;
  const bool ask_nobody = r.options.offline || source.upstreams.empty() ||
                          net::find_header(request.headers, "Disable-Module-Fetch") == "true";
  if (ask_nobody) {
    if (r.answer_from_disk(exchange, *path, name, true)) return;
    if (r.options.offline && r.fetcher.borrow(*path, name) &&
        r.answer_from_disk(exchange, *path, name, true)) {
      return;
    }
    ++r.tally.absent;
    exchange.note("absent");
    http::send_line(exchange, 404, "not found: it is not kept, and nobody is asked");
    return;
  }
  r.answer_download(exchange, *path, r.fetcher.join(*path, source, name));
}

bool Modules::Rep::answer_from_disk(http::Exchange& exchange, const Path& path,
                                    const base::Hash& name, bool old_too) {
  const auto kept = shelf->find(name);
  if (!kept) return false;
  const bool fresh = fetcher.is_fresh(path, *kept);
  if (!fresh && !old_too) return false;
  ++(fresh ? tally.hits : tally.stale);
  answer_file(exchange, path, *kept, kept->size, fresh ? "hit" : "stale");
  return true;
}

bool Modules::Rep::answer_tile(http::Exchange& exchange, const Path& path, const Source& source) {
  const auto part = partial_tile(path);
  if (!part) return false;
  const auto kept = shelf->find(shelf_name(source.space, part->whole));
  if (!kept || kept->size < part->size) return false;
  ++tally.hits;
  answer_file(exchange, path, *kept, part->size, "hit");
  return true;
}

bool Modules::Rep::answer_absent(http::Exchange& exchange, const Path& path,
                                 const base::Hash& name) {
  const auto known = fetcher.absent(name);
  if (!known) return false;
  ++tally.absent;
  exchange.note("absent");
  exchange.send(head_of(path, known->status, "absent"), known->text);
  return true;
}

void Modules::Rep::answer_file(http::Exchange& exchange, const Path& path, const Kept& kept,
                               std::int64_t size, std::string_view word) {
  exchange.note(word);
  http::Head head = head_of(path, 200, word);
  if (word == "stale") head.headers.push_back({"Warning", "110 - \"Response is Stale\""});
  base::Fd file = base::duplicate(kept.file.get());
  http::send_part(exchange, std::move(head), std::move(file), size);
}

// While it comes, or when it is there. What is small is not begun before it is whole: of a list
// that was torn off, an old one is better than a half.
void Modules::Rep::answer_download(http::Exchange& exchange, const Path& path,
                                   Download::Reader reader) {
  const bool stream = path.kind == Kind::kZip;
  if (const Outcome* const over = stream ? reader.wait_for_start() : &reader.wait_for_end()) {
    if (over->kept) return answer_file(exchange, path, *over->kept, over->kept->size, over->word);
    exchange.note(over->word);
    if (over->status != 200 || !reader.started()) {
      return exchange.send(head_of(path, over->status, over->word), over->text);
    }
  } else {
    exchange.note("miss");
  }
  if (!exchange.begin(head_of(path, 200, "miss"), std::nullopt)) return;
  std::string piece(kPiece, '\0');
  while (true) {
    const auto got = reader.read(piece);
    if (!got) return exchange.cut();
    if (*got == 0) break;
    if (!exchange.write(std::string_view(piece).substr(0, *got))) return;
  }
  if (reader.wait_for_end().status != 200) exchange.cut();
}

ModuleCounts Modules::counts() const {
  const Tally& t = rep_->tally;
  return {t.hits,   t.remote_hits, t.fetched, t.absent,   t.stale,    t.joined,
          t.faults, t.damaged,     t.unkept,  t.requests, t.bytes_up, rep_->fetcher.is_quiet()};
}

std::vector<std::string> Modules::upstreams() const {
  std::vector<std::string> names;
  if (rep_->options.offline) return names;
  for (const Upstream& one : rep_->sources.upstreams()) names.push_back(one.url.text());
  return names;
}

bool is_module_key(std::string_view key) { return keep::is_key_of(kLabel, key); }

}  // namespace gopouch::proxy
