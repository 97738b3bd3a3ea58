// gobuildcache's layout, as its current version writes it to S3 and GCS:
//
//   <hex of the ASCII text "v2<action hex>">   the output as one LZ4 frame
//   metadata: outputid <hex>, size <bytes as stored>, time <unix seconds>
//
// An empty output is stored raw; so is every output where its COMPRESSION is off, and nothing tells
// the two apart but their bytes. Here both are read, whatever --compression says.
#include <semaphore>

#include "base/bytes.h"
#include "remote/bare.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

// Readers of large frames beside each other: each may hold 8 MiB.
constexpr int kReaders = 2;

constexpr std::int64_t kFrame = 64;  // more than the bytes around a frame's blocks

constexpr std::string_view kVersion = "v2";
constexpr std::string_view kVersionHex = "7632";

object::Key key_of(const store::ActionId& action) {
  return base::to_hex(base::bytes_of(std::string(kVersion) + base::to_hex(action.hash)));
}

bool is_key(std::string_view key) {
  if (!key.starts_with(kVersionHex)) return false;
  key.remove_prefix(kVersionHex.size());
  if (key.size() != 128) return false;
  // Hex digits of hex digits: 30 to 39, 61 to 66.
  for (; !key.empty(); key.remove_prefix(2)) {
    const bool digit = key[0] == '3' && key[1] >= '0' && key[1] <= '9';
    const bool letter = key[0] == '6' && key[1] >= '1' && key[1] <= '6';
    if (!digit && !letter) return false;
  }
  return true;
}

class Gobuildcache final : public Layout {
 public:
  explicit Gobuildcache(const Ground& ground) : ground_(ground) {}

  Fetched get(const store::ActionId& action, const base::Call& call) override {
    // What does not shrink grows a little.
    const std::int64_t most = ground_.options.max_body;
    Spool body(ground_.options.temp_dir, most + most / 128 + kFrame);
    const auto reply = object::get_one(
        ground_.objects.store(), {.key = key_of(action), .sink = &body, .metadata = true}, call);
    return finish(reply, body, [&](const object::Object& object) -> base::Result<store::Hit> {
      const auto output = output_in(object);
      if (!output) return Error{Fault::kCorrupt, "no OutputID in its metadata"};
      const auto time = object.metadata.find("time");
      const auto put_time =
          time == object.metadata.end() ? std::nullopt : time_from_seconds(time->second);
      if (is_lz4(body)) {
        auto hit = unpack(action, *output, put_time, body, call);
        if (hit || hit.error().fault != Fault::kCorrupt) return hit;
      }
      return lay(ground_.local, action, *output, put_time, body);
    });
  }

  bool has(const store::ActionId& action, const store::Entry& entry,
           const base::Call& call) override {
    const auto object = look(ground_.objects.store(), key_of(action), call);
    return object && output_in(*object) == entry.output;
  }

  base::Result<Encoded> encode(Encoder& /*encoder*/, const Header& header,
                               const char* path) override {
    const bool pack = ground_.options.compress && header.entry.size > 0;
    return pack ? Encoder::bare(path, header.entry.size, pack_lz4, ground_.options.temp_dir)
                : Encoder::raw(path, header.entry);
  }

  base::Status put(const store::ActionId& action, const store::Entry& entry, const Encoded& encoded,
                   const base::Call& call) override {
    const auto time = std::chrono::floor<std::chrono::seconds>(entry.put_time);
    return put_body(ground_.objects.store(), key_of(action), encoded,
                    {{"outputid", base::to_hex(entry.output.hash)},
                     {"size", fmt::format("{}", encoded.size())},
                     {"time", fmt::format("{}", time.time_since_epoch().count())}},
                    call);
  }

 private:
  base::Result<store::Hit> unpack(const store::ActionId& action, const store::OutputId& output,
                                  std::optional<store::Time> put_time, const Spool& packed,
                                  const base::Call& call) {
    Spool body(ground_.options.temp_dir, ground_.options.max_body);
    if (!readers_.try_acquire_until(std::min(call.deadline, base::Call::Clock::now() + kWait))) {
      return Error{Fault::kTimeout, "no time to unpack it"};
    }
    const auto done = unpack_lz4(packed, body);
    readers_.release();
    if (!done) return done.error();
    return lay(ground_.local, action, output, put_time, body);
  }

  static constexpr std::chrono::minutes kWait{1};
  const Ground ground_;
  std::counting_semaphore<kReaders> readers_{kReaders};
};

}  // namespace

const Plan gobuildcache_layout{
    .name = "gobuildcache",
    .metadata = true,
    .redis = false,
    .is_key = is_key,
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<Gobuildcache>(ground);
    },
};

}  // namespace gopouch::remote
