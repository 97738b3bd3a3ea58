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

}  // namespace gopouch::http
