// URLs, percent-encoding and headers: the text around requests. RFC 3986, sections 2 and 3.
//
// Stricter than some: no fragment, no escape in a host, no control character or space anywhere.
// More lenient in one thing: a path may hold bytes above 127, since it may name a folder.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "net/net.h"

namespace gopouch::net {

namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// What may be shown of a URL that cannot be understood: a password may stand anywhere before the
// last "@", and a key in the query.
std::string presentable(std::string_view text) {
  std::string out(text.substr(0, text.find('?')));
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::size_t scheme = text.find("://");
    const bool shown = scheme != std::string_view::npos && scheme < at;
    const std::string_view rest = text.substr(at);
    out = fmt::format("{}***{}", shown ? text.substr(0, scheme + 3) : "",
                      rest.substr(0, rest.find('?')));
  }
  if (out.size() > 200) out.replace(200, std::string::npos, "...");
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; },
      '?');
  return out;
}

// Cuts `text` at the first of `marks`; what follows the mark goes to `rest`.
std::string_view cut(std::string_view text, char mark, std::string_view& rest) {
  const std::size_t at = text.find(mark);
  rest = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return text.substr(0, at);
}

// Each takes its part of the text apart and says what is wrong with it; empty: nothing.

std::string_view read_user(std::string_view text, Url& url) {
  std::string_view rest;
  const auto user = percent_decode(cut(text, ':', rest));
  const auto password = percent_decode(rest);
  if (!user || !password) return "the user or password has a bad escape";
  url.user = *user;
  url.password = *password;
  return {};
}

std::string_view read_port(std::string_view text, Host& host) {
  if (text.empty()) return {};
  const auto port = base::parse_number<int>(text);
  if (!port || *port < 1 || *port > 65535) return "the port is no number from 1 to 65535";
  host.port = *port;
  return {};
}

std::string_view read_host(std::string_view text, Host& host) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return "the address has no closing bracket";
    host.name = base::lower(text.substr(1, end - 1));
    std::array<std::uint8_t, 16> address{};
    if (::inet_pton(AF_INET6, host.name.c_str(), address.data()) != 1) return "a bad IPv6 address";
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return "text behind the address";
    if (!text.empty()) text.remove_prefix(1);
    return read_port(text, host);
  }
  std::string_view port;
  const std::string_view name = cut(text, ':', port);
  if (!std::all_of(name.begin(), name.end(), is_unreserved)) {
    return "the host has a character that no host has";
  }
  host.name = base::lower(name);
  if (name.empty() && !port.empty()) return "a port without a host";
  return read_port(port, host);
}

std::string_view read_hosts(std::string_view text, Hosts hosts, Url& url) {
  Host first;
  std::string_view rest;
  const bool several = hosts == Hosts::kSeveral && text.find(',') != std::string_view::npos;
  const auto wrong = read_host(several ? cut(text, ',', rest) : text, first);
  url.host = std::move(first.name);
  url.port = first.port;
  if (!several || !wrong.empty()) return wrong;
  for (bool more = true; more;) {
    more = rest.find(',') != std::string_view::npos;
    Host& host = url.more_hosts.emplace_back();
    if (const auto bad = read_host(cut(rest, ',', rest), host); !bad.empty()) return bad;
    if (host.name.empty()) return "a comma without a host";
  }
  return url.host.empty() ? "a comma without a host" : std::string_view();
}

std::string_view read_url(std::string_view text, Hosts hosts, Url& url) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte == 127) return "a control character";
    if (c == ' ') return "a space (write %20)";
    if (c == '#') return "a fragment (write %23 for \"#\")";
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return "no scheme://";
  url.scheme = base::lower(text.substr(0, colon));
  if (!is_alpha(url.scheme.front()) ||
      !std::all_of(url.scheme.begin(), url.scheme.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
      })) {
    return "a bad scheme";
  }
  text.remove_prefix(colon + 3);

  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, end);
  url.path = cut(text.substr(end), '?', text);
  url.query = text;
  if (!percent_decode(url.path) || !percent_decode(url.query)) return "a bad escape";

  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (const auto wrong = read_user(authority.substr(0, at), url); !wrong.empty()) return wrong;
    authority.remove_prefix(at + 1);
    if (authority.empty()) return "a user without a host";
  }
  return read_hosts(authority, hosts, url);
}

}  // namespace

base::Result<Url> parse_url(std::string_view text, Hosts hosts) {
  Url url;
  const std::string_view wrong = read_url(text, hosts, url);
  if (wrong.empty()) return url;
  return base::Error{base::Fault::kInvalid,
                     fmt::format("URL \"{}\": {}", presentable(text), wrong)};
}

std::string Url::authority() const {
  const bool own =
      port == 0 || (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
  std::string out = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  if (!own) out += fmt::format(":{}", port);
  return out;
}

std::string Url::text() const {
  return fmt::format("{}://{}{}{}{}", scheme, authority(), path, query.empty() ? "" : "?", query);
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24U == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view find_header(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (same_name(header.name, name)) return header.value;
  }
  return {};
}

}  // namespace gopouch::net
