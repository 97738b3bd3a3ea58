// Large bodies, sent in a session that survives a broken line ("Resumable uploads", Cloud Storage
// documentation).
#pragma once

#include "object/http_store.h"

namespace gopouch::object {

// Larger bodies go so: one request more, and what has arrived need not be sent again.
inline constexpr std::int64_t kLargestMedia = std::int64_t{8} << 20U;

// As Store::put. The session of an upload that fails is ended, if the store can be reached; else it
// ends by itself within a week, and costs nothing.
base::Result<PutOutcome> put_resumable(const HttpSender& sender, const Key& key,
                                       const net::Body& body, const PutOptions& options,
                                       const base::Call& call);

}  // namespace gopouch::object
