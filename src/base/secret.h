// A text that must not be seen: a key, a token, a password.
#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>

namespace gopouch::base {

// Prints as "***". Only who signs or sends it asks for reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace gopouch::base

template <>
struct fmt::formatter<gopouch::base::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const gopouch::base::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
