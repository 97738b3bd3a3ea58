// Plain HTTP as a store: methods, paths and what the answers mean.
//
// Rules: RFC 9110 (methods, ranges, preconditions, status codes); RFC 4918 for the listing, which
// only WebDAV servers have. Preconditions are always sent: a server that has none ignores them.
#pragma once

#include <memory>

#include "object/dialect.h"
#include "object/http.h"

namespace gopouch::object {

// `base` and `paths` are all that it needs of the settings.
std::unique_ptr<const Dialect> make_http_dialect(net::Url base, HttpPaths paths);

}  // namespace gopouch::object
