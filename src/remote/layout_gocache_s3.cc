// gocache-s3's layout:
//
//   <action hex>   the output as it is
//   metadata: outputid <hex>, time <RFC 3339, to the nanosecond>
//
// The first version of gobuildcache differs only in its time, which is in Unix seconds, and in the
// size that it wants to see beside it: its buckets can be read, but not written.
#include "remote/bare.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

class GocacheS3 final : public Layout {
 public:
  explicit GocacheS3(const Ground& ground) : ground_(ground) {}

  Fetched get(const store::ActionId& action, const base::Call& call) override {
    Spool body(ground_.options.temp_dir, ground_.options.max_body);
    const auto reply =
        object::get_one(ground_.objects.store(),
                        {.key = base::to_hex(action.hash), .sink = &body, .metadata = true}, call);
    return finish(reply, body, [&](const object::Object& object) -> base::Result<store::Hit> {
      const auto output = output_in(object);
      if (!output) return Error{Fault::kCorrupt, "no OutputID in its metadata"};
      std::optional<store::Time> put_time;
      if (const auto time = object.metadata.find("time"); time != object.metadata.end()) {
        put_time = time_from_rfc3339(time->second);
        if (!put_time) put_time = time_from_seconds(time->second);
      }
      return lay(ground_.local, action, *output, put_time, body);
    });
  }

  bool has(const store::ActionId& action, const store::Entry& entry,
           const base::Call& call) override {
    const auto object = look(ground_.objects.store(), base::to_hex(action.hash), call);
    return object && output_in(*object) == entry.output;
  }

  base::Result<Encoded> encode(Encoder& /*encoder*/, const Header& header,
                               const char* path) override {
    return Encoder::raw(path, header.entry);
  }

  base::Status put(const store::ActionId& action, const store::Entry& entry, const Encoded& encoded,
                   const base::Call& call) override {
    return put_body(
        ground_.objects.store(), base::to_hex(action.hash), encoded,
        {{"outputid", base::to_hex(entry.output.hash)}, {"time", rfc3339(entry.put_time)}}, call);
  }

 private:
  const Ground ground_;
};

}  // namespace

const Plan gocache_s3_layout{
    .name = "gocache-s3",
    .metadata = true,
    .redis = false,
    .is_key = [](std::string_view key) { return base::hash_from_hex(key).has_value(); },
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<GocacheS3>(ground);
    },
};

}  // namespace gopouch::remote
