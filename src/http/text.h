// What needs no loop: the text of a reply's head, and which route a path takes.
#pragma once

#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/http.h"

namespace gopouch::http {

// A reply up to its body. `length` of the body; nullopt: it comes in chunks. `keep`: the connection
// is for more requests.
std::string head_text(const Head& head, std::optional<std::int64_t> length, bool keep,
                      std::time_t now);

// Null where none fits.
const Route* find_route(std::span<const Route> routes, std::string_view path);

// Takes the target of a request with this method apart (RFC 9112, 3.2). What is none leaves neither
// authority nor a path.
void take_target(std::string_view target, Request& request);

}  // namespace gopouch::http
