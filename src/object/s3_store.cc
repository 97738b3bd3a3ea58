// The S3 store; large bodies go in parts.
#include "object/s3.h"
#include "object/s3_parts.h"

namespace gopouch::object {

std::unique_ptr<S3Store> make_s3_store(S3Settings settings, S3AccessOptions access,
                                       const net::Options& net) {
  const std::string name = "s3://" + settings.place.bucket;
  return std::make_unique<S3Store>(net, name, LargePut{kLargestPut, false, put_in_parts},
                                   std::move(settings), std::move(access));
}

}  // namespace gopouch::object
