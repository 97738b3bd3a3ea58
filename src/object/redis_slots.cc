#include "object/redis_slots.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::object {

namespace {

using Kind = RedisReply::Kind;

constexpr std::size_t kMostNodes = 4096;  // more than Redis allows itself

// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, from 0.
constexpr auto kCrc = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    table.at(byte) = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::uint16_t crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text) {
    crc = (crc << 8U) ^ kCrc.at(((crc >> 8U) ^ static_cast<unsigned char>(c)) & 0xffU);
    crc &= 0xffffU;
  }
  return static_cast<std::uint16_t>(crc);
}

// Hosts go into getaddrinfo and into messages.
bool is_host(std::string_view text) {
  return text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
         });
}

base::Error corrupt() {
  return {base::Fault::kCorrupt, "CLUSTER SLOTS: an answer that cannot be understood"};
}

}  // namespace

std::string RedisAddress::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::optional<RedisAddress> parse_redis_address(std::string_view text) {
  text = text.substr(0, text.find('@'));  // the port of the cluster's bus
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = base::parse_number<int>(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  if (!port || *port < 1 || *port > 65535 || !is_host(host)) return std::nullopt;
  return RedisAddress{std::string(host), *port};
}

std::string_view redis_hash_tag(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

std::size_t redis_slot(std::string_view key) { return crc16(redis_hash_tag(key)) % kRedisSlots; }

const RedisAddress* RedisMap::find(std::string_view key) const {
  std::size_t node = 0;
  if (cluster()) node = owners[redis_slot(key)];
  return node < nodes.size() ? &nodes[node] : nullptr;
}

void RedisMap::move(std::size_t slot, const RedisAddress& address) {
  if (owners.empty()) owners.assign(kRedisSlots, nodes.empty() ? kNobody : 0);
  const auto found = std::find(nodes.begin(), nodes.end(), address);
  const auto node = static_cast<std::size_t>(found - nodes.begin());
  if (node == nodes.size()) {
    if (node == kMostNodes) return;
    nodes.push_back(address);
  }
  owners[slot] = static_cast<std::uint16_t>(node);
}

base::Result<RedisMap> parse_cluster_slots(const RedisReply& reply, const RedisAddress& from) {
  if (reply.kind != Kind::kList) return corrupt();
  RedisMap map;
  map.owners.assign(kRedisSlots, RedisMap::kNobody);
  for (const RedisReply& range : reply.items) {
    // First slot, last slot, the master, its replicas.
    if (range.kind != Kind::kList || range.items.size() < 3) return corrupt();
    const RedisReply &first = range.items[0], &last = range.items[1], &master = range.items[2];
    if (first.kind != Kind::kNumber || last.kind != Kind::kNumber || first.number < 0 ||
        last.number < first.number || last.number >= std::ssize(map.owners) ||
        master.kind != Kind::kList || master.items.size() < 2 ||
        master.items[1].kind != Kind::kNumber) {
      return corrupt();
    }
    RedisAddress address{master.items[0].text, 0};
    const std::int64_t port = master.items[1].number;
    if (port < 1 || port > 65535 || !is_host(address.host)) return corrupt();
    address.port = static_cast<int>(port);
    if (address.host.empty()) address.host = from.host;
    for (auto slot = first.number; slot <= last.number; ++slot) {
      map.move(static_cast<std::size_t>(slot), address);
    }
  }
  return map;
}

std::optional<RedisRedirect> parse_redirect(const RedisReply& error, const RedisAddress& from) {
  if (!error.is_error()) return std::nullopt;
  std::string_view text = error.text;
  RedisRedirect redirect;
  if (text.starts_with("ASK ")) {
    redirect.ask = true;
    text.remove_prefix(4);
  } else if (text.starts_with("MOVED ")) {
    text.remove_prefix(6);
  } else {
    return std::nullopt;
  }
  const std::size_t space = std::min(text.find(' '), text.size());
  const auto slot = base::parse_number<std::size_t>(text.substr(0, space));
  text.remove_prefix(std::min(space + 1, text.size()));
  auto address = parse_redis_address(text.substr(0, text.find(' ')));
  if (!slot || *slot >= kRedisSlots || !address) return std::nullopt;
  if (address->host.empty()) address->host = from.host;
  redirect.slot = *slot;
  redirect.address = *std::move(address);
  return redirect;
}

}  // namespace gopouch::object
