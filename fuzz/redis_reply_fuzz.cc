// Redis' answers: the same in any pieces, bounded, and what is understood of them makes sense.
#include <algorithm>

#include "fuzz/check.h"
#include "object/redis_parts.h"
#include "object/redis_slots.h"

namespace {

using namespace gopouch::object;

class Taker final : public RedisTaker {
 public:
  Wish begin(std::int64_t size) override {
    left_ = size;
    return size % 3 == 0 ? Wish::kTake : size % 3 == 1 ? Wish::kKeep : Wish::kDrop;
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    left_ -= std::ssize(bytes);
    check(left_ >= 0 && !bytes.empty());
    taken_.insert(taken_.end(), bytes.begin(), bytes.end());
    return true;
  }
  const std::string& taken() const { return taken_; }

 private:
  std::int64_t left_ = 0;
  std::string taken_;
};

void show(const RedisReply& reply, std::string& out) {
  out += static_cast<char>('0' + static_cast<int>(reply.kind));
  out += std::to_string(reply.number) + "[" + reply.text + "]";
  for (const RedisReply& item : reply.items) show(item, out);
}

void understand(const RedisReply& reply) {
  const RedisAddress from{"seed", 7000};
  if (const auto map = parse_cluster_slots(reply, from)) {
    check(map->owners.size() == kRedisSlots);
    for (const RedisAddress& node : map->nodes) {
      check(node.port > 0 && node.port < 65536 && !node.host.empty());
    }
    (void)map->find("key");
  }
  if (const auto redirect = parse_redirect(reply, from)) {
    check(redirect->slot < kRedisSlots && !redirect->address.host.empty());
  }
  if (const auto parts = parse_redis_header(reply.text)) {
    check(parts->size >= 0 && parts->count() >= 0 && parts->count() <= 1 << 17);
    check(parts->header() == reply.text);
    if (parts->count() > 0) {
      check(redis_slot(parts->part_name("ci:", "ci:k", parts->count() - 1)) == redis_slot("ci:k"));
    }
  }
  const std::string message = redis_error(reply).message;
  check(message.size() <= 160);
  check(std::all_of(message.begin(), message.end(),
                    [](char c) { return c < 0 || (c >= 32 && c != 127); }));
}

// All that is read of `text` in pieces of `piece` bytes.
std::string read(std::string_view text, std::size_t piece) {
  RedisReader reader;
  Taker taker;
  std::string all;
  while (!text.empty()) {
    const auto space = reader.space();
    check(!space.empty());
    const std::size_t size = std::min({piece, space.size(), text.size()});
    std::copy_n(text.begin(), size, space.begin());
    reader.wrote(size);
    text.remove_prefix(size);
    for (;;) {
      auto reply = reader.next(&taker);
      if (!reply) return all + taker.taken() + "corrupt";
      if (!*reply) break;
      show(**reply, all);
      understand(**reply);
    }
    check(reader.unwanted() >= 0);
  }
  return all + taker.taken();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(text, size);
  check(read(text, 1) == whole);
  check(read(text, 7) == whole);
  return 0;
}
