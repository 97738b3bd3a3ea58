#include "config/remotes.h"

#include <algorithm>
#include <filesystem>

#include "net/net.h"

namespace gopouch::config {

namespace {

// Where gobuildcache writes when nobody names a prefix.
constexpr std::string_view kItsPrefix = "gobuildcache/";

// The pieces by name, of each the one that counts most.
class Pieces {
 public:
  explicit Pieces(const std::vector<Saying>& said) : said_(said) {}

  // Null where nobody said it.
  const Saying* find(std::string_view piece) const {
    const auto found = std::find_if(said_.begin(), said_.end(),
                                    [&](const Saying& one) { return one.piece == piece; });
    return found == said_.end() ? nullptr : &*found;
  }
  std::string text(std::string_view piece, std::string_view otherwise = {}) const {
    const Saying* const said = find(piece);
    return std::string(said != nullptr ? std::string_view(said->value.text) : otherwise);
  }

 private:
  const std::vector<Saying>& said_;
};

std::string_view trim_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

std::string url(std::string_view scheme, std::string_view place, const std::string& prefix) {
  return fmt::format("{}://{}/{}", scheme, place, net::percent_encode(trim_slashes(prefix), "/"));
}

// Under an older layout keys follow just what its program puts before them. A URL's path has a "/"
// after it, and no other ones at its ends; what is otherwise is said in so many words.
std::string exact_url(std::string_view scheme, std::string_view place, const std::string& before) {
  std::string text = url(scheme, place, before);
  const std::string usual = std::string(trim_slashes(before)) + "/";
  if (before.empty() || before == usual) return text;
  return fmt::format("{}://{}/{}?raw-prefix=true", scheme, place, net::percent_encode(before, "/"));
}

// What Go's path.Join makes of it, with a "/" behind.
std::string joined(const std::string& prefix) {
  if (prefix.empty()) return prefix;
  std::string clean = std::filesystem::path(prefix).lexically_normal().native();
  if (!clean.ends_with('/')) clean += '/';
  return clean;
}

// With its local disk chosen, gobuildcache reads none of its buckets' settings.
void drop_unused_buckets(std::vector<Saying>& said, std::vector<std::string>& notes) {
  const Saying* const backend = Pieces(said).find("backend");
  if (backend == nullptr || backend->value.text != "disk") return;
  const std::string chooser = backend->name;
  std::erase_if(said, [&](const Saying& saying) {
    if (saying.words != Words::kBucket) return false;
    notes.push_back(fmt::format("{}: not used: {} is disk", saying.name, chooser));
    return true;
  });
}

struct Joined {
  std::string url;
  const Saying* named = nullptr;  // the piece that says where; null: no pieces
};

// gobuildcache: a choice of backend, and for each a bucket and a prefix.
Joined of_gobuildcache(const Pieces& pieces, std::string_view layout) {
  const Saying* const backend = pieces.find("backend");
  const Saying* const s3 = pieces.find("s3-bucket");
  const Saying* const gcs = pieces.find("gcs-bucket");
  if (backend == nullptr && s3 != nullptr && gcs != nullptr) {
    throw ConfigError(fmt::format("{} and {} name two buckets; choose with -backend s3 or gcs",
                                  s3->name, gcs->name));
  }
  const std::string choice = backend != nullptr ? backend->value.text
                             : s3 != nullptr    ? "s3"
                                                : "gcs";
  if (choice == "disk" || (backend == nullptr && s3 == nullptr && gcs == nullptr)) return {};
  const Saying* const bucket = choice == "s3" ? s3 : gcs;
  if (bucket == nullptr) {
    throw ConfigError(fmt::format("{}: {} needs a bucket; name it with -{}-bucket", backend->name,
                                  choice, choice));
  }
  const std::string prefix = pieces.text(choice == "s3" ? "s3-prefix" : "gcs-prefix", kItsPrefix);
  const auto make = layout == "gobuildcache" ? exact_url : url;
  return {make(choice == "s3" ? "s3" : "gs", bucket->value.text, prefix), bucket};
}

// gocache-s3 and go-cache-plugin.
Joined of_bucket(const Pieces& pieces, std::string_view layout) {
  const Saying* const bucket = pieces.find("bucket");
  if (bucket == nullptr) return {};
  const std::string prefix = pieces.text("prefix");
  if (layout == "gocache-s3") {
    return {exact_url("s3", bucket->value.text, prefix.empty() ? prefix : prefix + "/"), bucket};
  }
  if (layout == "go-cache-plugin") {
    return {exact_url("s3", bucket->value.text, joined(prefix)), bucket};
  }
  return {url("s3", bucket->value.text, prefix), bucket};
}

// gocacheprog.
Joined of_redis(const Pieces& pieces, std::string_view layout) {
  const Saying* const hosts = pieces.find("r-urls");
  if (hosts == nullptr) return {};
  std::string user = net::percent_encode(pieces.text("r-usr"));
  if (const std::string password = pieces.text("r-pwd"); !password.empty()) {
    user += ":" + net::percent_encode(password);
  }
  std::string prefix = pieces.text("r-prefix");
  if (layout == "gocacheprog") {
    prefix = joined("gocacheprog/" + std::string(trim_slashes(prefix)));
  }
  return {url("redis", (user.empty() ? "" : user + "@") + hosts->value.text, prefix), hosts};
}

}  // namespace

void join_pieces(std::vector<Saying>& said, std::vector<std::string>& notes) {
  drop_unused_buckets(said, notes);
  const Pieces pieces(said);
  const auto layout = std::find_if(said.begin(), said.end(), [](const Saying& saying) {
    return saying.key != nullptr && saying.key->name == "layout";
  });
  const std::string keys = layout == said.end() ? "" : layout->value.text;
  std::vector<Saying> joined;
  for (const auto& make : {of_gobuildcache, of_bucket, of_redis}) {
    Joined one = make(pieces, keys);
    if (one.named == nullptr) continue;
    joined.push_back({.key = one.named->key,
                      .place = one.named->place,
                      .name = one.named->name,
                      .value = {.text = std::move(one.url)}});
  }
  std::erase_if(said, [&](const Saying& saying) {
    if (saying.piece.empty()) return false;
    if (joined.empty() && saying.piece != "backend") {
      notes.push_back(fmt::format("{}: not used: no bucket is named", saying.name));
    }
    return true;
  });
  std::move(joined.begin(), joined.end(), std::back_inserter(said));
  std::stable_sort(said.begin(), said.end(),
                   [](const Saying& a, const Saying& b) { return a.place < b.place; });
}

void finish_remotes(const Environment& env, Settings& settings) {
  settings.object.env = env;
  settings.sharing.temp_dir = settings.store.dir;
  if (settings.remotes.size() > remote::kMostTiers) {
    throw ConfigError(fmt::format("remote: {} are named; {} are the most", settings.remotes.size(),
                                  remote::kMostTiers));
  }

  // gobuildcache's own names for its keys. They are secrets, so they are variables only.
  const auto key = [&](std::string_view name) {
    return env(fmt::format("GOBUILDCACHE_AWS_{}", name)).value_or("");
  };
  const std::string id = key("ACCESS_KEY_ID"), secret = key("SECRET_ACCESS_KEY");
  if (id.empty() != secret.empty()) {
    throw ConfigError(
        "GOBUILDCACHE_AWS_ACCESS_KEY_ID and GOBUILDCACHE_AWS_SECRET_ACCESS_KEY: set both or none");
  }
  settings.object.access_key_id = id;
  settings.object.secret_access_key = base::Secret(secret);
  settings.object.session_token = base::Secret(key("SESSION_TOKEN"));

  // A CI's machine may be gone when its job is.
  const std::string ci = env("CI").value_or("");
  if (ci.empty() || ci == "false") return;
  for (Effective& one : settings.effective) {
    if (one.name != "flush" || one.origin != "default") continue;
    settings.flush = Flush::kWait;
    one = {"flush", "wait", "CI"};
  }
}

}  // namespace gopouch::config
