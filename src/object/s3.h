// A store in an S3 bucket, from settings that are known to be right.
#pragma once

#include <memory>
#include <string>

#include "object/backend.h"
#include "object/http_bucket.h"
#include "object/object.h"
#include "object/s3_access.h"
#include "object/s3_place.h"

namespace gopouch::object {

// kInvalid with one line for the user.
base::Result<S3Settings> read_s3_settings(const net::Url& url, const Parameters& parameters,
                                          const Options& options);

using S3Store = HttpBucket<S3Access>;

// Touches neither network nor disk.
std::unique_ptr<S3Store> make_s3_store(S3Settings settings, S3AccessOptions access,
                                       const net::Options& net);

}  // namespace gopouch::object
