// Base64: what decodes, encodes to the very same text; in place or not is the same.
#include <cstdlib>
#include <vector>

#include "base/base64.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  std::vector<std::uint8_t> bytes((size / 4 * 3) + 1);
  const auto decoded = gopouch::base::decode_base64(text, bytes.data());

  std::string in_place = text;
  const auto again =
      gopouch::base::decode_base64(in_place, reinterpret_cast<std::uint8_t*>(in_place.data()));
  if (decoded != again) std::abort();

  if (decoded) {
    if (*decoded > size / 4 * 3) std::abort();
    std::string encoded;
    gopouch::base::append_base64(encoded, {bytes.data(), *decoded});
    if (encoded != text) std::abort();
  }

  std::string encoded;
  gopouch::base::append_base64(encoded, {data, size});
  std::vector<std::uint8_t> back(encoded.size());
  const auto length = gopouch::base::decode_base64(encoded, back.data());
  if (length != size || !std::equal(data, data + size, back.begin())) std::abort();
  return 0;
}
