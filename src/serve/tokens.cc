#include "serve/tokens.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"

namespace gopouch::serve {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kHashed = "sha256:";
constexpr std::size_t kShortest = 16;  // what is shorter can be guessed

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kSpace = " \t\r";
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.empty() || line.front() == '#') return words;
    words.push_back(line.substr(0, line.find_first_of(kSpace)));
    line.remove_prefix(words.back().size());
  }
}

std::optional<Right> right_of(std::string_view word) {
  if (word == "none") return Right::kNone;
  if (word == "read") return Right::kRead;
  return word == "write" ? std::optional(Right::kWrite) : std::nullopt;
}

bool is_prefix(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '/';
  };
  return !text.empty() && text.front() != '/' && text.back() != '/' &&
         std::all_of(text.begin(), text.end(), good) && text.find("..") == std::string_view::npos &&
         text.find("//") == std::string_view::npos;
}

// One line's words into the table; why not, where that cannot be.
std::string_view take(std::span<const std::string_view> words, TokenTable& table) {
  const bool issuer = words.front() == "oidc";
  if (issuer) words = words.subspan(1);
  if (words.size() < 2) return "a token and its right, or oidc, an issuer and its right";
  const auto right = right_of(words[1]);
  if (!right) return "the right is none, read or write";
  const std::string_view who = words[0];
  Grant grant{*right, {}};
  words = words.subspan(2);
  if (!words.empty() && words[0].find('=') == std::string_view::npos) {
    std::string_view prefix = words[0];
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (!is_prefix(prefix)) return "no prefix of keys: letters, digits, . _ - and / between parts";
    grant.prefix = prefix;
    words = words.subspan(1);
  }
  if (issuer) {
    const auto url = net::parse_url(who);
    if (!url || (url->scheme != "https" && !net::is_loopback(url->host))) {
      return "an issuer is an https URL";
    }
    IssuerRow row{std::string(who), {}, std::move(grant)};
    bool audience = false;
    for (const std::string_view word : words) {
      const std::size_t at = word.find('=');
      if (at == std::string_view::npos || at == 0) return "claims are written name=pattern";
      row.claims.emplace_back(word.substr(0, at), word.substr(at + 1));
      audience = audience || (row.claims.back().first == "aud" && word.size() > at + 1);
    }
    if (!audience) return "whom must the ID token be for? aud=NAME";
    table.issuers.push_back(std::move(row));
    return {};
  }
  if (!words.empty()) return "more than a token, a right and a prefix";
  if (who.starts_with(kHashed)) {
    const auto hash = base::hash_from_hex(who.substr(kHashed.size()));
    if (!hash) return "sha256: needs 64 hex digits, lower case";
    table.tokens.push_back({*hash, std::move(grant)});
    return {};
  }
  if (who.size() < kShortest) return "a token of fewer than 16 characters can be guessed";
  table.tokens.push_back({base::sha256(base::bytes_of(who)), std::move(grant)});
  table.in_clear = true;
  return {};
}

}  // namespace

base::Result<TokenTable> parse_tokens(std::string_view text) {
  TokenTable table;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto words = words_of(line);
    if (words.empty()) continue;
    const std::string_view why = take(words, table);
    if (!why.empty()) return Error{Fault::kInvalid, fmt::format("line {}: {}", number, why)};
  }
  return table;
}

// By going back to the last star, once at most for each character.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string credential_of(const http::Request& request) {
  const bool to_proxy = !request.authority.empty();
  std::string_view value =
      net::find_header(request.headers, to_proxy ? "Proxy-Authorization" : "Authorization");
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return {};
  const std::string scheme = base::lower(value.substr(0, space));
  value = base::trim(value.substr(space));
  if (scheme == "bearer") return std::string(value);
  if (scheme != "basic") return {};
  std::string text(value);
  const auto size = base::decode_base64(text, reinterpret_cast<std::uint8_t*>(text.data()));
  if (!size) return {};
  text.resize(*size);
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {};
  return colon + 1 < text.size() ? text.substr(colon + 1) : text.substr(0, colon);
}

}  // namespace gopouch::serve
