#include "http/text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::http {

void take_target(std::string_view target, Request& request) {
  if (request.method == "CONNECT") {
    request.authority = target;
    return;
  }
  const std::size_t mark = target.find("://");
  if (!target.starts_with('/') && mark != std::string_view::npos) {
    request.scheme = base::lower(target.substr(0, mark));
    target.remove_prefix(mark + 3);
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    request.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (request.authority.empty()) return;  // and no path, then
  }
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  if (request.path.empty() && !request.authority.empty()) request.path = "/";
}

std::string head_text(const Head& head, std::optional<std::int64_t> length, bool keep,
                      std::time_t now) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", head.status, reason(head.status));
  if (net::find_header(head.headers, "Date").empty()) {
    text += fmt::format("Date: {}\r\n",
                        net::http_time(std::chrono::sys_seconds(std::chrono::seconds(now))));
  }
  for (const net::Header& header : head.headers) {
    text += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  const bool never_body = head.status < 200 || head.status == 204 || head.status == 304;
  if (length && !never_body) text += fmt::format("Content-Length: {}\r\n", *length);
  if (!length) text += "Transfer-Encoding: chunked\r\n";
  if (!keep) text += "Connection: close\r\n";
  return text + "\r\n";
}

bool only_reads(Exchange& exchange) {
  const std::string& method = exchange.request().method;
  if (method == "GET" || method == "HEAD") return true;
  exchange.send({405, {kPlainText, {"Allow", "GET, HEAD"}}}, "GET or HEAD\n");
  return false;
}

void send_line(Exchange& exchange, int status, std::string_view text) {
  exchange.send({status, {kPlainText}}, std::string(text) + "\n");
}

const Route* find_route(std::span<const Route> routes, std::string_view path) {
  const Route* best = nullptr;
  for (const Route& one : routes) {
    const bool fits =
        path.starts_with(one.prefix) &&
        (path.size() == one.prefix.size() || one.prefix.empty() || path[one.prefix.size()] == '/');
    if (fits && (best == nullptr || best->prefix.size() < one.prefix.size())) best = &one;
  }
  return best;
}

}  // namespace gopouch::http
