// The header of an entry, byte by byte.
#include "remote/entry.h"

#include <algorithm>
#include <cstring>

#include "base/little_endian.h"

namespace gopouch::remote {

namespace {

using base::get_number;
using base::put_number;

constexpr std::string_view kMagic = "gopouch";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSummed = 104, kSum = 24;

base::Error corrupt(const char* why) { return {base::Fault::kCorrupt, why}; }

}  // namespace

HeaderBytes encode(const Header& header) {
  HeaderBytes bytes{};
  std::uint8_t* const at = bytes.data();
  std::memcpy(at, kMagic.data(), kMagic.size());
  at[7] = kVersion;
  at[8] = static_cast<std::uint8_t>(header.codec);
  put_number(at + 10, header.signature_size);
  put_number(at + 12, header.cost_ms);
  put_number(at + 16, header.entry.put_time.time_since_epoch().count());
  put_number(at + 24, header.entry.size);
  put_number(at + 32, header.stored_size);
  std::copy(header.action.hash.begin(), header.action.hash.end(), at + 40);
  std::copy(header.entry.output.hash.begin(), header.entry.output.hash.end(), at + 72);
  const base::Hash sum = base::sha256({at, kSummed});
  std::copy_n(sum.begin(), kSum, at + kSummed);
  return bytes;
}

base::Result<Header> decode(std::span<const std::uint8_t, kHeaderSize> bytes) {
  const std::uint8_t* const at = bytes.data();
  if (std::memcmp(at, kMagic.data(), kMagic.size()) != 0) return corrupt("not an entry");
  if (at[7] != kVersion) return corrupt("an entry of another version");
  const base::Hash sum = base::sha256({at, kSummed});
  if (!std::equal(sum.begin(), sum.begin() + kSum, at + kSummed)) return corrupt("a torn header");
  if (at[8] > static_cast<std::uint8_t>(Codec::kZstd)) return corrupt("an unknown codec");

  Header header;
  header.codec = static_cast<Codec>(at[8]);
  header.signature_size = get_number<std::uint16_t>(at + 10);
  header.cost_ms = get_number<std::uint32_t>(at + 12);
  header.entry.put_time = store::Time(std::chrono::nanoseconds(get_number<std::int64_t>(at + 16)));
  header.entry.size = get_number<std::int64_t>(at + 24);
  header.stored_size = get_number<std::int64_t>(at + 32);
  std::copy_n(at + 40, 32, header.action.hash.begin());
  std::copy_n(at + 72, 32, header.entry.output.hash.begin());
  if (header.entry.size < 0 || header.stored_size < 0 || header.entry.put_time < store::Time() ||
      header.signature_size > kMaxSignature) {
    return corrupt("impossible numbers");
  }
  return header;
}

}  // namespace gopouch::remote
