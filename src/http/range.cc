// Parts of a body: RFC 9110, 14.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "http/http.h"

namespace gopouch::http {

Range parse_range(std::string_view range, std::int64_t size) {
  const Range all{Range::Kind::kAll, 0, size};
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return all;
  range.remove_prefix(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return all;
  const std::string_view from = range.substr(0, dash), to = range.substr(dash + 1);
  const auto first = base::parse_number<std::int64_t>(from);
  const auto last = base::parse_number<std::int64_t>(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty())) {
    return all;
  }
  if (!first) {  // the last ones
    const auto count = std::min(*last, size);
    if (count == 0) return {Range::Kind::kNothing, 0, 0};
    return {Range::Kind::kPart, size - count, count};
  }
  if (last && *last < *first) return all;
  if (*first >= size) return {Range::Kind::kNothing, 0, 0};
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return {Range::Kind::kPart, *first, end - *first + 1};
}

net::Header content_range(const Range& range, std::int64_t size) {
  if (range.kind == Range::Kind::kNothing) {
    return {"Content-Range", fmt::format("bytes */{}", size)};
  }
  return {"Content-Range",
          fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.size - 1, size)};
}

void send_part(Exchange& exchange, Head head, base::Fd file, std::int64_t size) {
  const Request& request = exchange.request();
  head.headers.push_back({"Accept-Ranges", "bytes"});
  Range range{Range::Kind::kAll, 0, size};
  const std::string_view if_range = net::find_header(request.headers, "If-Range");
  if (request.method == "GET" &&
      (if_range.empty() || if_range == net::find_header(head.headers, "ETag"))) {
    range = parse_range(net::find_header(request.headers, "Range"), size);
  }
  if (range.kind != Range::Kind::kAll) head.headers.push_back(content_range(range, size));
  if (range.kind == Range::Kind::kNothing) {
    head.status = 416;
    return exchange.send(std::move(head), "");
  }
  if (range.kind == Range::Kind::kPart) head.status = 206;
  exchange.send_file(std::move(head), std::move(file), range.offset, range.size);
}

}  // namespace gopouch::http
