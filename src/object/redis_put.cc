// Writing to a Redis: in one, or in parts with the header last.
#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

#include "base/bytes.h"
#include "object/body.h"
#include "object/local.h"
#include "object/redis_store.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

// Compares and replaces where the value is. Answers with the beginning of the old one, which may be
// a header; nothing: it was another one.
constexpr std::string_view kReplace = R"(
local old = redis.call('GET', KEYS[1])
if not old or redis.sha1hex(old) ~= ARGV[1] then return false end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return string.sub(old, 1, tonumber(ARGV[4])))";

base::Result<bool> looks_like_header(const net::Body& body) {
  std::array<char, kRedisHeader> space{};
  const auto first =
      std::span(space).first(std::min(space.size(), static_cast<std::size_t>(size_of(body))));
  if (auto got = read(body, 0, first); !got) return got.error();
  return begins_as_redis_header({first.data(), first.size()});
}

std::uint64_t new_id() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U) | random();
}

}  // namespace

base::Result<PutOutcome> RedisStore::put(const Key& key, const net::Body& body,
                                         const PutOptions& options, const base::Call& call) {
  if (const auto end = ended(call)) return *end;
  const std::string name = name_of(key);
  if (settings_.plain) return put_value(name, body, options, call);
  if (size_of(body) > kRedisWhole) return put_parts(name, body, options, call);
  const auto special = looks_like_header(body);
  if (!special) return fault("PUT", special.error());
  return *special ? put_parts(name, body, options, call) : put_value(name, body, options, call);
}

base::Result<PutOutcome> RedisStore::put_parts(const std::string& name, const net::Body& body,
                                               const PutOptions& options, const base::Call& call) {
  if (options.if_absent) {  // before all of it is sent
    const auto there = look(std::span(&name, 1), call);
    if (!there) return there.error();
    if (there->front()) return PutOutcome::kConflict;
  }
  RedisParts parts{.size = size_of(body), .part = kRedisPart, .id = new_id()};
  const auto hash = hash_of(body, options.sha256);
  if (!hash) return fault("PUT", hash.error());
  parts.sha256 = *hash;
  std::vector<RedisAsk> asks;
  for (std::int64_t i = 0; i < parts.count(); ++i) {
    const std::int64_t at = i * parts.part;
    RedisAsk ask = set(parts.part_name(settings_.prefix, name, i), "");
    ask.key = name;  // which lies where its parts do
    ask.body = slice(body, at, std::min(parts.part, parts.size - at));
    asks.push_back(std::move(ask));
  }
  const auto sent = run("PUT", asks, call);
  if (!sent) {
    drop_parts(name, parts, call);
    return sent.error();
  }
  const std::string header = parts.header();
  auto outcome = put_value(name, {.bytes = base::bytes_of(header)}, options, call);
  // Where the answer was lost the header may have arrived; its parts then end with it.
  if (outcome && *outcome == PutOutcome::kConflict) drop_parts(name, parts, call);
  return outcome;
}

// "SET name <body> [NX] [EX ttl]", for the caller to put its body in.
RedisAsk RedisStore::set(const std::string& name, std::string_view condition) const {
  const std::string ttl = std::to_string(settings_.ttl.count());
  std::vector<std::string_view> more;
  if (!condition.empty()) more.push_back(condition);
  if (settings_.ttl.count() > 0) more.insert(more.end(), {"EX", ttl});
  return {.key = name,
          .text = redis_command({"SET", name}, 1 + more.size()),
          .tail = redis_words(more)};
}

base::Result<PutOutcome> RedisStore::put_value(const std::string& name, const net::Body& body,
                                               const PutOptions& options, const base::Call& call) {
  if (options.if_absent) {
    if (!options.if_version.empty()) return PutOutcome::kConflict;  // there is none or it is there
    return add(name, body, call);
  }
  if (!options.if_version.empty()) return replace(name, body, options.if_version, call);
  // What is replaced may have parts.
  std::array asks{ask_header(name), set(name, "")};
  asks.back().body = body;
  const auto replies = run("PUT", asks, call);
  if (!replies) return replies.error();
  // Unless a slot that moves turned the order round, and this is the new one.
  const std::string_view old = replies->front().text;
  if (!std::equal(old.begin(), old.end(), body.bytes.begin(), body.bytes.end())) {
    drop_replaced(name, replies->front(), call);
  }
  return PutOutcome::kStored;
}

base::Result<PutOutcome> RedisStore::add(const std::string& name, const net::Body& body,
                                         const base::Call& call) {
  RedisAsk ask = set(name, "NX");
  ask.body = body;
  const auto reply = run("PUT", std::move(ask), call);
  if (!reply) return reply.error();
  if (!reply->is_nil()) return PutOutcome::kStored;
  // An object that has lost a part counts as absent, but its header is in the way.
  const auto header = header_of(name, call);
  if (!header) return header.error();
  if (!*header) return PutOutcome::kConflict;
  const auto all = whole(name, **header, call);
  if (!all) return all.error();
  return *all ? PutOutcome::kConflict
              : replace(name, body, redis_version((*header)->header()), call);
}

base::Result<PutOutcome> RedisStore::replace(const std::string& name, const net::Body& body,
                                             const std::string& version, const base::Call& call) {
  const std::string ttl = std::to_string(settings_.ttl.count());
  const std::string beginning = std::to_string(kRedisHeader);
  const std::array<std::string_view, 2> more{ttl, beginning};
  RedisAsk ask{.key = name,
               .text = redis_command({"EVAL", kReplace, "1", name, version}, 1 + more.size()),
               .body = body,
               .tail = redis_words(more)};
  const auto old = run("PUT", std::move(ask), call);
  if (!old) return old.error();
  if (old->is_nil()) return PutOutcome::kConflict;
  drop_replaced(name, *old, call);
  return PutOutcome::kStored;
}

void RedisStore::drop_parts(const std::string& name, const RedisParts& parts,
                            const base::Call& call) {
  const std::vector<std::string> names = part_names(name, parts);
  if (!names.empty()) (void)unlink(std::span(&names, 1), call);
}

void RedisStore::drop_replaced(const std::string& name, const RedisReply& old,
                               const base::Call& call) {
  if (const auto parts = parts_in(old.text)) drop_parts(name, *parts, call);
}

}  // namespace gopouch::object
