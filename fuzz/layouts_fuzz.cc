// What the older layouts read from a remote: an action's line, an index, times, a body in LZ4.
// Whatever is there, what is understood is within bounds and says the same when it is written
// again.
//
// The first byte says which parser gets the rest.

#include "fuzz/check.h"
#include "remote/bare.h"

namespace {

using namespace gopouch::remote;

constexpr std::int64_t kMostBody = 1 << 20;

void unpack(std::string_view text) {
  Spool packed({}, kMostBody), body({}, kMostBody);
  packed.begin();
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const std::size_t half = bytes.size() / 2;
  check(packed.write(bytes.first(half)) && packed.write(bytes.subspan(half)));
  const auto done = unpack_lz4(packed, body);
  std::int64_t size = 0;
  check(body.each([&](std::span<const std::uint8_t> piece) -> gopouch::base::Status {
              size += std::ssize(piece);
              return gopouch::base::Done{};
            })
            .ok());
  check(size == body.size() && size <= kMostBody);
  if (done) check(is_lz4(packed) || text.size() >= 4);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > static_cast<std::size_t>(kMostBody)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      if (const auto line = parse_action_line(text)) {
        const auto again = parse_action_line(action_line(*line));
        check(again && again->output == line->output && again->time == line->time);
      }
      break;
    case 1:
      if (const auto index = parse_index(text)) {
        const auto again = parse_index(index_text(*index));
        check(again && again->output == index->output && again->size == index->size);
        check(index->size >= 0);
      }
      break;
    case 2:
      if (const auto time = time_from_rfc3339(text))
        check(time_from_rfc3339(rfc3339(*time)) == time);
      if (const auto time = time_from_seconds(text)) check(*time >= gopouch::store::Time());
      break;
    default:
      unpack(text);
  }
  return 0;
}
