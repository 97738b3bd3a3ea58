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

net::Header range_header(const Range& range) {
  return {"Range", fmt::format("bytes={}-{}", range.offset, range.offset + range.size - 1)};
}

bool gives_range(const net::Reply& reply, const Range& range) {
  if (reply.status != 206) return range.offset == 0;
  const std::string begin = fmt::format("bytes {}-", range.offset);  // "bytes 0-99/1234"
  return net::find_header(reply.headers, "Content-Range").starts_with(begin);
}

base::Fault fault_of_status(int status) {
  using base::Fault;
  if (status == 401 || status == 403) return Fault::kDenied;
  if (status == 408 || status == 429) return Fault::kUnavailable;
  if (status == 416) return Fault::kCorrupt;
  if (status == 501) return Fault::kInvalid;
  if (status >= 500) return Fault::kUnavailable;
  return status >= 300 ? Fault::kInvalid : Fault::kCorrupt;
}

std::chrono::milliseconds retry_after(const net::Reply& reply) {
  return parse_retry_after(net::find_header(reply.headers, "Retry-After"),
                           net::find_header(reply.headers, "Date"));
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
  info.modified = net::parse_http_time(net::find_header(reply.headers, "Last-Modified"))
                      .value_or(info.modified);
  return info;
}

}  // namespace gopouch::object
