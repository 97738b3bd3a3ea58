// Base64 as Go's encoding/base64.StdEncoding speaks it: RFC 4648 section 4, padded, no line breaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gopouch::base {

void append_base64(std::string& out, std::span<const std::uint8_t> bytes);

// Decodes whole groups of four characters, of which the last may be padded. Writes at most
// text.size() / 4 * 3 bytes to `out`, which may be the very memory of `text`. Returns how many;
// nullopt where the text is no whole number of groups, has a character outside the alphabet,
// padding in the wrong place, or bits that padding would drop; what was written then means nothing.
std::optional<std::size_t> decode_base64(std::string_view text, std::uint8_t* out);

}  // namespace gopouch::base
