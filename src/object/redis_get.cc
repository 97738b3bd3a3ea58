// Reading from a Redis: values in one, and large ones in parts.
#include <algorithm>
#include <array>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "object/body.h"
#include "object/local.h"
#include "object/redis_store.h"

namespace gopouch::object {

using base::Error;
using base::Fault;

namespace {

using Reply = base::Result<std::optional<Object>>;

constexpr int kRounds = 3;  // through parts that somebody replaces meanwhile

Error too_large(const Get& get, std::int64_t most) {
  return {Fault::kCorrupt, fmt::format("{}: more than {} bytes", get.key, most)};
}

// A whole value, or the part of one that was asked for, straight to whoever wants it.
class ValueTaker final : public RedisTaker {
 public:
  explicit ValueTaker(const Get& get) : get_(get) {
    if (get.range) most_ = get.range->size;
    if (get.sink == nullptr) most_ = std::min(most_, static_cast<std::int64_t>(get.limit));
    // A header is taken for what it is even where an object of its size would be too large.
    if (!get.range) most_ = std::max<std::int64_t>(most_, kRedisHeader);
  }

  Wish begin(std::int64_t size) override {
    too_large_ = size > most_;
    if (too_large_) return Wish::kDrop;
    // What may be a header, and what may lie outside of the object, is looked at first.
    if (get_.sink == nullptr || get_.range || size == kRedisHeader) return Wish::kKeep;
    get_.sink->begin();
    begun_ = true;
    return Wish::kTake;
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    enough_ = !get_.sink->write(bytes);
    return !enough_;
  }

  // `text` is what was kept.
  Reply finish(std::string text) {
    const bool beyond = get_.sink == nullptr && !get_.range && text.size() > get_.limit;
    if (too_large_ || beyond) {
      return too_large(get_, get_.sink == nullptr ? static_cast<std::int64_t>(get_.limit) : most_);
    }
    if (get_.sink == nullptr) {
      std::string version = get_.range ? "" : redis_version(text);
      return std::optional(Object{.bytes = std::move(text), .version = std::move(version)});
    }
    if (!begun_) {
      get_.sink->begin();
      enough_ = !text.empty() && !get_.sink->write(base::bytes_of(text));
    }
    if (enough_) return Error{Fault::kStopped, "enough"};
    return std::optional(Object{});
  }

 private:
  const Get& get_;
  std::int64_t most_ = INT64_MAX;
  bool too_large_ = false, begun_ = false, enough_ = false;
};

// One get on its way through its first flight.
struct Flight {
  const Get& get;
  std::string name;
  ValueTaker taker{get};
  // A range comes with the object's first bytes, whether there is one, and its size: all of the
  // value alone would say all that.
  std::array<RedisReply, 4> replies = {};
  std::size_t left = 1;  // to be answered
  std::optional<Error> failed = std::nullopt;

  RedisReply& first() { return replies[0]; }
  RedisReply& exists() { return replies[1]; }
  RedisReply& size() { return replies[2]; }
  RedisReply& range() { return replies[3]; }
};

bool is_value(const RedisReply& reply) {
  return reply.is_nil() || reply.kind == RedisReply::Kind::kBytes;
}

// What became of a value in one.
Reply land(Flight& flight) {
  const Get& get = flight.get;
  if (!get.range) {
    if (flight.first().is_nil()) return std::optional<Object>();
    return flight.taker.finish(std::move(flight.first().text));
  }
  if (flight.exists().number == 0) return std::optional<Object>();
  const auto part = part_of(get, flight.size().number);
  if (!part) return part.error();
  if (std::ssize(flight.range().text) != part->size) {
    return Error{Fault::kUnavailable, fmt::format("{}: changed while it was read", get.key)};
  }
  return flight.taker.finish(std::move(flight.range().text));
}

}  // namespace

// Puts parts together as they come, in their order.
class RedisStore::Assembly {
 public:
  Assembly(const Get& get, const RedisParts& parts, const Range& range)
      : get_(get),
        parts_(parts),
        first_(range.offset / parts.part),
        end_(range.size == 0 ? first_ : (range.offset + range.size - 1) / parts.part + 1),
        range_(range),
        next_(first_) {}

  std::int64_t next() const { return next_; }
  std::int64_t end() const { return end_; }
  bool done() const { return next_ == end_; }

  // What is wanted of part `index`: its bytes from .offset on.
  Range within(std::int64_t index) const {
    const std::int64_t at = index * parts_.part;
    const std::int64_t from = std::max(range_.offset - at, std::int64_t{0});
    const std::int64_t to = std::min(range_.offset + range_.size - at, parts_.part);
    return {from, to - from};
  }

  bool write(std::span<const std::uint8_t> bytes) {
    if (get_.range == std::nullopt) hash_.update(bytes);
    if (get_.sink == nullptr) {
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return true;
    }
    if (!std::exchange(begun_, true)) get_.sink->begin();
    enough = !get_.sink->write(bytes);
    return !enough;
  }
  void took_one() { ++next_; }
  bool ended() const { return done() || enough || gone; }

  Reply finish() {
    if (get_.range == std::nullopt && hash_.finish() != parts_.sha256) {
      return Error{Fault::kCorrupt, fmt::format("{}: its parts do not fit", get_.key)};
    }
    const bool versioned = get_.sink == nullptr && !get_.range;
    return std::optional(
        Object{.bytes = std::move(bytes_),
               .version = versioned ? redis_version(parts_.header()) : std::string()});
  }

  bool enough = false, gone = false;

 private:
  const Get& get_;
  const RedisParts& parts_;
  const std::int64_t first_, end_;
  const Range range_;
  std::int64_t next_;
  base::Sha256 hash_;
  std::string bytes_;
  bool begun_ = false;
};

class RedisStore::PartTaker final : public RedisTaker {
 public:
  PartTaker(Assembly& all, std::int64_t index) : all_(all), index_(index) {}

  Wish begin(std::int64_t size) override {
    // One that comes before its turn, as where a slot moves, is asked for again.
    if (all_.enough || all_.gone || index_ != all_.next()) return Wish::kDrop;
    all_.gone = size != all_.within(index_).size;
    taking = !all_.gone;
    return taking ? Wish::kTake : Wish::kDrop;
  }
  bool write(std::span<const std::uint8_t> bytes) override { return all_.write(bytes); }

  bool taking = false;

 private:
  Assembly& all_;
  const std::int64_t index_;
};

namespace {

RedisAsk ask_range(const std::string& name, const Range& range) {
  return {.key = name,
          .text = redis_command({"GETRANGE", name, std::to_string(range.offset),
                                 std::to_string(range.offset + range.size - 1)})};
}

}  // namespace

void RedisStore::get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) {
  struct Place {
    std::size_t flight, reply;
  };
  std::vector<Flight> flights;
  flights.reserve(gets.size());  // never moves: asks point into it
  std::vector<RedisAsk> asks;
  std::vector<Place> places;  // of each ask
  for (const Get& get : gets) {
    Flight& flight = flights.emplace_back(Flight{.get = get, .name = name_of(get.key)});
    const auto add = [&](RedisAsk ask) {
      places.push_back({flights.size() - 1, flight.left++});
      asks.push_back(std::move(ask));
    };
    flight.left = 0;
    const std::string& name = flight.name;
    if (get.range) {
      add(ask_header(name));
      add({.key = name, .text = redis_command({"EXISTS", name})});
      add({.key = name, .text = redis_command({"STRLEN", name})});
      add(ask_range(name, *get.range));
    } else {
      add({.key = name, .text = redis_command({"GET", name})});
    }
    asks.back().taker = &flight.taker;
  }

  std::vector<std::pair<std::size_t, RedisParts>> in_parts;
  client_.run(asks, false, call, [&](std::size_t index, base::Result<RedisReply> reply) {
    const Place place = places[index];
    Flight& flight = flights[place.flight];
    auto good = checked("GET", std::move(reply));
    if (good) {
      flight.replies.at(place.reply) = *std::move(good);
    } else if (!flight.failed) {
      flight.failed = good.error();
    }
    if (--flight.left > 0) return;
    if (flight.failed) {
      on_reply(place.flight, *std::move(flight.failed));
    } else if (!is_value(flight.first())) {
      on_reply(place.flight, fault("GET", {Fault::kCorrupt, "an answer that is no value"}));
    } else if (const auto parts = parts_in(flight.first().text)) {
      in_parts.emplace_back(place.flight, *parts);
    } else {
      on_reply(place.flight, land(flight));
    }
  });
  for (const auto& [nth, parts] : in_parts) on_reply(nth, get_parts(gets[nth], parts, call));
}

// The parts of an object that is replaced meanwhile go away; then its new header says where to go
// on.
Reply RedisStore::get_parts(const Get& get, RedisParts parts, const base::Call& call) {
  const std::string name = name_of(get.key);
  for (int round = 0; round < kRounds; ++round) {
    const auto range = part_of(get, parts.size);
    if (!range) return range.error();
    Assembly all(get, parts, *range);
    if (auto fetched = fetch(all, name, parts, call); !fetched) return fetched.error();
    if (all.enough) return Error{Fault::kStopped, "enough"};
    if (all.done()) return all.finish();
    const auto header = header_of(name, call);
    if (!header) return header.error();
    if (!*header) break;
    if ((*header)->id == parts.id) return std::optional<Object>();  // a part is lost
    parts = **header;
  }
  return fault("GET", {Fault::kUnavailable, fmt::format("{} changes as it is read", get.key)});
}

base::Status RedisStore::fetch(Assembly& all, const std::string& name, const RedisParts& parts,
                               const base::Call& call) {
  std::stop_source off;  // also where nothing more is needed
  const std::stop_callback chain(call.stop, [&] { off.request_stop(); });
  // Where a slot moves, parts come out of order, and those are read in vain: then few at a time.
  constexpr std::int64_t kFew = 4;
  for (std::int64_t ahead = all.end(); !all.ended(); ahead = kFew) {
    const std::int64_t first = all.next(), end = std::min(all.end(), first + ahead);
    std::vector<PartTaker> takers;
    for (std::int64_t i = first; i < end; ++i) takers.emplace_back(all, i);
    std::vector<RedisAsk> asks;
    for (PartTaker& taker : takers) {
      const std::int64_t index = first + std::ssize(asks);
      RedisAsk ask = ask_range(parts.part_name(settings_.prefix, name, index), all.within(index));
      ask.key = name;  // which lies where its parts do
      ask.taker = &taker;
      asks.push_back(std::move(ask));
    }
    std::optional<Error> failed;
    client_.run(asks, true, {call.deadline, off.get_token()},
                [&](std::size_t index, base::Result<RedisReply> reply) {
                  const auto good = checked("GET", std::move(reply));
                  if (!good && !failed) failed = good.error();
                  if (good && takers[index].taking && !all.enough) all.took_one();
                  if (failed || all.enough || all.gone) off.request_stop();
                });
    if (all.ended()) break;
    if (failed) return *failed;
    if (all.next() == first) return fault("GET", {Fault::kUnavailable, "no part came"});
  }
  return base::Done{};
}

}  // namespace gopouch::object
