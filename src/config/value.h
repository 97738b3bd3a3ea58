// Values: the words that a setting takes, and what they mean.
//
// Knows nothing of where a word stood. Durations are those of Go's time.ParseDuration, with "d" for
// days besides; sizes have the units of SI (kB, MB, …: powers of 1000) and IEC (KiB, MiB, …: powers
// of 1024).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gopouch::config {

enum class Kind {
  kBool,      // true 1 yes on, false 0 no off
  kSize,      // 20GB, 500MiB, 4096, 0
  kDuration,  // 5d, 1h30m, 90s, 0
  kNumber,    // 16
  kFraction,  // 0.25: from 0 to 1
  kEnum,      // one of a few words
  kText,
  kFolder,  // absolute, or relative to the working folder, or "~/…"
  kUrl,     // may hold a password
  kSecret,
  kList,  // some texts, separated by commas
};

struct Value {
  std::string text;         // as the user would write it
  std::int64_t number = 0;  // 0 or 1, bytes, nanoseconds, the number, millionths, the word's index
};

// `choices` are the words of a kEnum, in order: "auto|always|never". The error is the second half
// of a sentence, `"20XB" is no size (…)`; it shows neither a secret nor a control character.
base::Result<Value> parse_value(Kind kind, std::string_view choices, std::string_view text);

// True if both words mean the same: 1000 and 1kB.
bool same_value(Kind kind, const Value& a, const Value& b);

// nullopt where the word is none of the bools'.
std::optional<bool> parse_bool(std::string_view text);

// A value as `gopouch config` shows it: a secret is "***", a URL has lost its user and password.
std::string display(Kind kind, std::string_view text);

// `text` in double quotes, fit for one line of a message: no control characters, not too long, and
// a URL without its user and password.
std::string quote(std::string_view text);

// The word that `text` may have been meant to be, among those that are considered; empty where none
// is close. `text` must outlive it.
class Nearest {
 public:
  explicit Nearest(std::string_view text) : text_(text) {}
  void consider(std::string_view word);
  std::string_view word() const { return word_; }
  // "; did you mean <before><word>?", or nothing.
  std::string hint(std::string_view before = {}) const;

 private:
  std::string_view text_;
  std::string word_;
  std::size_t distance_ = SIZE_MAX;
};

// The URLs of a list. What follows a comma and has no scheme is another host of the URL before:
// redis://a:1,b:2/x. They live as long as `list`.
std::vector<std::string_view> split_urls(std::string_view list);

// Calls `use` with each piece of `text` between separators.
template <typename Use>
void for_each_piece(std::string_view text, char separator, const Use& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace gopouch::config
