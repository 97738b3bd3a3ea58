// The backend "s3": what a URL and the options say, checked before anything is asked.
#include "object/s3.h"

#include <array>

#include <fmt/format.h>

#include "object/backend.h"

namespace gopouch::object {

namespace {

constexpr std::array kParameters{
    Parameter{"region",
              "the bucket's region; without it as the AWS tools find it, else AWS is asked"},
    Parameter{"endpoint", "https://host of a store that is not AWS"},
    Parameter{"path-style", "true: https://host/bucket in place of https://bucket.host"},
    Parameter{"storage-class", "of what is written, as STANDARD_IA"},
    Parameter{"tag", "key=value on what is written; may be said again"},
    kRawPrefix,
};

base::Error invalid(std::string message) { return {base::Fault::kInvalid, std::move(message)}; }

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789-";

bool is_of(std::string_view text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string_view::npos;
}

base::Status read_place(S3Place& place, const net::Url& url, const Parameters& parameters) {
  if (!url.user.empty() || !url.password.empty()) {
    return invalid("keys do not belong into a URL: set AWS_ACCESS_KEY_ID or AWS_PROFILE");
  }
  place.bucket = url.host;
  if (place.bucket.size() < 3 || place.bucket.size() > 63 || url.port != 0 ||
      !is_of(place.bucket, std::string(kLower) + "._")) {
    return invalid(fmt::format("'{}' can be no bucket: write s3://bucket/prefix", url.authority()));
  }
  place.zone = zone_of(place.bucket);
  auto prefix = read_prefix(url, parameters);
  if (!prefix) return prefix.error();
  place.prefix = *std::move(prefix);
  return base::Done{};
}

base::Result<Opened> open_s3(const net::Url& url, const Parameters& parameters,
                             const Options& options) {
  auto settings = read_s3_settings(url, parameters, options);
  if (!settings) return settings.error();
  S3AccessOptions access;
  access.aws.env = options.env;
  if (!options.access_key_id.empty()) {
    access.keys = {options.access_key_id, options.secret_access_key, options.session_token};
  }
  Opened opened;
  opened.features = {.ranges = true, .preconditions = true, .remote = true, .metadata = true};
  opened.name = settings->place.name();
  opened.has_prefix = !settings->place.prefix.empty();
  auto store = make_s3_store(*std::move(settings), std::move(access), options.net);
  opened.who = [bucket = store.get()](const base::Call& call) { return bucket->who(call); };
  opened.clock_offset = [bucket = store.get()] { return bucket->clock_offset(); };
  opened.store = std::move(store);
  return opened;
}

}  // namespace

base::Result<S3Settings> read_s3_settings(const net::Url& url, const Parameters& parameters,
                                          const Options& options) {
  S3Settings settings;
  S3Place& place = settings.place;
  if (auto read = read_place(place, url, parameters); !read) return read.error();

  place.region = parameters.find("region").value_or(options.region);
  if (!is_of(place.region, kLower)) return invalid("the region can be no region");
  settings.endpoint_url = parameters.find("endpoint").value_or(options.s3_endpoint_url);
  const auto path_style = parameters.flag("path-style");
  if (!path_style) return path_style.error();
  place.path_style = path_style->value_or(options.s3_path_style);

  place.storage_class = parameters.find("storage-class").value_or(options.s3_storage_class);
  if (!is_of(place.storage_class, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")) {
    return invalid("the storage class can be none: they are written as STANDARD_IA");
  }
  std::vector<std::string> tags = parameters.all("tag");
  if (tags.empty()) tags = options.s3_tags;
  auto encoded = encode_tags(tags);
  if (!encoded) return invalid("a tag is written key=value");
  place.tags = *std::move(encoded);
  return settings;
}

const Backend s3 = {
    .scheme = "s3",
    .doc = "s3://bucket/prefix: Amazon S3, S3 Express One Zone, and stores that speak S3",
    .parameters = kParameters,
    .open = open_s3,
};

}  // namespace gopouch::object
