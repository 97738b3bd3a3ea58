#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::config {

namespace {

// In millionths.
std::optional<std::int64_t> parse_fraction(std::string_view text) {
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, number);
  if (fault != std::errc() || end != last || !(number >= 0 && number <= 1)) return std::nullopt;
  return std::llround(number * 1e6);
}

std::optional<std::int64_t> index_among(std::string_view choices, std::string_view text) {
  std::optional<std::int64_t> found;
  std::int64_t index = 0;
  for_each_piece(choices, '|', [&](std::string_view choice) {
    if (choice == text) found = index;
    ++index;
  });
  return found;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

std::string without_user(std::string_view text) {
  std::string out(text);
  // A password may hold any character, so all that may be one goes.
  const std::size_t scheme = out.find("://");
  const std::size_t user = out.rfind('@');
  if (scheme != std::string::npos && user != std::string::npos && user > scheme) {
    out.erase(scheme + 3, user + 1 - (scheme + 3));
  }
  return out;
}

std::string among(std::string_view choices) {
  std::string out;
  for_each_piece(choices, '|', [&](std::string_view choice) {
    out += out.empty() ? "" : ", ";
    out += choice;
  });
  return out;
}

// Edits that make `b` of `a`: Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t swapped = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({swapped, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = base::lower(text);
  // "t" and "f" are in Go's flag package, and so in scripts.
  for (const char* const yes : {"true", "1", "yes", "on", "t"}) {
    if (word == yes) return true;
  }
  for (const char* const no : {"false", "0", "no", "off", "f"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

base::Result<Value> parse_value(Kind kind, std::string_view choices, std::string_view text) {
  Value value{.text = std::string(text)};
  std::optional<std::int64_t> number;
  std::string wanted;
  switch (kind) {
    case Kind::kBool:
      if (const auto flag = parse_bool(text)) number = *flag ? 1 : 0;
      if (number) value.text = *number != 0 ? "true" : "false";
      wanted = "neither true nor false";
      break;
    case Kind::kSize:
      number = base::parse_size(text);
      wanted = "no size (such as 20GB, 500MiB, 0)";
      break;
    case Kind::kDuration:
      if (const auto duration = base::parse_duration(text)) number = duration->count();
      wanted = "no duration (such as 5d, 1h30m, 90s, 0)";
      break;
    case Kind::kNumber:
      number = base::parse_number<std::int64_t>(text);
      wanted = "no whole number";
      break;
    case Kind::kFraction:
      number = parse_fraction(text);
      wanted = "no number from 0 to 1";
      break;
    case Kind::kEnum:
      number = index_among(choices, text);
      wanted = "none of " + among(choices);
      break;
    case Kind::kText:
    case Kind::kFolder:
    case Kind::kUrl:
    case Kind::kSecret:
    case Kind::kList:
      // A message is one line, and no folder that anybody wants has such a name.
      if (has_control_character(text)) {
        return base::Error{base::Fault::kInvalid, "has a control character in its value"};
      }
      return value;
  }
  if (!number) {
    return base::Error{base::Fault::kInvalid, fmt::format("{} is {}", quote(text), wanted)};
  }
  value.number = *number;
  return value;
}

bool same_value(Kind kind, const Value& a, const Value& b) {
  switch (kind) {
    case Kind::kText:
    case Kind::kFolder:
    case Kind::kUrl:
    case Kind::kSecret:
    case Kind::kList:
      return a.text == b.text;
    default:
      return a.number == b.number;
  }
}

std::string display(Kind kind, std::string_view text) {
  if (kind == Kind::kSecret && !text.empty()) return "***";
  if (kind != Kind::kList) return without_user(text);
  std::string out;
  for (const std::string_view url : split_urls(text)) {
    out += (out.empty() ? "" : ",") + without_user(url);
  }
  return out;
}

std::vector<std::string_view> split_urls(std::string_view list) {
  std::vector<std::string_view> urls;
  for_each_piece(list, ',', [&](std::string_view piece) {
    const std::string_view scheme = piece.substr(0, piece.find("://"));
    const bool begins = scheme.size() < piece.size() && !scheme.empty() &&
                        std::all_of(scheme.begin(), scheme.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
                        });
    if (begins || urls.empty()) {
      urls.push_back(piece);
    } else {
      urls.back() = {urls.back().data(),
                     static_cast<std::size_t>(piece.data() + piece.size() - urls.back().data())};
    }
  });
  return urls;
}

std::string quote(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string out = without_user(text);
  for (char& c : out) {
    if (has_control_character({&c, 1})) c = '?';
  }
  if (out.size() > kLongest) out = out.substr(0, kLongest) + "...";
  return '"' + out + '"';
}

void Nearest::consider(std::string_view word) {
  if (text_.size() > 2 * word.size()) return;
  const std::size_t distance_to = distance(text_, word);
  // Two slips in a long word, one in a short one, none in a letter or two.
  if (distance_to > std::min<std::size_t>(2, text_.size() / 3) || distance_to >= distance_) return;
  distance_ = distance_to;
  word_ = word;
}

std::string Nearest::hint(std::string_view before) const {
  return word_.empty() ? std::string() : fmt::format("; did you mean {}{}?", before, word_);
}

}  // namespace gopouch::config
