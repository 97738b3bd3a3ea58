// Large bodies, sent in parts that S3 joins ("Multipart upload", Amazon S3 user guide).
#pragma once

#include "object/http_store.h"

namespace gopouch::object {

// Larger bodies go in parts: AWS takes up to 5 GiB at once, but what breaks is sent again whole.
inline constexpr std::int64_t kLargestPut = std::int64_t{64} << 20U;
inline constexpr std::int64_t kPartSize = std::int64_t{32} << 20U;

// As Store::put. What was sent of an upload that fails is dropped again, if the store can be
// reached; else a lifecycle rule of the bucket must do it.
base::Result<PutOutcome> put_in_parts(const HttpSender& sender, const Key& key,
                                      const net::Body& body, const PutOptions& options,
                                      const base::Call& call);

}  // namespace gopouch::object
