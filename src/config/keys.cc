#include "config/keys.h"

#include <algorithm>
#include <array>

namespace gopouch::config {

namespace {

constexpr Topic kStore{"The local store", ""};
constexpr Topic kReport{"What it says", ""};
constexpr Topic kRemote{"The remote", ""};
constexpr Topic kUploads{"Uploads", ""};
constexpr Topic kLayouts{"Other layouts", ""};
constexpr Topic kPrefetch{"Packs and prefetch", ""};
constexpr Topic kTrust{"Trust", "signatures"};
constexpr Topic kServer{"The server", ""};
constexpr Topic kModules{"The module proxy", ""};
constexpr Topic kHttpCache{"The cache over HTTP", ""};
constexpr Topic kGate{"Who may", ""};
constexpr Topic kReverse{"The reverse proxy", ""};

// For a limit that is not there: longer than any file is old, and far from the ends of the clock.
constexpr std::chrono::hours kForever{24 * 365 * 100};

void set_max_age(Settings& settings, const Value& value) {
  settings.store.max_age =
      value.number == 0
          ? std::chrono::seconds(kForever)
          : std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(value.number));
}

void set_fallback_dir(Settings& settings, const Value& value) {
  settings.store.fallback_dir = value.text == "none" ? "" : value.text;
}

// 0 is as many as are good, as it is for go-cache-plugin.
void set_concurrency(Settings& settings, const Value& value) {
  if (value.number > 0) settings.session.fetches = static_cast<std::size_t>(value.number);
}

void set_upload_concurrency(Settings& settings, const Value& value) {
  if (value.number > 0) {
    settings.sharing.upload_concurrency = static_cast<std::size_t>(value.number);
  }
}

void set_list(std::vector<std::string>& list, const Value& value) {
  for_each_piece(value.text, ',', [&](std::string_view piece) {
    if (!piece.empty()) list.emplace_back(piece);
  });
}

void set_remotes(Settings& settings, const Value& value) {
  for (const std::string_view url : split_urls(value.text)) settings.remotes.emplace_back(url);
}

void set_redis_ttl(Settings& settings, const Value& value) {
  settings.object.redis_ttl =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(value.number));
}

void set_headers(Settings& settings, const Value& value) {
  for_each_piece(value.text, ',', [&](std::string_view header) {
    if (!header.empty()) settings.object.http_headers.emplace_back(std::string(header));
  });
}

// The words of a kEnum stand in the order of their C++ enum.
constexpr std::array kKeys{
    Key{"cache-dir", Kind::kFolder, "", "$GOCACHE",
        "the folder where outputs and entries are, a Go build cache", kStore,
        [](Settings& s, const Value& v) { s.store.dir = v.text; }},
    Key{"fallback-dir", Kind::kFolder, "none", "$TMPDIR/gopouch-<uid>",
        "where outputs go when cache-dir is full or may not be written; none: nowhere", kStore,
        set_fallback_dir},
    Key{"verify", Kind::kEnum, "auto|always|never", "auto",
        "when a local hit is hashed; auto: once, if it is older than this boot", kStore,
        [](Settings& s, const Value& v) { s.store.verify = static_cast<store::Verify>(v.number); }},
    Key{"max-age", Kind::kDuration, "", "5d",
        "what was unused for longer is dropped by a trim; 0: no limit", kStore, set_max_age},
    Key{"cache-limit", Kind::kSize, "", "20GB",
        "the size that a trim aims at, least recently used first; 0: no limit", kStore,
        [](Settings& s, const Value& v) { s.store.limit = v.number; }},

    Key{"stats", Kind::kBool, "", "false",
        "print the line at the end of a session even where stderr is no terminal", kReport,
        [](Settings& s, const Value& v) { s.stats = v.number != 0; }},
    Key{"log-level", Kind::kEnum, "error|warning|info|debug", "warning",
        "how much goes to stderr; debug: each request with its fate and time", kReport,
        [](Settings& s, const Value& v) { s.log_level = static_cast<base::LogLevel>(v.number); }},
    Key{"log-requests", Kind::kBool, "", "false", "each request on stderr, never a body", kReport,
        [](Settings& s, const Value& v) { s.log_requests = v.number != 0; }},
    Key{"log-responses", Kind::kBool, "", "false", "each answer on stderr", kReport,
        [](Settings& s, const Value& v) { s.log_responses = v.number != 0; }},

    Key{"json", Kind::kBool, "", "false", "doctor: print JSON", kReport,
        [](Settings& s, const Value& v) { s.json = v.number != 0; }},

    Key{"remote", Kind::kList, "", "",
        "s3://bucket/ci, gs://bucket/ci, redis://, https://host/, file:///folder; several: in "
        "order",
        kRemote, set_remotes},
    Key{"read-only", Kind::kBool, "", "false", "write nothing to the remote", kRemote,
        [](Settings& s, const Value& v) { s.object.read_only = v.number != 0; }},
    Key{"require-remote", Kind::kBool, "", "false",
        "exit 1 when the remote cannot be reached at start", kRemote,
        [](Settings& s, const Value& v) { s.require_remote = v.number != 0; }},
    Key{"region", Kind::kText, "", "", "the region of an S3 bucket", kRemote,
        [](Settings& s, const Value& v) { s.object.region = v.text; }},
    Key{"s3-endpoint-url", Kind::kUrl, "", "", "where an S3-compatible store is", kRemote,
        [](Settings& s, const Value& v) { s.object.s3_endpoint_url = v.text; }},
    Key{"s3-path-style", Kind::kBool, "", "false", "S3 bucket names in the path, not in the host",
        kRemote, [](Settings& s, const Value& v) { s.object.s3_path_style = v.number != 0; }},
    Key{"s3-storage-class", Kind::kText, "", "", "the storage class of S3 objects", kRemote,
        [](Settings& s, const Value& v) { s.object.s3_storage_class = v.text; }},
    Key{"s3-tags", Kind::kList, "", "", "tags of S3 objects: key=value", kRemote,
        [](Settings& s, const Value& v) { set_list(s.object.s3_tags, v); }},
    Key{"bearer-token", Kind::kSecret, "", "",
        "the token for an HTTP server; better said in GOPOUCH_BEARER_TOKEN than in a flag", kRemote,
        [](Settings& s, const Value& v) { s.object.bearer_token = base::Secret(v.text); }},
    Key{"bearer-token-file", Kind::kText, "", "",
        "the file where that token stands, read for each request", kRemote,
        [](Settings& s, const Value& v) { s.object.bearer_token_file = v.text; }},
    Key{"http-headers", Kind::kSecret, "", "",
        "more headers for an HTTP server, separated by commas: Name: value", kRemote, set_headers},
    Key{"client-certificate", Kind::kText, "", "",
        "our certificate for servers that ask for one, PEM", kRemote,
        [](Settings& s, const Value& v) { s.object.net.certificate_file = v.text; }},
    Key{"client-key", Kind::kText, "", "", "its key, PEM; empty: in the same file", kRemote,
        [](Settings& s, const Value& v) { s.object.net.key_file = v.text; }},
    Key{"ca-file", Kind::kText, "", "", "certificates to trust beside the system's, PEM", kRemote,
        [](Settings& s, const Value& v) { s.object.net.ca_file = v.text; }},
    Key{"redis-ttl", Kind::kDuration, "", "7d", "how long Redis keeps an entry; 0: for good",
        kRemote, set_redis_ttl},
    Key{"concurrency", Kind::kNumber, "", "64", "gets that may wait for the remote at once",
        kRemote, set_concurrency},
    Key{"error-rate", Kind::kFraction, "", "0", "the part of remote calls that fail, for tests",
        kRemote,
        [](Settings& s, const Value& v) {
          s.object.error_rate = static_cast<double>(v.number) / 1e6;
        }},
    Key{"dry-run", Kind::kBool, "", "false", "prune remote: only say what would go", kRemote,
        [](Settings& s, const Value& v) { s.dry_run = v.number != 0; }},
    Key{"force-whole-bucket", Kind::kBool, "", "false",
        "let clear-remote work on a bucket without a prefix", kRemote,
        [](Settings& s, const Value& v) { s.force_whole_bucket = v.number != 0; }},

    Key{"upload", Kind::kEnum, "async|sync", "async", "answer a put before or after its upload",
        kUploads, [](Settings& s, const Value& v) { s.session.sync_uploads = v.number != 0; }},
    Key{"upload-concurrency", Kind::kNumber, "", "32", "uploads at once", kUploads,
        set_upload_concurrency},
    Key{"min-upload-size", Kind::kSize, "", "0", "what is smaller is not uploaded", kUploads,
        [](Settings& s, const Value& v) { s.sharing.min_upload_size = v.number; }},
    Key{"compression", Kind::kEnum, "zstd|none", "zstd", "how bodies are stored in the remote",
        kUploads, [](Settings& s, const Value& v) { s.sharing.compress = v.number == 0; }},
    Key{"flush", Kind::kEnum, "auto|wait|background", "auto",
        "who waits for uploads at the end; auto: go, for 2 s; where CI is set: wait", kUploads,
        [](Settings& s, const Value& v) { s.flush = static_cast<Flush>(v.number); }},
    Key{"flush-timeout", Kind::kDuration, "", "60s",
        "how long the end waits for uploads; 5 s without progress end it too", kUploads,
        [](Settings& s, const Value& v) {
          s.flush_timeout =
              std::chrono::ceil<std::chrono::milliseconds>(std::chrono::nanoseconds(v.number));
        }},

    Key{"layout", Kind::kEnum, "gopouch|gobuildcache|gocache-s3|go-cache-plugin|gocacheprog",
        "gopouch", "whose keys are read and written in the remote: docs/layouts.md", kLayouts,
        [](Settings& s, const Value& v) {
          s.sharing.layout = static_cast<remote::LayoutKind>(v.number);
          s.object.redis_plain = s.sharing.layout == remote::LayoutKind::kGocacheprog;
        }},

    Key{"prefetch", Kind::kEnum, "all|demand|off", "all", "what is fetched before it is asked for",
        kPrefetch,
        [](Settings& s, const Value& v) {
          s.sharing.packs.prefetch = static_cast<pack::Prefetch>(v.number);
        }},
    Key{"prefetch-limit", Kind::kSize, "", "0", "the most that is prefetched; 0: no limit",
        kPrefetch,
        [](Settings& s, const Value& v) {
          if (v.number > 0) s.sharing.packs.limit = v.number;
        }},
    Key{"scope", Kind::kText, "", "", "the name under which sessions share packs", kPrefetch,
        [](Settings& s, const Value& v) { s.scope = v.text; }},

    Key{"sign-key", Kind::kSecret, "", "", "the private key that signs what is uploaded", kTrust,
        nullptr},
    Key{"trust-key", Kind::kList, "", "", "the public keys that are believed; repeatable", kTrust,
        nullptr},

    Key{"plugin", Kind::kText, "", "",
        "serve and connect: where sessions connect: PORT, HOST:PORT or unix:PATH", kServer,
        [](Settings& s, const Value& v) { s.plugin = v.text; }},
    Key{"allow-remote-plugin", Kind::kBool, "", "false",
        "serve: let other machines that share the disk connect", kServer,
        [](Settings& s, const Value& v) { s.allow_remote_plugin = v.number != 0; }},
    Key{"no-fallback", Kind::kBool, "", "false",
        "connect: exit 1 where no server is, and do not go on without", kServer,
        [](Settings& s, const Value& v) { s.no_fallback = v.number != 0; }},
    Key{"http", Kind::kText, "", "", "serve: where HTTP is served: PORT, [HOST]:PORT or unix:PATH",
        kServer, [](Settings& s, const Value& v) { s.http = v.text; }},
    Key{"access-log", Kind::kText, "", "", "serve: a file for a line of JSON a request; -: stdout",
        kServer, [](Settings& s, const Value& v) { s.access_log = v.text; }},
    Key{"dashboard", Kind::kBool, "", "true", "serve: a page at / of HTTP that shows how it is",
        kServer, [](Settings& s, const Value& v) { s.dashboard = v.number != 0; }},
    Key{"modproxy", Kind::kBool, "", "false", "serve: a module proxy under /mod of HTTP", kModules,
        [](Settings& s, const Value& v) { s.modproxy = v.number != 0; }},
    Key{"modproxy-upstream", Kind::kText, "", "",
        "whom it asks: a list as in GOPROXY (default: what go env GOPROXY says)", kModules,
        [](Settings& s, const Value& v) { s.modules.upstream = v.text; }},
    Key{"modproxy-route", Kind::kList, "", "",
        "modules that come from elsewhere: PATTERN=URL, or PATTERN=off; repeatable", kModules,
        [](Settings& s, const Value& v) { set_list(s.modules.routes, v); }},
    Key{"modproxy-fresh", Kind::kDuration, "", "60s",
        "how long a list, a latest version or an absence is believed", kModules,
        [](Settings& s, const Value& v) {
          s.modules.fresh_for =
              std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(v.number));
        }},
    Key{"modproxy-dir", Kind::kFolder, "", "gopouch/modules below cache-dir",
        "where it keeps what it was asked for", kModules,
        [](Settings& s, const Value& v) { s.modules.dir = v.text; }},
    Key{"modproxy-limit", Kind::kSize, "", "10GB",
        "the size that a trim of that folder aims at, least recently used first; 0: no limit",
        kModules, [](Settings& s, const Value& v) { s.modules.room.limit = v.number; }},
    Key{"modproxy-max-age", Kind::kDuration, "", "90d",
        "what was unused there for longer is dropped by a trim; 0: no limit", kModules,
        [](Settings& s, const Value& v) {
          s.modules.room.max_age =
              std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(v.number));
        }},
    Key{"sumdb", Kind::kList, "", "",
        "checksum databases that are asked themselves: NAME or NAME=URL", kModules,
        [](Settings& s, const Value& v) { set_list(s.modules.sumdbs, v); }},
    Key{"offline", Kind::kBool, "", "false", "modproxy: ask nobody, give what is kept", kModules,
        [](Settings& s, const Value& v) { s.modules.offline = v.number != 0; }},
    Key{"http-cache", Kind::kBool, "", "false", "serve: objects for other machines under /cache",
        kHttpCache, [](Settings& s, const Value& v) { s.http_cache = v.number != 0; }},
    Key{"http-cache-dir", Kind::kFolder, "", "gopouch/http below cache-dir", "where it keeps them",
        kHttpCache, [](Settings& s, const Value& v) { s.http_cache_dir = v.text; }},
    Key{"http-certificate", Kind::kText, "", "",
        "serve: our certificate and those between it and its root, PEM; HTTP is then HTTPS", kGate,
        [](Settings& s, const Value& v) { s.gate.certificate_file = v.text; }},
    Key{"http-key", Kind::kText, "", "", "serve: its key, PEM", kGate,
        [](Settings& s, const Value& v) { s.gate.key_file = v.text; }},
    Key{"http-client-ca", Kind::kText, "", "", "serve: whose certificates clients must have, PEM",
        kGate, [](Settings& s, const Value& v) { s.gate.client_ca_file = v.text; }},
    Key{"http-tokens", Kind::kText, "", "",
        "serve: the file of bearer tokens, issuers of ID tokens, and what they grant", kGate,
        [](Settings& s, const Value& v) { s.gate.tokens_file = v.text; }},
    Key{"allow-remote-http", Kind::kBool, "", "false",
        "serve: let other machines ask for all there is over HTTP, without a token", kGate,
        [](Settings& s, const Value& v) { s.allow_remote_http = v.number != 0; }},
    Key{"revproxy", Kind::kList, "", "",
        "serve: the hosts to stand before, on HTTP: HOST, HOST:PORT, *.HOST", kReverse,
        [](Settings& s, const Value& v) { set_list(s.reverse.hosts, v); }},
    Key{"revproxy-passthrough", Kind::kList, "", "",
        "hosts that CONNECT leads to as they are, unseen and not kept", kReverse,
        [](Settings& s, const Value& v) { set_list(s.reverse.passthrough, v); }},
    Key{"revproxy-dir", Kind::kFolder, "", "gopouch/reverse below cache-dir",
        "where it keeps what it was asked for", kReverse,
        [](Settings& s, const Value& v) { s.reverse.dir = v.text; }},
    Key{"revproxy-limit", Kind::kSize, "", "10GB",
        "the size that a trim of that folder aims at, least recently used first; 0: no limit",
        kReverse, [](Settings& s, const Value& v) { s.reverse.room.limit = v.number; }},
    Key{"revproxy-ca-dir", Kind::kFolder, "", "gopouch/ca below cache-dir",
        "where its certificate and key are, made when missing", kReverse,
        [](Settings& s, const Value& v) { s.reverse.ca_dir = v.text; }},
};

// Made by the compiler: every go command looks all of them up, and making them took longer than
// that.
constexpr std::string_view kPrefix = "GOPOUCH_";
using VariableName = std::array<char, 32>;  // ends in zeros

constexpr VariableName variable_name(std::string_view key) {
  VariableName name{};
  char* end = std::copy(kPrefix.begin(), kPrefix.end(), name.begin());
  for (const char c : key) {
    const bool letter = c >= 'a' && c <= 'z';
    *end++ = c == '-' ? '_' : letter ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

constexpr auto kVariables = [] {
  std::array<VariableName, kKeys.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names.at(i) = variable_name(kKeys.at(i).name);
  return names;
}();

}  // namespace

std::span<const Key> keys() { return kKeys; }

const Key* find_key(std::string_view name) {
  const auto* const found =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : found;
}

std::string_view variable_of(const Key& key) {
  return kVariables.at(static_cast<std::size_t>(&key - kKeys.data())).data();
}

std::string_view placeholder(const Key& key) {
  switch (key.kind) {
    case Kind::kBool:
      return "";
    case Kind::kSize:
      return "SIZE";
    case Kind::kDuration:
      return "DURATION";
    case Kind::kNumber:
      return "N";
    case Kind::kFraction:
      return "0..1";
    case Kind::kEnum:
      return key.choices;
    case Kind::kText:
      return "TEXT";
    case Kind::kFolder:
      return "FOLDER";
    case Kind::kUrl:
      return "URL";
    case Kind::kSecret:
      return "KEY";
    case Kind::kList:
      return "LIST";
  }
  return "";
}

}  // namespace gopouch::config
