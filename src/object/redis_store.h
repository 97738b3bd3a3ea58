// The store over a Redis: its methods as commands. Reading is in redis_get.cc, writing in
// redis_put.cc, the rest in redis_store.cc. docs/formats.md, "Redis", has what is written.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object/redis.h"
#include "object/redis_parts.h"

namespace gopouch::object {

class RedisStore final : public Store {
 public:
  explicit RedisStore(RedisSettings settings)
      : settings_(std::move(settings)), client_(settings_.place, settings_.connections) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override;
  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override;
  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override;
  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override;
  base::Status remove(std::span<const Key> keys, const base::Call& call) override;

 private:
  class Assembly;  // of an object in parts
  class PartTaker;

  // The object's name in Redis, and back; nullopt: it is no object's.
  std::string name_of(std::string_view key) const;
  std::optional<Key> key_of(std::string_view name) const;

  base::Error fault(std::string_view what, base::Error error) const;
  // The same of an answer that is an error.
  base::Result<RedisReply> checked(std::string_view what, base::Result<RedisReply> reply) const;

  // The answers in the order of the asks; an error where one of them failed. Nil where a command is
  // not for what is there: a set, say.
  base::Result<std::vector<RedisReply>> run(std::string_view what, std::span<RedisAsk> asks,
                                            const base::Call& call);
  base::Result<RedisReply> run(std::string_view what, RedisAsk ask, const base::Call& call);

  base::Result<std::optional<Object>> get_parts(const Get& get, RedisParts parts,
                                                const base::Call& call);
  base::Status fetch(Assembly& all, const std::string& name, const RedisParts& parts,
                     const base::Call& call);
  // What the header says that `text` is; nullopt: it is a value.
  std::optional<RedisParts> parts_in(std::string_view text) const {
    return settings_.plain ? std::nullopt : parse_redis_header(text);
  }
  // The header under `name`; nullopt: there is none, or another value.
  base::Result<std::optional<RedisParts>> header_of(const std::string& name,
                                                    const base::Call& call);
  // Whether all parts are there.
  base::Result<bool> whole(const std::string& name, const RedisParts& parts,
                           const base::Call& call);

  RedisAsk set(const std::string& name, std::string_view condition) const;
  base::Result<PutOutcome> put_parts(const std::string& name, const net::Body& body,
                                     const PutOptions& options, const base::Call& call);
  base::Result<PutOutcome> put_value(const std::string& name, const net::Body& body,
                                     const PutOptions& options, const base::Call& call);
  base::Result<PutOutcome> replace(const std::string& name, const net::Body& body,
                                   const std::string& version, const base::Call& call);
  base::Result<PutOutcome> add(const std::string& name, const net::Body& body,
                               const base::Call& call);

  std::vector<std::string> part_names(const std::string& name, const RedisParts& parts) const;
  base::Status unlink(std::span<const std::vector<std::string>> groups, const base::Call& call);
  // What nobody names any more. A failure leaves it to its time to live.
  void drop_parts(const std::string& name, const RedisParts& parts, const base::Call& call);
  void drop_replaced(const std::string& name, const RedisReply& old, const base::Call& call);

  base::Result<std::vector<std::optional<Info>>> look(std::span<const std::string> names,
                                                      const base::Call& call);

  const RedisSettings settings_;
  RedisClient client_;
  std::atomic<bool> no_unlink_ = false;  // a server before Redis 4
};

// What PutOptions::if_version is compared with: of a value in one, of a header where it is in
// parts.
std::string redis_version(std::string_view value);

// The command for the first bytes of `name`, which may be a header.
RedisAsk ask_header(const std::string& name);

}  // namespace gopouch::object
