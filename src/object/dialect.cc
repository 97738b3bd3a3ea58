// What all dialects have in common. Rules: dialect.h.
#include "object/dialect.h"

#include <fmt/format.h>

#include "base/text.h"
#include "object/times.h"

namespace gopouch::object {

namespace {

constexpr std::size_t kMostText = 300;  // of a store's message in one of ours

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  for (const char letter : text.substr(0, kMostText)) {
    const auto code = static_cast<unsigned char>(letter);
    line += code < 0x20 || code == 0x7f ? ' ' : letter;
  }
  return line;
}

std::string name_of_bucket(std::string_view scheme, std::string_view bucket,
                           std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return fmt::format("{}://{}{}{}", scheme, bucket, prefix.empty() ? "" : "/", prefix);
}

std::string_view name_of(Op op) {
  switch (op) {
    case Op::kGet:
      return "GET";
    case Op::kHead:
      return "HEAD";
    case Op::kPut:
    case Op::kBeginParts:
    case Op::kPutPart:
    case Op::kJoinParts:
    case Op::kDropParts:
      return "PUT";
    case Op::kList:
      return "list";
    case Op::kRemove:
    case Op::kRemoveAll:
      return "remove";
  }
  return "";
}

std::string Dialect::version_of(const net::Reply& reply) const {
  return std::string(net::find_header(reply.headers, "ETag"));
}

Metadata Dialect::metadata_of(const net::Reply& /*reply*/) const { return {}; }

Metadata metadata_with(std::string_view prefix, const net::Reply& reply) {
  Metadata metadata;
  for (const net::Header& header : reply.headers) {
    const std::string name = base::lower(header.name);
    if (name.starts_with(prefix)) metadata.try_emplace(name.substr(prefix.size()), header.value);
  }
  return metadata;
}

base::Result<Info> Dialect::read_info(const Operation& operation, const net::Reply& reply) const {
  Info info{.key = operation.key};
  const std::string_view size = net::find_header(reply.headers, "Content-Length");
  const auto number = base::parse_number<std::int64_t>(size);
  if (!number) {
    return base::Error{base::Fault::kCorrupt, fmt::format("{}: HEAD tells no size", operation.key)};
  }
  info.size = *number;
  info.modified =
      parse_http_time(net::find_header(reply.headers, "Last-Modified")).value_or(info.modified);
  return info;
}

}  // namespace gopouch::object
