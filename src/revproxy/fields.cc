#include "revproxy/fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace gopouch::revproxy {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 32 && c < 127 &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

// Calls `on_piece` with what stands between the commas that are in no quotes.
template <typename OnPiece>
void for_each_member(std::string_view text, const OnPiece& on_piece) {
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool end = i == text.size();
    if (!end && quoted && text[i] == '\\') {
      i += i + 1 < text.size() ? 1 : 0;
      continue;
    }
    if (!end && text[i] == '"') quoted = !quoted;
    if (!end && (quoted || text[i] != ',')) continue;
    const std::string_view piece = base::trim(text.substr(from, i - from));
    if (!piece.empty()) on_piece(piece);
    from = i + 1;
  }
}

// "60", also in quotes (RFC 9111, 5.2); what is too large for anything is kAnyAge.
seconds parse_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return seconds(0);
  const auto number = base::parse_number<std::int64_t>(text);
  return number ? std::min(seconds(*number), kAnyAge) : kAnyAge;
}

void set(std::optional<seconds>& to, seconds value) {
  to = to && *to != value ? seconds(0) : value;
}

void apply(Directives& all, std::string_view name, std::optional<std::string_view> value) {
  const std::string_view said = value.value_or("");
  if (name == "no-store") all.no_store = true;
  if (name == "no-cache") all.no_cache = true;
  if (name == "no-transform") all.no_transform = true;
  if (name == "only-if-cached") all.only_if_cached = true;
  if (name == "private") all.is_private = true;
  if (name == "public") all.is_public = true;
  if (name == "must-revalidate") all.must_revalidate = true;
  if (name == "proxy-revalidate") all.proxy_revalidate = true;
  if (name == "must-understand") all.must_understand = true;
  if (name == "max-age") set(all.max_age, parse_seconds(said));
  if (name == "s-maxage") set(all.s_maxage, parse_seconds(said));
  if (name == "min-fresh") set(all.min_fresh, parse_seconds(said));
  if (name == "stale-if-error") set(all.stale_if_error, parse_seconds(said));
  if (name == "max-stale") set(all.max_stale, value ? parse_seconds(said) : kAnyAge);
}

std::string_view opaque(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

Directives parse_directives(Headers headers) {
  Directives all;
  for (const net::Header& header : headers) {
    if (!net::same_name(header.name, "Cache-Control")) continue;
    all.any = true;
    for_each_member(header.value, [&](std::string_view piece) {
      const std::size_t equal = piece.find('=');
      const std::string name = base::lower(base::trim(piece.substr(0, equal)));
      if (equal == std::string_view::npos) return apply(all, name, std::nullopt);
      apply(all, name, base::trim(piece.substr(equal + 1)));
    });
  }
  return all;
}

std::vector<std::string> list_of(Headers headers, std::string_view name) {
  std::vector<std::string> all;
  for (const net::Header& header : headers) {
    if (!net::same_name(header.name, name)) continue;
    for_each_member(header.value, [&](std::string_view piece) { all.emplace_back(piece); });
  }
  return all;
}

std::optional<std::vector<std::string>> vary_names(Headers headers) {
  std::vector<std::string> names = list_of(headers, "Vary");
  for (std::string& name : names) {
    if (name == "*" || !is_token(name)) return std::nullopt;
    name = base::lower(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<std::string> joined(Headers headers, std::string_view name) {
  std::optional<std::string> all;
  for (const net::Header& header : headers) {
    if (!net::same_name(header.name, name)) continue;
    if (all) *all += ", ";
    if (!all) all.emplace();
    bool space = false;
    for (const char c : base::trim(header.value)) {
      if (is_space(c)) {
        space = true;
        continue;
      }
      if (std::exchange(space, false) && !all->ends_with(", ") && c != ',') *all += ' ';
      *all += c;
      if (c == ',') *all += ' ';
    }
    while (all->ends_with(' ')) all->pop_back();
  }
  return all;
}

bool names_tag(Headers headers, std::string_view field, std::string_view tag) {
  const std::vector<std::string> tags = list_of(headers, field);
  return std::any_of(tags.begin(), tags.end(), [&](const std::string& one) {
    return one == "*" || (!tag.empty() && opaque(one) == opaque(tag));
  });
}

bool has(Headers headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const net::Header& header) { return net::same_name(header.name, name); });
}

std::vector<net::Header> end_to_end(Headers headers) {
  std::vector<std::string> dropped = list_of(headers, "Connection");
  for (std::string& name : dropped) name = base::lower(name);
  constexpr std::array<std::string_view, 11> kOneConnection{"connection",
                                                            "keep-alive",
                                                            "proxy-connection",
                                                            "proxy-authenticate",
                                                            "proxy-authorization",
                                                            "te",
                                                            "trailer",
                                                            "transfer-encoding",
                                                            "upgrade",
                                                            "http2-settings",
                                                            "content-length"};
  std::vector<net::Header> kept;
  for (const net::Header& header : headers) {
    const std::string name = base::lower(header.name);
    const bool drop =
        std::find(kOneConnection.begin(), kOneConnection.end(), name) != kOneConnection.end() ||
        std::find(dropped.begin(), dropped.end(), name) != dropped.end();
    if (!drop && is_token(header.name)) kept.push_back(header);
  }
  return kept;
}

}  // namespace gopouch::revproxy
