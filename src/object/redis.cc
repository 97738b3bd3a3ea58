// The backends "redis" and "rediss": what a URL and the options say, checked before anything is
// asked.
#include "object/redis.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::object {

namespace {

using std::chrono::seconds;

constexpr std::array kParameters{
    Parameter{"db", "the database's number; 0: the default"},
    Parameter{"ttl", "how long an entry is kept, as 7d or 12h; 0: for good"},
    Parameter{"cluster", "true, false; auto: the server is asked, the default"},
    Parameter{"master", "the name of the master that the hosts, which are sentinels, watch over"},
    Parameter{"ca-file", "certificates to trust beside the system's, PEM; for rediss://"},
};

constexpr int kPort = 6379, kSentinelPort = 26379;
constexpr int kMostDatabases = 1 << 20;

base::Error invalid(std::string message) { return {base::Fault::kInvalid, std::move(message)}; }

base::Result<std::string> read_prefix(const net::Url& url, char separator) {
  auto prefix = net::percent_decode(url.path);
  if (!prefix) return invalid("a bad % in the URL's path");
  for (char& letter : *prefix) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code == 0x7f) return invalid("a control character in the URL's path");
    if (letter == '/') letter = separator;
  }
  prefix->erase(0, std::min(prefix->find_first_not_of(separator), prefix->size()));
  prefix->erase(prefix->find_last_not_of(separator) + 1);
  if (prefix->size() > 512) return invalid("the URL's path is too long for a prefix");
  if (prefix->empty()) return *std::move(prefix);
  *prefix += separator;
  // Parts of large values find their slot by a tag of their own, unless the prefix has one.
  const bool braces = prefix->find_first_of("{}") != std::string::npos;
  if (braces && redis_hash_tag(*prefix) == *prefix) {
    return invalid("braces in a prefix are a tag for the Cluster's slots: {text}");
  }
  return *std::move(prefix);
}

base::Status read_place(RedisPlace& place, const net::Url& url, const Parameters& parameters) {
  place.master = parameters.find("master").value_or("");
  const std::string cluster = parameters.find("cluster").value_or("auto");
  if (cluster != "auto" && cluster != "true" && cluster != "false") {
    return invalid("?cluster= is auto, true or false");
  }
  if (cluster != "auto") place.cluster = cluster == "true";
  if (!place.master.empty()) {
    if (place.cluster == true) return invalid("a Cluster has no sentinels: ?master= or ?cluster=");
    place.cluster = false;
  }
  const int port = place.master.empty() ? kPort : kSentinelPort;
  place.hosts.push_back(
      {url.host.empty() ? "localhost" : url.host, url.port == 0 ? port : url.port});
  for (const net::Host& host : url.more_hosts) {
    place.hosts.push_back({host.name, host.port == 0 ? port : host.port});
  }
  return base::Done{};
}

std::string name_of(const net::Url& url, const RedisSettings& settings) {
  std::string hosts;
  for (const RedisAddress& host : settings.place.hosts) {
    hosts += (hosts.empty() ? "" : ",") + host.text();
  }
  std::string_view prefix = settings.prefix;
  if (!prefix.empty()) prefix.remove_suffix(1);
  return fmt::format("{}://{}{}{}", url.scheme, hosts, prefix.empty() ? "" : "/", prefix);
}

base::Result<Opened> open_redis(const net::Url& url, const Parameters& parameters,
                                const Options& options) {
  auto settings = read_redis_settings(url, parameters, options);
  if (!settings) return settings.error();
  Opened opened;
  opened.features = {.ranges = true, .preconditions = true, .remote = true};
  opened.name = settings->name;
  opened.has_prefix = !settings->prefix.empty();
  const RedisLogin& login = settings->connections.login;
  if (!login.user.empty() || !login.password.empty()) {
    const std::string who =
        login.user.empty() ? "the URL's password" : "the URL's user and password";
    opened.who = [who](const base::Call&) -> base::Result<std::string> { return who; };
  }
  opened.store = make_redis_store(*std::move(settings));
  return opened;
}

}  // namespace

base::Result<RedisSettings> read_redis_settings(const net::Url& url, const Parameters& parameters,
                                                const Options& options) {
  RedisSettings settings;
  RedisPoolOptions& connections = settings.connections;
  connections.tls = url.scheme == "rediss";
  connections.login.user = url.user;
  connections.login.password = base::Secret(url.password);
  connections.net = options.net;
  if (auto read = read_place(settings.place, url, parameters); !read) return read.error();

  const auto db = base::parse_number<int>(parameters.find("db").value_or("0"));
  if (!db || *db > kMostDatabases) return invalid("?db= is the number of a database");
  if (*db != 0 && settings.place.cluster == true) return invalid("a Cluster has database 0 only");
  connections.login.db = *db;
  settings.ttl = options.redis_ttl;
  if (const auto said = parameters.find("ttl")) {
    const auto ttl = base::parse_duration(*said);
    if (!ttl) return invalid("?ttl= is a duration, as 7d or 12h, or 0");
    settings.ttl = std::chrono::ceil<seconds>(*ttl);
  }
  if (const auto file = parameters.find("ca-file")) {
    if (!connections.tls) return invalid("?ca-file= is for rediss://");
    connections.net.ca_file = *file;
  }
  settings.plain = options.redis_plain;
  settings.separator = settings.plain ? '/' : ':';
  auto prefix = read_prefix(url, settings.separator);
  if (!prefix) return prefix.error();
  settings.prefix = *std::move(prefix);
  settings.name = name_of(url, settings);
  return settings;
}

const Backend redis = {
    .scheme = "redis",
    .doc = "redis://host:6379/prefix: Redis, a Cluster of it, or what sentinels watch over",
    .parameters = kParameters,
    .open = open_redis,
    .several_hosts = true,
};

const Backend rediss = {
    .scheme = "rediss",
    .doc = "rediss://host:6379/prefix: the same over TLS",
    .parameters = kParameters,
    .open = open_redis,
    .several_hosts = true,
};

}  // namespace gopouch::object
