// Hosts and regions of S3. Rules: s3_place.h.
#include "object/s3_place.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "object/dialect.h"

namespace gopouch::object {

namespace {

// Names that can be the first label of a host under a certificate for *.s3.region.amazonaws.com.
bool is_host_label(std::string_view bucket) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         bucket.find_first_not_of(kLetters) == std::string_view::npos && bucket.front() != '-' &&
         bucket.back() != '-';
}

// Hosts that have no names below them.
bool is_bare_host(std::string_view host) {
  return host == "localhost" || host.find(':') != std::string_view::npos ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

net::Url https(std::string host) {
  net::Url url;
  url.scheme = "https";
  url.host = std::move(host);
  return url;
}

base::Result<net::Url> parse_endpoint(const std::string& text) {
  auto url = net::parse_url(text);
  if (!url || (url->scheme != "http" && url->scheme != "https") || url->host.empty()) {
    return base::Error{base::Fault::kInvalid,
                       "the S3 endpoint is no URL: write https://host or http://host:port"};
  }
  if (!url->user.empty() || !url->password.empty() || !url->query.empty()) {
    return base::Error{base::Fault::kInvalid,
                       "the S3 endpoint takes no user, password or parameters"};
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

}  // namespace

std::string_view zone_of(std::string_view bucket) {
  constexpr std::string_view kEnd = "--x-s3";
  if (!bucket.ends_with(kEnd)) return {};
  bucket.remove_suffix(kEnd.size());
  const std::size_t mark = bucket.rfind("--");
  return mark == std::string_view::npos || mark == 0 ? std::string_view() : bucket.substr(mark + 2);
}

std::string_view region_of_zone(std::string_view zone) {
  struct Row {
    std::string_view prefix, region;
  };
  constexpr std::array kRows{
      Row{"use1", "us-east-1"},  Row{"use2", "us-east-2"},       Row{"usw2", "us-west-2"},
      Row{"aps1", "ap-south-1"}, Row{"apne1", "ap-northeast-1"}, Row{"euw1", "eu-west-1"},
      Row{"eun1", "eu-north-1"},
  };
  const std::string_view prefix = zone.substr(0, zone.find('-'));
  for (const Row& row : kRows) {
    if (row.prefix == prefix) return row.region;
  }
  return {};
}

std::string S3Place::name() const { return name_of_bucket("s3", bucket, prefix); }

net::Url S3Place::url() const {
  const bool with_path = path_style || !is_host_label(bucket);
  if (endpoint) {
    net::Url url = *endpoint;
    if (with_path || is_bare_host(url.host)) {
      url.path += "/" + net::percent_encode(bucket);
    } else {
      url.host.insert(0, bucket + ".");
    }
    return url;
  }
  const std::string_view suffix = region.starts_with("cn-") ? ".cn" : "";
  if (!zone.empty()) {
    return https(fmt::format("{}.s3express-{}.{}.amazonaws.com{}", bucket, zone, region, suffix));
  }
  net::Url url = https(fmt::format("s3.{}.amazonaws.com{}", region, suffix));
  if (with_path) {
    url.path = "/" + net::percent_encode(bucket);
  } else {
    url.host.insert(0, bucket + ".");
  }
  return url;
}

net::Url S3Place::url(std::string_view key) const {
  net::Url object = url();
  object.path += "/" + net::percent_encode(prefix, "/") + net::percent_encode(key, "/");
  return object;
}

base::Status look_up(S3Settings& settings, const auth::AwsOptions& aws) {
  const auto variable = [&](std::string_view name) {
    return aws.env ? aws.env(name).value_or("") : std::string();
  };
  const auto first = [](std::initializer_list<std::string> values) {
    const auto* const said = std::find_if(values.begin(), values.end(),
                                          [](const auto& value) { return !value.empty(); });
    return said == values.end() ? std::string() : *said;
  };
  const auto setting = [&](std::string_view key) {
    return auth::aws_setting(aws, key).value_or("");
  };

  std::string endpoint = settings.endpoint_url;
  if (endpoint.empty() && variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true") {
    endpoint = first({variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL")});
    if (endpoint.empty()) endpoint = first({setting("s3.endpoint_url"), setting("endpoint_url")});
  }
  S3Place& place = settings.place;
  if (!endpoint.empty()) {
    auto url = parse_endpoint(endpoint);
    if (!url) return url.error();
    place.endpoint = *std::move(url);
  }
  if (!place.endpoint && !place.zone.empty()) place.express = true;
  if (place.region.empty()) {
    place.region = first({variable("AWS_REGION"), variable("AWS_DEFAULT_REGION")});
  }
  if (place.region.empty()) place.region = setting("region");
  // A zone's name says more than a variable that was set for other buckets.
  if (place.express && !region_of_zone(place.zone).empty()) {
    place.region = region_of_zone(place.zone);
  }
  if (place.region.empty() && place.endpoint) place.region = "us-east-1";
  return base::Done{};
}

std::optional<std::string> encode_tags(std::span<const std::string> tags) {
  std::string all;
  for (const std::string& tag : tags) {
    const std::size_t mark = tag.find('=');
    if (mark == std::string::npos || mark == 0) return std::nullopt;
    const std::string_view text = tag;
    if (!all.empty()) all += '&';
    all += net::percent_encode(text.substr(0, mark)) + "=" +
           net::percent_encode(text.substr(mark + 1));
  }
  return all;
}

}  // namespace gopouch::object
