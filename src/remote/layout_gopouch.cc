// Our own layout: one self-contained object an action. Its format: entry.h.
#include "remote/layout.h"

namespace gopouch::remote {

namespace {

class Gopouch final : public Layout {
 public:
  explicit Gopouch(const Ground& ground) : ground_(ground) {}

  Fetched get(const store::ActionId& action, const base::Call& call) override {
    EntrySink sink(ground_.local, action, ground_.options.max_body);
    const auto reply =
        object::get_one(ground_.objects.store(), {.key = entry_key(action), .sink = &sink}, call);
    Fetched fetched{.hit = std::optional<store::Hit>(), .received = sink.received()};
    if (!reply && !sink.problem()) {
      fetched.hit = reply.error();
    } else if (!reply || *reply) {
      auto hit = sink.finish();
      fetched.cost_ms = sink.cost_ms();
      fetched.local = !hit && hit.error().fault != base::Fault::kCorrupt;
      if (hit) {
        fetched.hit = std::optional(*std::move(hit));
      } else {
        fetched.hit = hit.error();
      }
    }
    return fetched;
  }

  // Only the header is fetched.
  bool has(const store::ActionId& action, const store::Entry& entry,
           const base::Call& call) override {
    if (!ground_.objects.features().ranges) return false;
    const object::Get get{
        .key = entry_key(action), .range = object::Range{0, kHeaderSize}, .limit = kHeaderSize};
    const auto reply = object::get_one(ground_.objects.store(), get, call);
    if (!reply || !*reply || (*reply)->bytes.size() != kHeaderSize) return false;
    const auto header = decode(std::span<const std::uint8_t, kHeaderSize>(
        reinterpret_cast<const std::uint8_t*>((*reply)->bytes.data()), kHeaderSize));
    return header && header->action == action && header->entry.output == entry.output;
  }

  base::Result<Encoded> encode(Encoder& encoder, const Header& header, const char* path) override {
    return encoder.encode(header, path, ground_.options.compress, ground_.options.temp_dir);
  }

  base::Status put(const store::ActionId& action, const store::Entry& /*entry*/,
                   const Encoded& encoded, const base::Call& call) override {
    return put_body(ground_.objects.store(), entry_key(action), encoded, {}, call);
  }

 private:
  const Ground ground_;
};

}  // namespace

const Plan gopouch_layout{
    .name = "gopouch",
    .metadata = false,
    .redis = false,
    .is_key = is_our_key,
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<Gopouch>(ground);
    },
};

}  // namespace gopouch::remote
