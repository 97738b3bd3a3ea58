// A manifest and the packs that it names: whatever arrives, what is laid into the local store
// hashes to its OutputID.
//
// The input is the length of the tables (2 bytes), the tables as they are inside their zstd frame,
// then the bytes that every range of every pack gives. The front is made here, so that the fuzzer
// gets past its sum.
#include <zstd.h>

#include <cstdlib>
#include <cstring>

#include "base/bytes.h"
#include "base/little_endian.h"
#include "pack/frame_sink.h"

namespace {

using namespace gopouch;
using base::bytes_of;

constexpr std::int64_t kMaxBody = std::int64_t{1} << 20U;

store::Store& local() {
  static const std::string dir = [] {
    std::string name = "/tmp/gopouch-fuzz-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  static store::Store store([] {
    store::Options options;
    options.dir = dir;
    return options;
  }());
  return store;
}

std::string front_of(std::span<const std::uint8_t> tables) {
  std::string bytes(pack::kFrontSize + ZSTD_compressBound(tables.size()), '\0');
  const std::size_t stored =
      ZSTD_compress(bytes.data() + pack::kFrontSize, bytes.size() - pack::kFrontSize, tables.data(),
                    tables.size(), 1);
  bytes.resize(pack::kFrontSize + stored);
  auto* const at = reinterpret_cast<std::uint8_t*>(bytes.data());
  std::memcpy(at, "gopouchM\x01", 9);
  base::put_number(at + 12, static_cast<std::uint32_t>(stored));
  base::put_number(at + 16, static_cast<std::uint32_t>(tables.size()));
  base::Sha256 hasher;
  hasher.update({at, 32});
  hasher.update({at + pack::kFrontSize, stored});
  const base::Hash sum = hasher.finish();
  std::memcpy(at + 32, sum.data(), sum.size());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> input(data, size);
  const std::size_t length = std::min<std::size_t>(base::get_number<std::uint16_t>(data), size - 2);
  const auto bytes = input.subspan(2 + length);
  const std::string front = front_of(input.subspan(2, length));
  const auto tables = pack::decode(pack::Kind::kManifest, bytes_of(front), kMaxBody);
  if (!tables) return 0;

  const pack::Contents contents(*tables, std::vector<bool>(tables->items.size(), true));
  for (const pack::Range& range :
       pack::plan(*tables, std::vector<bool>(tables->outputs.size(), true))) {
    pack::FrameSink sink(*tables, contents, range, local(), [&](std::uint32_t frame, bool good) {
      if (!good) return;
      for (const std::uint32_t output : contents.outputs[frame]) {
        const auto& item = tables->items[contents.items[output].front()];
        const auto hit = local().get(item.action);
        if (!hit || !*hit) std::abort();
      }
    });
    sink.begin();
    for (std::size_t at = 0; at < bytes.size(); at += 100) {
      sink.write(bytes.subspan(at, std::min<std::size_t>(100, bytes.size() - at)));
    }
  }
  if (local().verify().bad_outputs != 0) std::abort();
  static int taken = 0;
  if (++taken % 100 == 0) local().clear();
  return 0;
}
