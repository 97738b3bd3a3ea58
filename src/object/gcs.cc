// The backend "gs": what a URL and the variables say, checked before anything is asked.
#include <array>

#include <fmt/format.h>

#include "object/backend.h"
#include "object/gcs_access.h"
#include "object/gcs_upload.h"
#include "object/http_bucket.h"

namespace gopouch::object {

namespace {

constexpr std::array kParameters{
    Parameter{"endpoint", "https://host in place of storage.googleapis.com"},
    kRawPrefix,
};
constexpr std::string_view kEndpoint = "https://storage.googleapis.com";
constexpr const char* kEmulator = "STORAGE_EMULATOR_HOST";
// All that a cache does; a key that could do more lends us no more.
constexpr const char* kScope = "https://www.googleapis.com/auth/devstorage.read_write";

base::Error invalid(std::string message) { return {base::Fault::kInvalid, std::move(message)}; }

base::Result<net::Url> read_endpoint(const std::string& text, std::string_view name) {
  auto url = net::parse_url(text);
  if (!url || (url->scheme != "http" && url->scheme != "https") || url->host.empty() ||
      !url->user.empty() || !url->password.empty() || !url->query.empty()) {
    return invalid(fmt::format("{} is no URL: write https://host or http://host:port", name));
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

base::Status find_endpoint(GcsPlace& place, const Parameters& parameters, const Options& options) {
  const auto said = parameters.find("endpoint");
  std::string host = options.env ? options.env(kEmulator).value_or("") : "";
  if (said || host.empty()) {
    auto url = read_endpoint(said.value_or(std::string(kEndpoint)), "endpoint");
    if (!url) return url.error();
    if (url->scheme != "https" && !net::is_loopback(url->host)) {
      return invalid(fmt::format(
          "the endpoint is not https, and a token is no secret without; for an emulator set {}",
          kEmulator));
    }
    place.endpoint = *std::move(url);
    return base::Done{};
  }
  if (host.find("://") == std::string::npos) host.insert(0, "http://");
  auto url = read_endpoint(host, kEmulator);
  if (!url) return url.error();
  place.endpoint = *std::move(url);
  place.emulator = true;
  return base::Done{};
}

base::Result<GcsPlace> read_place(const net::Url& url, const Parameters& parameters,
                                  const Options& options) {
  if (!url.user.empty() || !url.password.empty()) {
    return invalid("keys do not belong into a URL: set GOOGLE_APPLICATION_CREDENTIALS");
  }
  GcsPlace place;
  place.bucket = url.host;
  // With dots it is a domain's name, and may be longer.
  if (place.bucket.size() < 3 || place.bucket.size() > 222 || url.port != 0 ||
      place.bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") !=
          std::string::npos) {
    return invalid(fmt::format("'{}' can be no bucket: write gs://bucket/prefix", url.authority()));
  }
  auto prefix = read_prefix(url, parameters);
  if (!prefix) return prefix.error();
  place.prefix = *std::move(prefix);
  if (auto found = find_endpoint(place, parameters, options); !found) return found.error();
  return place;
}

base::Result<Opened> open_gcs(const net::Url& url, const Parameters& parameters,
                              const Options& options) {
  auto place = read_place(url, parameters, options);
  if (!place) return place.error();
  Opened opened;
  opened.features = {.ranges = true, .preconditions = true, .remote = true, .metadata = true};
  opened.name = place->name();
  opened.has_prefix = !place->prefix.empty();
  auth::GoogleOptions google;
  google.env = options.env;
  google.scope = kScope;
  const std::string name = "gs://" + place->bucket;
  auto store = std::make_unique<HttpBucket<GcsAccess>>(options.net, name,
                                                       LargePut{kLargestMedia, true, put_resumable},
                                                       *std::move(place), std::move(google));
  opened.who = [bucket = store.get()](const base::Call& call) { return bucket->who(call); };
  opened.clock_offset = [bucket = store.get()] { return bucket->clock_offset(); };
  opened.store = std::move(store);
  return opened;
}

}  // namespace

const Backend gcs = {
    .scheme = "gs",
    .doc = "gs://bucket/prefix: Google Cloud Storage",
    .parameters = kParameters,
    .open = open_gcs,
};

}  // namespace gopouch::object
