// Objects over HTTP, kept in a folder by the store that file:// has.
//
// What comes is taken down whole, looked at, and only then stored; so nothing is there that is
// torn, and under our own keys nothing that lies. A key that the pass does not reach is absent for
// who reads, and forbidden for who writes.
#include "serve/cache.h"

#include <fcntl.h>

#include <array>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"

namespace gopouch::serve {

namespace {

using base::Error;
using base::Fault;

constexpr std::size_t kInMemory = std::size_t{1} << 20U;  // with its version, in one piece
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr std::chrono::hours kLongest{1};  // clients that are too slow end before

// An object too large to be held, on its way to a client. Its size was told before.
class Outflow final : public object::Sink {
 public:
  explicit Outflow(http::Exchange& exchange) : exchange_(exchange) {}
  void begin() override { again_ = begun_; }
  bool write(std::span<const std::uint8_t> bytes) override {
    begun_ = true;
    return !again_ && exchange_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

 private:
  http::Exchange& exchange_;
  bool begun_ = false, again_ = false;  // what has gone out cannot be taken back
};

std::string etag_of(std::string_view version) { return fmt::format("\"{}\"", version); }

// The version that a header names; a weak one matches nothing (RFC 9110, 13.1.1).
std::string version_in(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return {};
  return std::string(text.substr(1, text.size() - 2));
}

// The SHA-256 that the client says of its body (RFC 9530, and RFC 3230 before it); empty: none.
std::string said_sum(const http::Request& request) {
  for (const std::string_view name : {"Repr-Digest", "Content-Digest", "Digest"}) {
    std::string_view text = net::find_header(request.headers, name);
    constexpr std::string_view kSum = "sha-256=";
    const std::size_t at = base::lower(text).find(kSum);
    if (at == std::string::npos) continue;
    text.remove_prefix(at + kSum.size());
    if (text.starts_with(':')) text.remove_prefix(1);
    return std::string(text.substr(0, text.find_first_of(":,")));
  }
  return {};
}

}  // namespace

std::string_view our_part(std::string_view key) {
  std::size_t begin = 0;
  for (const std::string_view ours : {remote::kEntries, pack::kPacks, pack::kManifests}) {
    const std::size_t at = key.rfind(fmt::format("/{}", ours));
    if (at != std::string_view::npos) begin = std::max(begin, at + 1);
  }
  return key.substr(begin);
}

int status_of(Fault fault) {
  switch (fault) {
    case Fault::kInvalid:
      return 400;
    case Fault::kCorrupt:
      return 422;
    case Fault::kDenied:
      return 403;
    case Fault::kFull:
      return 507;
    case Fault::kTimeout:
      return 504;
    default:
      return 503;
  }
}

base::Call in_time() { return base::Call::within(kLongest); }

base::Result<std::unique_ptr<HttpCache>> HttpCache::open(Options options, const Gate& gate) {
  std::error_code code;
  std::filesystem::create_directories(options.dir / "objects", code);
  std::filesystem::create_directories(options.dir / "incoming", code);
  base::Fd folder(::open(options.dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (code || !folder) {
    return Error{Fault::kInvalid, fmt::format("http-cache-dir: {}: {}", options.dir.string(),
                                              code ? code.message() : "no folder")};
  }
  const std::string url = "file://" + net::percent_encode((options.dir / "objects").string(), "/");
  auto objects = object::open(url, {});
  if (!objects) return objects.error();
  return std::unique_ptr<HttpCache>(new HttpCache(
      std::make_unique<Rep>(std::move(options), *std::move(objects), std::move(folder), gate)));
}

HttpCache::HttpCache(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
HttpCache::~HttpCache() = default;

void HttpCache::answer(http::Exchange& exchange, std::string_view base) {
  const http::Request& request = exchange.request();
  const Pass pass = rep_->gate.pass_of(request);
  if (!pass.known) return Gate::refuse(exchange, pass);
  std::string_view key = std::string_view(request.path).substr(base.size());
  if (key.starts_with('/')) key.remove_prefix(1);
  // No character of a key needs an escape, so whoever escapes one wants to get round something.
  if (key.find('%') != std::string_view::npos) return http::send_line(exchange, 400, "no key");
  const std::string& method = request.method;
  const bool writes = method == "PUT" || method == "DELETE";
  const bool reads = method == "GET" || method == "HEAD";
  if (method == "PROPFIND") return rep_->list(exchange, base, std::string(key), pass);
  if (!writes && !reads) {
    exchange.send({405, {http::kPlainText, {"Allow", "GET, HEAD, PUT, DELETE, PROPFIND"}}},
                  "GET, HEAD, PUT, DELETE or PROPFIND\n");
    return;
  }
  const Right right = pass.at(key);
  if (pass.anywhere() == Right::kNone || (writes && right < Right::kWrite)) {
    return Gate::refuse(exchange, pass);
  }
  if (right == Right::kNone) return http::send_line(exchange, 404, "not found");
  if (reads) return rep_->get(exchange, std::string(key));
  if (method == "PUT") return rep_->put(exchange, std::string(key));
  const object::Key gone(key);
  const auto removed = rep_->objects.store().remove(std::span(&gone, 1), in_time());
  if (!removed) return http::send_line(exchange, status_of(removed.error().fault), "not removed");
  exchange.send({204}, "");
}

void HttpCache::Rep::get(http::Exchange& exchange, const object::Key& key,
                         std::vector<net::Header> more) {
  object::Store& store = objects.store();
  const auto info = store.head(key, in_time());
  if (!info) return http::send_line(exchange, status_of(info.error().fault), "not to be had");
  if (!*info) return http::send_line(exchange, 404, "not found");
  const std::int64_t size = (*info)->size;
  const http::Range part =
      http::parse_range(net::find_header(exchange.request().headers, "Range"), size);
  http::Head head{200,
                  {{"Content-Type", "application/octet-stream"},
                   {"Accept-Ranges", "bytes"},
                   {"Last-Modified", net::http_time((*info)->modified)}}};
  head.headers.insert(head.headers.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
  if (part.kind != http::Range::Kind::kAll) {
    head.headers.push_back(http::content_range(part, size));
  }
  if (part.kind == http::Range::Kind::kNothing) {
    head.status = 416;
    exchange.send(std::move(head), "");
    return;
  }
  std::optional<object::Range> range;
  if (part.kind == http::Range::Kind::kPart) {
    range = object::Range{part.offset, part.size};
    head.status = 206;
  }
  exchange.note("hit");
  object::Get get{.key = key, .range = range};
  const bool whole_manifest = !range && size <= static_cast<std::int64_t>(pack::kMaxManifest) &&
                              pack::kind_of(our_part(key)) == pack::Kind::kManifest;
  const bool head_only = exchange.request().method == "HEAD";
  if (!head_only && (whole_manifest || part.size <= static_cast<std::int64_t>(kInMemory))) {
    get.limit = pack::kMaxManifest;
    auto object = object::get_one(store, get, in_time());
    if (!object) return http::send_line(exchange, status_of(object.error().fault), "not to be had");
    if (!*object) return http::send_line(exchange, 404, "not found");
    head.headers.push_back({"ETag", etag_of((*object)->version)});
    const bool same = version_in(net::find_header(exchange.request().headers, "If-None-Match")) ==
                      (*object)->version;
    if (same) head.status = 304;
    exchange.send(std::move(head), same ? "" : std::move((*object)->bytes));
    return;
  }
  if (!exchange.begin(std::move(head), part.size) || head_only) return;
  Outflow sink(exchange);
  get.sink = &sink;
  // What goes wrong now shows as a body that is too short.
  const auto sent = object::get_one(store, get, in_time());
  if (!sent || !*sent) exchange.cut();
}

base::Result<base::NewFile> HttpCache::Rep::receive(http::Exchange& exchange, base::Hash* sum) {
  auto file = base::NewFile::create(folder.get(), "incoming/body");
  if (!file) return file;
  base::Sha256 hasher;
  const auto piece = std::make_unique<std::array<char, kPiece>>();
  while (true) {
    const auto got = exchange.read(*piece);
    if (!got) return got.error();
    if (*got == 0) break;
    if (file->size() + static_cast<std::int64_t>(*got) > options.max_object) {
      return Error{Fault::kCorrupt, "too large"};
    }
    const auto bytes = base::bytes_of({piece->data(), *got});
    if (sum != nullptr) hasher.update(bytes);
    if (auto written = file->write(bytes); !written) return written.error();
  }
  if (sum != nullptr) *sum = hasher.finish();
  return file;
}

void HttpCache::Rep::put(http::Exchange& exchange, const object::Key& key) {
  const http::Request& request = exchange.request();
  if (request.length.value_or(0) > options.max_object) {
    return http::send_line(exchange, 413, "too large");
  }
  const std::string said = said_sum(request);
  base::Hash sum{};
  const auto file = receive(exchange, said.empty() ? nullptr : &sum);
  if (!file) return http::send_line(exchange, status_of(file.error().fault), "not stored");
  std::string right;
  base::append_base64(right, sum);
  if (!said.empty() && said != right) return http::send_line(exchange, 422, "another SHA-256");
  const auto checked =
      remote::check_object(our_part(key), file->fd(), file->size(), options.max_body);
  if (!checked) {
    return http::send_line(exchange, status_of(checked.error().fault), checked.error().message);
  }
  object::PutOptions how;
  const std::string_view none = net::find_header(request.headers, "If-None-Match");
  const std::string_view match = net::find_header(request.headers, "If-Match");
  how.if_absent = none == "*";
  how.if_version = version_in(match);
  if ((!none.empty() && none != "*") || (!match.empty() && how.if_version.empty())) {
    return http::send_line(exchange, 412, "If-None-Match: * or If-Match with one ETag");
  }
  store_file(exchange, key, *file, how);
}

void HttpCache::Rep::store_file(http::Exchange& exchange, const object::Key& key,
                                const base::NewFile& file, const object::PutOptions& how) {
  const net::Body body{.fd = file.fd(), .size = file.size()};
  // Two that replace the same version must not both win.
  std::optional<base::Guarded<std::monostate>::Locked> alone;
  if (how.if_absent || !how.if_version.empty()) alone.emplace(one_at_a_time.lock());
  const auto stored = objects.store().put(key, body, how, in_time());
  if (!stored) return http::send_line(exchange, status_of(stored.error().fault), "not stored");
  if (*stored == object::PutOutcome::kConflict) return http::send_line(exchange, 412, "conflict");
  exchange.send({201}, "");
}

}  // namespace gopouch::serve
