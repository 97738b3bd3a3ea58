#include "proxy/path.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/net.h"

namespace gopouch::proxy {

namespace {

constexpr std::size_t kLongest = 2000;
constexpr std::int64_t kHashSize = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// No parts that a file system would take for others, and nothing that is not written so.
bool is_clean(std::string_view path) {
  if (path.empty() || path.size() > kLongest) return false;
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f || c == '\\' || (c >= 'A' && c <= 'Z')) return false;
    }
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
}

// The first of "/lookup/" and "/tile/", or the end "/supported" or "/latest".
std::optional<Path> parse_sumdb(std::string_view text) {
  Path path;
  const std::size_t lookup = text.find("/lookup/");
  std::size_t at = std::min(lookup, text.find("/tile/"));
  if (at != std::string_view::npos) {
    path.kind = at == lookup ? Kind::kSumLookup : Kind::kSumTile;
  } else {
    at = text.rfind('/');
    if (text.ends_with("/supported")) {
      path.kind = Kind::kSumSupported;
    } else if (text.ends_with("/latest")) {
      path.kind = Kind::kSumLatest;
    } else {
      return std::nullopt;
    }
  }
  constexpr std::string_view kSumdb = "sumdb/";
  path.text = text;
  path.below = text.substr(at + 1);
  if (text.starts_with(kSumdb) && at > kSumdb.size()) {
    path.sumdb = text.substr(kSumdb.size(), at - kSumdb.size());
  }
  if (path.kind == Kind::kSumLookup && path.below.find('@') == std::string::npos) {
    return std::nullopt;
  }
  return path;
}

// Digits without a zero before them.
bool take_number(std::string_view& text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto size = static_cast<std::size_t>(end - text.begin());
  if (size == 0 || (size > 1 && text.front() == '0')) return false;
  text.remove_prefix(size);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool Path::lasting() const {
  switch (kind) {
    case Kind::kInfo:
    case Kind::kMod:
    case Kind::kZip:
    case Kind::kSumLookup:
    case Kind::kSumTile:
      return true;
    default:
      return false;
  }
}

std::optional<Path> parse_path(std::string_view raw) {
  const auto text = net::percent_decode(raw);
  if (!text || !is_clean(*text) || !unescape(*text)) return std::nullopt;
  Path path;
  path.text = *text;
  constexpr std::string_view kLatest = "/@latest";
  if (text->ends_with(kLatest)) {
    path.kind = Kind::kLatest;
    path.module = text->substr(0, text->size() - kLatest.size());
    return path;
  }
  constexpr std::string_view kVersions = "/@v/";
  const std::size_t at = text->rfind(kVersions);
  if (at == std::string::npos) return parse_sumdb(*text);
  path.module = text->substr(0, at);
  std::string_view file = std::string_view(*text).substr(at + kVersions.size());
  if (file == "list") {
    path.kind = Kind::kList;
    return path;
  }
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  path.version = file.substr(0, dot);
  const std::string_view ending = file.substr(dot + 1);
  const bool exact = is_version(*unescape(path.version));
  if (ending == "info") {
    path.kind = exact ? Kind::kInfo : Kind::kQuery;
  } else if (exact && ending == "mod") {
    path.kind = Kind::kMod;
  } else if (exact && ending == "zip") {
    path.kind = Kind::kZip;
  } else {
    return std::nullopt;
  }
  return path;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '!') {
      out += text[i];
      continue;
    }
    if (++i == text.size() || text[i] < 'a' || text[i] > 'z') return std::nullopt;
    out += static_cast<char>(text[i] - 'a' + 'A');
  }
  return out;
}

bool is_version(std::string_view text) {
  if (!take(text, 'v')) return false;
  if (!take_number(text) || !take(text, '.') || !take_number(text) || !take(text, '.') ||
      !take_number(text)) {
    return false;
  }
  constexpr std::string_view kIncompatible = "+incompatible";
  if (text.ends_with(kIncompatible)) text.remove_suffix(kIncompatible.size());
  if (text.empty()) return true;
  if (!take(text, '-')) return false;
  while (true) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, end);
    const bool fine = std::all_of(part.begin(), part.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    const bool number = std::all_of(part.begin(), part.end(), is_digit);
    if (part.empty() || !fine || (number && part.size() > 1 && part.front() == '0')) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::optional<PartialTile> partial_tile(const Path& path) {
  if (path.kind != Kind::kSumTile || path.below.find("/data/") != std::string::npos) {
    return std::nullopt;
  }
  const std::size_t at = path.text.rfind(".p/");
  if (at == std::string::npos) return std::nullopt;
  const auto width = base::parse_number<std::int64_t>(
      at + 3 < path.text.size() ? std::string_view(path.text).substr(at + 3) : "x");
  if (!width || *width < 1 || *width > 255) return std::nullopt;
  return PartialTile{path.text.substr(0, at), *width * kHashSize};
}

bool matches(std::string_view pattern, std::string_view module) {
  const auto parts = std::count(pattern.begin(), pattern.end(), '/');
  std::size_t end = 0;
  for (std::ptrdiff_t i = 0; i <= parts; ++i) {
    end = module.find('/', i == 0 ? 0 : end + 1);
    if (end == std::string_view::npos) {
      if (i < parts) return false;
      end = module.size();
    }
  }
  return ::fnmatch(std::string(pattern).c_str(), std::string(module.substr(0, end)).c_str(),
                   FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

}  // namespace gopouch::proxy
