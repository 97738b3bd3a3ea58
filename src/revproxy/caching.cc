#include "revproxy/caching.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gopouch::revproxy {

namespace {

using std::chrono::hours;

constexpr seconds kMostGuessed = hours(24);
constexpr seconds kMostStale = hours(24);  // where nothing says stale-if-error

template <std::size_t kSize>
bool is_one_of(int status, const std::array<int, kSize>& all) {
  return std::find(all.begin(), all.end(), status) != all.end();
}

// Those that are good for a while without a word (RFC 9110, 15.1), less those of faults and parts.
constexpr std::array kGuessable{200, 203, 204, 300, 301, 308, 404, 410};
// Those that this cache knows the meaning of.
constexpr std::array kUnderstood{200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414};

std::string_view value_of(Headers headers, std::string_view name) {
  return net::find_header(headers, name);
}

bool has_credentials(Headers request) {
  return has(request, "Authorization") || has(request, "Cookie");
}

// RFC 9111, 3.5.
bool is_for_all(const Directives& said) {
  return said.is_public || said.s_maxage || said.must_revalidate;
}

Time date_of(const Response& response) {
  return net::parse_http_time(value_of(response.headers, "Date")).value_or(response.answered);
}

bool forbids_stale(const Directives& said) {
  // s-maxage means proxy-revalidate, too (RFC 9111, 5.2.2.10).
  return said.no_cache || said.must_revalidate || said.proxy_revalidate || said.s_maxage;
}

// A request that wants an answer of upstream's (5.2.1.4, 5.4).
bool wants_fresh(Headers request, const Directives& asked) {
  return asked.no_cache || (!asked.any && base::lower(value_of(request, "Pragma")) == "no-cache");
}

}  // namespace

bool has_end(int status, Headers headers) {
  return status == 204 || has(headers, "Content-Length") ||
         base::lower(value_of(headers, "Transfer-Encoding")) == "chunked";
}

bool may_store(Headers request, const Response& response) {
  const Directives said = parse_directives(response.headers);
  const bool understood = is_one_of(response.status, kUnderstood);
  if (!understood || parse_directives(request).no_store || said.is_private) return false;
  if (said.no_store && !said.must_understand) return false;  // 5.2.2.3
  if (has_credentials(request) && !is_for_all(said)) return false;
  if (has(response.headers, "Set-Cookie") || has(response.headers, "Content-Range")) return false;
  if (!vary_names(response.headers)) return false;
  return lifetime(response) > seconds(0) ||
         (response.status == 200 && !validators(response).empty());
}

seconds lifetime(const Response& response) {
  const Directives said = parse_directives(response.headers);
  if (said.s_maxage) return *said.s_maxage;
  if (said.max_age) return *said.max_age;
  const Time date = date_of(response);
  if (has(response.headers, "Expires")) {
    const auto expires = net::parse_http_time(value_of(response.headers, "Expires"));
    return expires ? std::max(*expires - date, seconds(0)) : seconds(0);
  }
  if (!is_one_of(response.status, kGuessable) && !said.is_public) return seconds(0);
  const auto modified = net::parse_http_time(value_of(response.headers, "Last-Modified"));
  if (!modified) return seconds(0);
  return std::clamp((date - *modified) / 10, seconds(0), kMostGuessed);
}

seconds age(const Response& response, Time now) {
  const auto said = base::parse_number<std::int64_t>(value_of(response.headers, "Age"));
  const seconds given = said ? std::min(seconds(*said), kAnyAge) : seconds(0);
  const seconds apparent = std::max(response.answered - date_of(response), seconds(0));
  const seconds delay = std::max(response.answered - response.asked, seconds(0));
  const seconds initial = std::max(apparent, given + delay);
  return initial + std::max(now - response.answered, seconds(0));
}

Use use(Headers request, const Response& response, Time now) {
  const Directives asked = parse_directives(request);
  const Directives said = parse_directives(response.headers);
  if (has_credentials(request) && !is_for_all(said)) return Use::kLeave;
  if (said.no_cache || wants_fresh(request, asked)) return Use::kValidate;
  const seconds old = age(response, now);
  const seconds left = lifetime(response) - old;
  if (asked.max_age && old > *asked.max_age) return Use::kValidate;
  if (asked.min_fresh && left < *asked.min_fresh) return Use::kValidate;
  if (left > seconds(0)) return Use::kGive;
  const bool bears_it = asked.max_stale && -left <= *asked.max_stale;
  return bears_it && !forbids_stale(said) ? Use::kGive : Use::kValidate;
}

bool may_be_stale(Headers request, const Response& response, Time now) {
  const Directives said = parse_directives(response.headers);
  if (has_credentials(request) && !is_for_all(said)) return false;
  if (forbids_stale(said) || wants_fresh(request, parse_directives(request))) return false;
  return age(response, now) - lifetime(response) <= said.stale_if_error.value_or(kMostStale);
}

std::vector<net::Header> validators(const Response& response) {
  std::vector<net::Header> all;
  const std::string_view tag = value_of(response.headers, "ETag");
  if (!tag.empty()) all.push_back({"If-None-Match", std::string(tag)});
  const std::string_view modified = value_of(response.headers, "Last-Modified");
  if (net::parse_http_time(modified)) all.push_back({"If-Modified-Since", std::string(modified)});
  return all;
}

bool confirms(const Response& stored, Headers not_modified) {
  const std::string_view tag = value_of(not_modified, "ETag");
  if (!tag.empty()) {
    const std::vector<net::Header> known{
        {"If-None-Match", std::string(value_of(stored.headers, "ETag"))}};
    return names_tag(known, "If-None-Match", tag);
  }
  const std::string_view modified = value_of(not_modified, "Last-Modified");
  return modified.empty() || modified == value_of(stored.headers, "Last-Modified");
}

void update(Response& stored, const Response& not_modified) {
  constexpr std::array<std::string_view, 5> kOfTheBody{
      "content-encoding", "content-type", "content-range", "content-length", "set-cookie"};
  std::vector<net::Header> fresh;
  for (const net::Header& header : not_modified.headers) {
    const std::string name = base::lower(header.name);
    if (std::find(kOfTheBody.begin(), kOfTheBody.end(), name) == kOfTheBody.end()) {
      fresh.push_back(header);
    }
  }
  // An Age that is not said again is that of a reply that is no more.
  std::erase_if(stored.headers, [&](const net::Header& header) {
    return has(fresh, header.name) || net::same_name(header.name, "Age");
  });
  stored.headers.insert(stored.headers.end(), fresh.begin(), fresh.end());
  if (!has(fresh, "Date")) {
    std::erase_if(stored.headers,
                  [](const net::Header& header) { return net::same_name(header.name, "Date"); });
  }
  stored.asked = not_modified.asked;
  stored.answered = not_modified.answered;
}

Verdict judge(std::string_view method, Headers request, const Response& response,
              std::int64_t size) {
  using Kind = Verdict::Kind;
  if (response.status != 200) return {};
  const std::string_view tag = value_of(response.headers, "ETag");
  const auto modified = net::parse_http_time(value_of(response.headers, "Last-Modified"));
  if (has(request, "If-None-Match")) {
    if (names_tag(request, "If-None-Match", tag)) return {Kind::kNotModified};
  } else if (const auto since = net::parse_http_time(value_of(request, "If-Modified-Since"))) {
    if (modified.value_or(date_of(response)) <= *since) return {Kind::kNotModified};
  }
  if (method != "GET" || !has(request, "Range")) return {};
  if (const std::string_view only_if = value_of(request, "If-Range"); !only_if.empty()) {
    // Weak ones are of no use for parts (RFC 9110, 13.1.5).
    const auto at = net::parse_http_time(only_if);
    const bool same =
        at ? modified == at && date_of(response) > *at : only_if == tag && !tag.starts_with("W/");
    if (!same) return {};
  }
  const http::Range part = http::parse_range(value_of(request, "Range"), size);
  if (part.kind == http::Range::Kind::kAll) return {};
  const bool some = part.kind == http::Range::Kind::kPart;
  return {some ? Kind::kPart : Kind::kNoSuchPart, part};
}

bool leads_past(Headers request) {
  return has(request, "If-Match") || has(request, "If-Unmodified-Since") ||
         parse_directives(request).no_store;
}

std::string selection(std::span<const std::string> names, Headers request) {
  std::string all;
  for (const std::string& name : names) {
    const auto value = joined(request, name);
    all += name + (value ? ": " + *value : std::string()) + "\n";
  }
  return all;
}

}  // namespace gopouch::revproxy
