// What HTTP's header fields say, as far as a cache asks: directives, names, times, tags.
//
// Outside bytes: whatever they are, the answer is one of those below. Knows nothing of caching.
// Rules: RFC 9110 (5.6, 8.8, 12.5.5), RFC 9111 (5.2), RFC 5861 (stale-if-error).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/net.h"

namespace gopouch::revproxy {

using Headers = std::span<const net::Header>;
using Time = std::chrono::sys_seconds;
using std::chrono::seconds;

// Of all Cache-Control fields together; names that nobody knows are left out.
struct Directives {
  bool any = false;  // there is such a field
  bool no_store = false, no_cache = false, no_transform = false, only_if_cached = false;
  // With names of fields or without: those fields are not kept apart from the rest.
  bool is_private = false;
  bool is_public = false, must_revalidate = false, proxy_revalidate = false;
  bool must_understand = false;
  // A number that is none, or two that differ, is 0: old at once (RFC 9111, 4.2.1).
  std::optional<seconds> max_age, s_maxage, min_fresh, stale_if_error;
  std::optional<seconds> max_stale;  // without a number: kAnyAge
};
inline constexpr seconds kAnyAge{std::int64_t{1} << 31};

Directives parse_directives(Headers headers);

// The members of a list field with that name, from all its lines, without the white space around.
std::vector<std::string> list_of(Headers headers, std::string_view name);

// The names in Vary: lower case, sorted, each once; nullopt: "*", or a name that is none.
std::optional<std::vector<std::string>> vary_names(Headers headers);

// All lines of a field as one (RFC 9110, 5.2), white space made even; nullopt: there is none.
std::optional<std::string> joined(Headers headers, std::string_view name);

// Whether one of the tags of an If-None-Match is `tag`; weak ones count as strong (RFC 9110,
// 8.8.3.2).
bool names_tag(Headers headers, std::string_view field, std::string_view tag);

bool has(Headers headers, std::string_view name);

// Without what is for one connection only (RFC 9110, 7.6.1), and without Content-Length, which
// whoever sends the message makes.
std::vector<net::Header> end_to_end(Headers headers);

}  // namespace gopouch::revproxy
