// Where a bucket is, and how its store wants to be spoken to: the settings of an S3 remote.
//
// Rules: "Virtual hosting of buckets", "Regional and Zonal endpoints for directory buckets" of the
// Amazon S3 user guide; "Service-specific endpoints" of the AWS SDKs and Tools reference guide.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/auth.h"
#include "base/result.h"
#include "net/net.h"
#include "object/object.h"

namespace gopouch::object {

struct S3Place {
  std::string bucket;
  std::string prefix;                // as it stands before a key
  std::string region;                // empty: not known yet
  std::optional<net::Url> endpoint;  // of a store that is not AWS; nullopt: the region's own
  bool path_style = false;           // asked for; some buckets and endpoints need it unasked
  std::string zone;                  // of a directory bucket: "use1-az4"; empty: another bucket
  bool express = false;              // a directory bucket at AWS: sessions, and its zone's host
  std::string storage_class;         // empty: the bucket's own
  std::string tags;                  // as x-amz-tagging says them; empty: none

  // False once the store has shown that it does not know them.
  bool checksums = true;
  bool preconditions = true;
  bool remove_all = true;

  // "s3://bucket/prefix"
  std::string name() const;
  // Of the bucket, without "/" at its end. REQUIRES: !region.empty() || endpoint.
  net::Url url() const;
  // An object's.
  net::Url url(std::string_view key) const;
};

// The settings as a URL's parameters and the options give them; the rest is looked up by
// find_region_and_endpoint(). kInvalid with one line for the user.
struct S3Settings {
  S3Place place;             // without region and endpoint, unless they are said
  std::string endpoint_url;  // said in the URL or by an option; empty: not said
};

// The part of a directory bucket's name that says where it is; empty for other buckets.
std::string_view zone_of(std::string_view bucket);

// The region that a zone like "use1-az4" is in; empty: not known.
std::string_view region_of_zone(std::string_view zone);

// Adds what the variables and the profile say: endpoint, and region where none is said. The region
// stays empty where nobody says it; a store that is not AWS then gets "us-east-1". Reads files.
base::Status look_up(S3Settings& settings, const auth::AwsOptions& aws);

// "k=v&k2=v2" with both sides percent-encoded, as x-amz-tagging wants them. nullopt for one without
// "=" or key.
std::optional<std::string> encode_tags(std::span<const std::string> tags);

}  // namespace gopouch::object
