#include "base/base64.h"

#include <gtest/gtest.h>

namespace gopouch::base {
namespace {

std::optional<std::string> decoded(std::string text) {
  const auto size = decode_base64(text, reinterpret_cast<std::uint8_t*>(text.data()));
  if (!size) return std::nullopt;
  return text.substr(0, *size);
}

std::string encoded(std::string_view text) {
  std::string out;
  append_base64(out, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return out;
}

// RFC 4648, section 10.
constexpr std::pair<const char*, const char*> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"},
};

TEST(Base64, BothWays) {
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(encoded(plain), text);
    EXPECT_EQ(decoded(text), plain);
  }
}

TEST(Base64, DecodesLongTextInPlace) {
  std::string plain;
  for (int i = 0; i < 100'000; ++i) plain += static_cast<char>(i * 7);
  EXPECT_EQ(decoded(encoded(plain)), plain);
}

TEST(Base64, RefusesWhatGoRefuses) {
  for (const char* text : {"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zm9v=", "Zm-v",
                           "Zm_v", "Zm 9", "Zm9v\n", "Zm=v", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(decoded(text)) << text;
  }
}

TEST(Base64, RefusesBitsThatPaddingDrops) {
  EXPECT_FALSE(decoded("Zh=="));
  EXPECT_FALSE(decoded("Zm9="));
}

}  // namespace
}  // namespace gopouch::base
