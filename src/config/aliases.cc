#include "config/aliases.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gopouch::config {

namespace {

constexpr std::string_view kNoLocks = "gopouch needs no locks";
constexpr std::string_view kNoTmp = "what a remote sends goes straight to the cache folder";
constexpr std::string_view kNoTrace = "gopouch writes no trace";

constexpr std::string_view kDebug = "debug|warning";
constexpr std::string_view kVerbose = "info|warning";
constexpr std::string_view kZstd = "zstd|none";
constexpr std::string_view kAsync = "async|sync";

// A flag that has the name of one of our settings and the same words needs no row.
constexpr std::array kAliases{
    // gobuildcache, early (BACKEND_TYPE, CACHE_DIR, DEBUG, S3_*) and current.
    Name{"backend", Place::kFlag, "remote", Words::kBackend, "backend"},
    Name{"s3-bucket", Place::kFlag, "remote", Words::kBucket, "s3-bucket"},
    Name{"s3-prefix", Place::kFlag, "remote", Words::kBucket, "s3-prefix"},
    Name{"gcs-bucket", Place::kFlag, "remote", Words::kBucket, "gcs-bucket"},
    Name{"gcs-prefix", Place::kFlag, "remote", Words::kBucket, "gcs-prefix"},
    Name{"debug", Place::kFlag, "log-level", Words::kLevel, kDebug},
    Name{"compression", Place::kFlag, "compression", Words::kSwitch, kZstd},
    Name{"async-backend", Place::kFlag, "upload", Words::kSwitch, kAsync},
    Name{"lock-type", Place::kFlag, "", Words::kIgnored, kNoLocks},
    Name{"lock-dir", Place::kFlag, "", Words::kIgnored, kNoLocks},
    Name{"s3-tmp-dir", Place::kFlag, "", Words::kIgnored, kNoTmp},

    Name{"GOBUILDCACHE_BACKEND_TYPE", Place::kGobuildcache, "remote", Words::kBackend, "backend"},
    Name{"GOBUILDCACHE_BACKEND", Place::kGobuildcache, "remote", Words::kBackend, "backend"},
    Name{"GOBUILDCACHE_S3_BUCKET", Place::kGobuildcache, "remote", Words::kBucket, "s3-bucket"},
    Name{"GOBUILDCACHE_S3_PREFIX", Place::kGobuildcache, "remote", Words::kBucket, "s3-prefix"},
    Name{"GOBUILDCACHE_GCS_BUCKET", Place::kGobuildcache, "remote", Words::kBucket, "gcs-bucket"},
    Name{"GOBUILDCACHE_GCS_PREFIX", Place::kGobuildcache, "remote", Words::kBucket, "gcs-prefix"},
    Name{"GOBUILDCACHE_CACHE_DIR", Place::kGobuildcache, "cache-dir", Words::kOwn, ""},
    Name{"GOBUILDCACHE_DEBUG", Place::kGobuildcache, "log-level", Words::kLevel, kDebug},
    Name{"GOBUILDCACHE_PRINT_STATS", Place::kGobuildcache, "stats", Words::kOwn, ""},
    Name{"GOBUILDCACHE_COMPRESSION", Place::kGobuildcache, "compression", Words::kSwitch, kZstd},
    Name{"GOBUILDCACHE_ASYNC_BACKEND", Place::kGobuildcache, "upload", Words::kSwitch, kAsync},
    Name{"GOBUILDCACHE_READ_ONLY", Place::kGobuildcache, "read-only", Words::kOwn, ""},
    Name{"GOBUILDCACHE_ERROR_RATE", Place::kGobuildcache, "error-rate", Words::kOwn, ""},
    Name{"GOBUILDCACHE_AWS_REGION", Place::kGobuildcache, "region", Words::kBucket, ""},
    Name{"GOBUILDCACHE_AWS_S3_USE_PATH_STYLE", Place::kGobuildcache, "s3-path-style",
         Words::kBucket, ""},
    Name{"GOBUILDCACHE_LOCK_TYPE", Place::kGobuildcache, "", Words::kIgnored, kNoLocks},
    Name{"GOBUILDCACHE_LOCK_DIR", Place::kGobuildcache, "", Words::kIgnored, kNoLocks},
    Name{"GOBUILDCACHE_S3_TMP_DIR", Place::kGobuildcache, "", Words::kIgnored, kNoTmp},

    Name{"BACKEND_TYPE", Place::kBare, "remote", Words::kBackend, "backend"},
    Name{"BACKEND", Place::kBare, "remote", Words::kBackend, "backend"},
    Name{"S3_BUCKET", Place::kBare, "remote", Words::kBucket, "s3-bucket"},
    Name{"S3_PREFIX", Place::kBare, "remote", Words::kBucket, "s3-prefix"},
    Name{"GCS_BUCKET", Place::kBare, "remote", Words::kBucket, "gcs-bucket"},
    Name{"GCS_PREFIX", Place::kBare, "remote", Words::kBucket, "gcs-prefix"},
    Name{"CACHE_DIR", Place::kBare, "cache-dir", Words::kOwn, ""},
    Name{"DEBUG", Place::kBare, "log-level", Words::kLevel, kDebug},
    Name{"PRINT_STATS", Place::kBare, "stats", Words::kOwn, ""},
    Name{"COMPRESSION", Place::kBare, "compression", Words::kSwitch, kZstd},
    Name{"ASYNC_BACKEND", Place::kBare, "upload", Words::kSwitch, kAsync},
    Name{"READ_ONLY", Place::kBare, "read-only", Words::kOwn, ""},
    Name{"ERROR_RATE", Place::kBare, "error-rate", Words::kOwn, ""},
    Name{"AWS_S3_USE_PATH_STYLE", Place::kBare, "s3-path-style", Words::kBucket, ""},
    Name{"LOCK_TYPE", Place::kBare, "", Words::kIgnored, kNoLocks},
    Name{"LOCK_DIR", Place::kBare, "", Words::kIgnored, kNoLocks},
    Name{"S3_TMP_DIR", Place::kBare, "", Words::kIgnored, kNoTmp},

    // The AWS tools.
    Name{"AWS_CA_BUNDLE", Place::kOther, "ca-file", Words::kOwn, ""},

    // gocache-s3 and go-cache-plugin, which share -bucket, -prefix and some variables.
    Name{"bucket", Place::kFlag, "remote", Words::kPiece, "bucket"},
    Name{"prefix", Place::kFlag, "remote", Words::kPiece, "prefix"},
    Name{"path-style", Place::kFlag, "s3-path-style", Words::kOwn, ""},
    Name{"GOCACHE_S3_BUCKET", Place::kOther, "remote", Words::kPiece, "bucket"},
    Name{"GOCACHE_S3_PREFIX", Place::kOther, "remote", Words::kPiece, "prefix"},
    Name{"GOCACHE_S3_PATH_STYLE", Place::kOther, "s3-path-style", Words::kOwn, ""},

    // go-cache-plugin.
    Name{"c", Place::kFlag, "concurrency", Words::kOwn, ""},
    Name{"u", Place::kFlag, "upload-concurrency", Words::kOwn, ""},
    Name{"metrics", Place::kFlag, "stats", Words::kOwn, ""},
    Name{"expiry", Place::kFlag, "max-age", Words::kOwn, ""},
    Name{"v", Place::kFlag, "log-level", Words::kLevel, kVerbose},
    Name{"GOCACHE_DIR", Place::kOther, "cache-dir", Words::kOwn, ""},
    Name{"GOCACHE_S3_REGION", Place::kOther, "region", Words::kOwn, ""},
    Name{"GOCACHE_S3_ENDPOINT_URL", Place::kOther, "s3-endpoint-url", Words::kOwn, ""},
    Name{"GOCACHE_KEY_PREFIX", Place::kOther, "remote", Words::kPiece, "prefix"},
    Name{"GOCACHE_MIN_SIZE", Place::kOther, "min-upload-size", Words::kOwn, ""},
    Name{"GOCACHE_CONCURRENCY", Place::kOther, "concurrency", Words::kOwn, ""},
    Name{"GOCACHE_S3_CONCURRENCY", Place::kOther, "upload-concurrency", Words::kOwn, ""},
    Name{"GOCACHE_METRICS", Place::kOther, "stats", Words::kOwn, ""},
    Name{"GOCACHE_EXPIRY", Place::kOther, "max-age", Words::kOwn, ""},
    Name{"GOCACHE_VERBOSE", Place::kOther, "log-level", Words::kLevel, kVerbose},
    Name{"GOCACHE_DEBUG", Place::kOther, "log-level", Words::kLevel, kDebug},
    Name{"GOCACHE_PLUGIN", Place::kOther, "plugin", Words::kOwn, ""},
    Name{"GOCACHE_HTTP", Place::kOther, "http", Words::kOwn, ""},
    Name{"GOCACHE_MODPROXY", Place::kOther, "modproxy", Words::kOwn, ""},
    Name{"GOCACHE_SUMDB", Place::kOther, "sumdb", Words::kOwn, ""},
    Name{"GOCACHE_REVPROXY", Place::kOther, "revproxy", Words::kOwn, ""},

    // gocacheprog.
    Name{"dir", Place::kFlag, "cache-dir", Words::kOwn, ""},
    Name{"r-urls", Place::kFlag, "remote", Words::kPiece, "r-urls"},
    Name{"r-usr", Place::kFlag, "remote", Words::kPiece, "r-usr"},
    Name{"r-pwd", Place::kFlag, "remote", Words::kPiece, "r-pwd"},
    Name{"r-prefix", Place::kFlag, "remote", Words::kPiece, "r-prefix"},
    Name{"log-metrics", Place::kFlag, "stats", Words::kOwn, ""},
    Name{"log-req", Place::kFlag, "log-requests", Words::kOwn, ""},
    Name{"log-resp", Place::kFlag, "log-responses", Words::kOwn, ""},
    Name{"compress", Place::kFlag, "compression", Words::kSwitch, kZstd},
    Name{"traceprofile", Place::kFlag, "", Words::kIgnored, kNoTrace},
};

[[noreturn]] void refuse(std::string_view shown, std::string_view why) {
  throw ConfigError(fmt::format("{}: {}", shown, why));
}

// gobuildcache knows fewer words for a bool than we do.
bool is_its_bool(std::string_view text) {
  const std::string word = base::lower(text);
  return word == "true" || word == "1" || word == "yes" || word == "false" || word == "0" ||
         word == "no";
}

std::string backend(std::string_view shown, std::string_view text) {
  std::string word = base::lower(text);
  if (word == "disk" || word == "s3" || word == "gcs") return word;
  refuse(shown, quote(text) + " is none of disk, s3, gcs");
}

std::string switched(const Name& name, std::string_view shown, std::string_view text) {
  const std::size_t bar = name.meaning.find('|');
  std::optional<bool> on = parse_bool(text);
  if (!on && name.words == Words::kLevel) {
    if (const auto number = parse_value(Kind::kNumber, {}, text)) on = number->number != 0;
  }
  if (on) return std::string(*on ? name.meaning.substr(0, bar) : name.meaning.substr(bar + 1));
  if (name.words == Words::kLevel) refuse(shown, quote(text) + " is neither true nor false");
  return std::string(text);  // one of the setting's own words, or an error soon
}

}  // namespace

std::span<const Name> aliases() { return kAliases; }

std::optional<Saying> interpret(const Name& name, std::string_view shown, std::string_view text,
                                std::vector<std::string>& notes) {
  if (text.empty()) return std::nullopt;
  if (name.words == Words::kIgnored) {
    notes.push_back(fmt::format("{}: accepted and ignored: {}", shown, name.meaning));
    return std::nullopt;
  }
  const Key& key = *find_key(name.key);
  const bool a_switch = name.words == Words::kSwitch || name.words == Words::kLevel;
  if ((key.kind == Kind::kBool || a_switch) && !is_its_bool(text)) {
    // As gobuildcache: a word that is none is passed over, and without its prefix means false.
    if (name.place == Place::kGobuildcache) return std::nullopt;
    if (name.place == Place::kBare) text = "false";
  }

  std::string own(text);
  if (name.words == Words::kBackend) own = backend(shown, text);
  const bool a_piece = name.words == Words::kBackend || name.words == Words::kPiece ||
                       (name.words == Words::kBucket && !name.meaning.empty());
  if (a_switch) own = switched(name, shown, text);
  auto value = parse_value(a_piece ? Kind::kText : key.kind, key.choices, own);
  if (!value) refuse(shown, value.error().message);
  return Saying{.key = &key,
                .place = name.place,
                .words = name.words,
                .name = std::string(shown),
                .value = *std::move(value),
                .piece = a_piece ? name.meaning : std::string_view(),
                .faint = name.words == Words::kLevel && own != "debug"};
}

}  // namespace gopouch::config
