#include "object/redis_store.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "object/body.h"
#include "object/local.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using std::chrono::seconds;

constexpr std::size_t kAtOnce = 1000;  // names looked at or removed in one flight

// In a pattern these mean something.
std::string escape_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]^\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string redis_version(std::string_view value) {
  return base::to_hex(base::sha1(base::bytes_of(value)));
}

RedisAsk ask_header(const std::string& name) {
  return {.key = name,
          .text = redis_command({"GETRANGE", name, "0", std::to_string(kRedisHeader - 1)})};
}

std::string RedisStore::name_of(std::string_view key) const {
  std::string name = settings_.prefix;
  name += key;
  std::replace(name.begin() + std::ssize(settings_.prefix), name.end(), '/', settings_.separator);
  return name;
}

std::optional<Key> RedisStore::key_of(std::string_view name) const {
  if (!name.starts_with(settings_.prefix)) return std::nullopt;
  Key key(name.substr(settings_.prefix.size()));
  if (settings_.separator != '/' && key.find('/') != Key::npos) return std::nullopt;
  std::replace(key.begin(), key.end(), settings_.separator, '/');
  return is_key(key) ? std::optional(std::move(key)) : std::nullopt;
}

Error RedisStore::fault(std::string_view what, Error error) const {
  error.message = fmt::format("{}: {}: {}", settings_.name, what, error.message);
  return error;
}

base::Result<RedisReply> RedisStore::checked(std::string_view what,
                                             base::Result<RedisReply> reply) const {
  if (!reply) return fault(what, reply.error());
  if (reply->is_error()) return fault(what, redis_error(*reply));
  return reply;
}

base::Result<std::vector<RedisReply>> RedisStore::run(std::string_view what,
                                                      std::span<RedisAsk> asks,
                                                      const base::Call& call) {
  std::vector<RedisReply> replies(asks.size());
  std::optional<Error> failed;
  client_.run(asks, true, call, [&](std::size_t index, base::Result<RedisReply> reply) {
    // What somebody else keeps under our name is no object.
    const bool foreign = reply && reply->is_error() && redis_code(*reply) == "WRONGTYPE";
    auto good = foreign ? RedisReply() : checked(what, std::move(reply));
    if (good) {
      replies[index] = *std::move(good);
    } else if (!failed) {
      failed = good.error();
    }
  });
  if (failed) return *failed;
  return replies;
}

base::Result<RedisReply> RedisStore::run(std::string_view what, RedisAsk ask,
                                         const base::Call& call) {
  auto replies = run(what, std::span(&ask, 1), call);
  if (!replies) return replies.error();
  return std::move(replies->front());
}

base::Result<std::optional<RedisParts>> RedisStore::header_of(const std::string& name,
                                                              const base::Call& call) {
  const auto reply = run("GET", ask_header(name), call);
  if (!reply) return reply.error();
  return parts_in(reply->text);
}

std::vector<std::string> RedisStore::part_names(const std::string& name,
                                                const RedisParts& parts) const {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < parts.count(); ++i) {
    names.push_back(parts.part_name(settings_.prefix, name, i));
  }
  return names;
}

base::Result<bool> RedisStore::whole(const std::string& name, const RedisParts& parts,
                                     const base::Call& call) {
  const std::vector<std::string> names = part_names(name, parts);
  if (names.empty()) return true;
  std::vector<std::string_view> words{"EXISTS"};
  words.insert(words.end(), names.begin(), names.end());
  const auto reply = run("HEAD", {.key = name, .text = redis_command(words)}, call);
  if (!reply) return reply.error();
  return reply->number == parts.count();
}

// Redis keeps no time of writing, but what is left of the time to live tells it. Where there is no
// such time it is now: what may be young must not be taken for old.
base::Result<std::vector<std::optional<Info>>> RedisStore::look(std::span<const std::string> names,
                                                                const base::Call& call) {
  constexpr std::size_t kEach = 3;
  std::vector<RedisAsk> asks;
  asks.reserve(kEach * names.size());
  for (const std::string& name : names) {
    asks.push_back({.key = name, .text = redis_command({"PTTL", name})});
    asks.push_back({.key = name, .text = redis_command({"STRLEN", name})});
    asks.push_back(ask_header(name));
  }
  const auto replies = run("HEAD", asks, call);
  if (!replies) return replies.error();
  const auto now = std::chrono::system_clock::now();
  std::vector<std::optional<Info>> found(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::int64_t left = (*replies)[kEach * i].number;  // ms; -1: for good, -2: no such key
    const RedisReply& size = (*replies)[kEach * i + 1];
    if (left == -2 || size.is_nil()) continue;
    Info info{.key = key_of(names[i]).value_or(""), .size = size.number};
    if (const auto parts = parts_in((*replies)[kEach * i + 2].text)) {
      const auto all = whole(names[i], *parts, call);
      if (!all) return all.error();
      if (!*all) continue;
      info.size = parts->size;
    }
    auto age = settings_.ttl - std::chrono::milliseconds(std::max<std::int64_t>(left, 0));
    if (left < 0 || age.count() < 0) age = {};
    info.modified = std::chrono::floor<seconds>(now - age);
    found[i] = std::move(info);
  }
  return found;
}

base::Result<std::optional<Info>> RedisStore::head(const Key& key, const base::Call& call) {
  if (const auto end = ended(call)) return *end;
  const std::string name = name_of(key);
  auto found = look(std::span(&name, 1), call);
  if (!found) return found.error();
  return std::move(found->front());
}

base::Status RedisStore::list(const std::string& prefix, const base::Call& call,
                              const OnPage& on_page) {
  if (const auto end = ended(call)) return *end;
  const auto nodes = client_.nodes(call);
  if (!nodes) return fault("LIST", nodes.error());
  const std::string pattern = escape_pattern(name_of(prefix)) + "*";
  std::unordered_set<std::size_t> told;  // hashes; SCAN may tell a name twice
  for (const RedisAddress& node : *nodes) {
    std::string cursor = "0";
    do {
      RedisAsk ask{.key = {},
                   .text = redis_command(
                       {"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(kAtOnce)})};
      const auto reply = checked("LIST", client_.ask(node, ask, call));
      if (!reply) return reply.error();
      if (reply->items.size() != 2) {
        return fault("LIST", {Fault::kCorrupt, "SCAN tells no cursor"});
      }
      std::vector<std::string> names;
      for (const RedisReply& item : reply->items[1].items) {
        const auto key = key_of(item.text);
        if (!key || !key->starts_with(prefix) || !told.insert(std::hash<Key>()(*key)).second)
          continue;
        names.push_back(item.text);
      }
      const auto infos = look(names, call);
      if (!infos) return infos.error();
      Pager pager(on_page);
      for (const auto& info : *infos) {
        if (info && !pager.add(*info)) return base::Done{};
      }
      if (!pager.flush()) return base::Done{};
      cursor = reply->items[0].text;
    } while (cursor != "0");
  }
  return base::Done{};
}

base::Status RedisStore::unlink(std::span<const std::vector<std::string>> groups,
                                const base::Call& call) {
  for (;;) {
    const bool old = no_unlink_;
    std::vector<RedisAsk> asks;
    asks.reserve(groups.size());
    for (const auto& names : groups) {
      std::vector<std::string_view> words{old ? "DEL" : "UNLINK"};
      words.insert(words.end(), names.begin(), names.end());
      asks.push_back({.key = names.front(), .text = redis_command(words)});
    }
    base::Status result = base::Done{};
    bool unknown = false;
    client_.run(asks, false, call, [&](std::size_t, base::Result<RedisReply> reply) {
      unknown |= reply && reply->text.starts_with("ERR unknown command");
      const auto good = checked("DELETE", std::move(reply));
      if (!good && result) result = good.error();
    });
    if (!unknown || old) return result;
    no_unlink_ = true;
  }
}

base::Status RedisStore::remove(std::span<const Key> keys, const base::Call& call) {
  if (const auto end = ended(call)) return *end;
  while (!keys.empty()) {
    const auto batch = keys.first(std::min(kAtOnce, keys.size()));
    std::vector<std::string> names;
    names.reserve(batch.size());
    for (const Key& key : batch) names.push_back(name_of(key));
    std::vector<RedisAsk> asks;
    asks.reserve(names.size());
    for (const std::string& name : names) asks.push_back(ask_header(name));
    const auto headers = run("DELETE", asks, call);
    if (!headers) return headers.error();
    std::vector<std::vector<std::string>> groups;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto& group = groups.emplace_back(std::vector{names[i]});
      if (const auto parts = parts_in((*headers)[i].text)) {
        for (std::string& part : part_names(names[i], *parts)) group.push_back(std::move(part));
      }
    }
    if (auto removed = unlink(groups, call); !removed) return removed;
    keys = keys.subspan(batch.size());
  }
  return base::Done{};
}

std::unique_ptr<Store> make_redis_store(RedisSettings settings) {
  return std::make_unique<RedisStore>(std::move(settings));
}

}  // namespace gopouch::object
