// The list of backends, and what their URLs may carry. Rules: backend.h.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "object/backend.h"

namespace gopouch::object {

namespace {

// To add a store: its name here, and in the line `extern const Backend` of backend.h.
constexpr std::array<const Backend*, 9> kBackends{&s3,   &gcs,   &redis,     &rediss,       &dir,
                                                  &http, &https, &go_cacher, &go_cacher_tls};

// What any URL may carry.
constexpr std::array kCommon{Parameter{"mode", "ro: nothing is written there; rw: the default"}};

base::Error invalid(std::string message) { return {base::Fault::kInvalid, std::move(message)}; }

std::string names_of(const Backend& backend) {
  std::string names;
  const auto add = [&](std::span<const Parameter> parameters) {
    for (const Parameter& one : parameters) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    }
  };
  add(kCommon);
  add(backend.parameters);
  return names;
}

bool has(std::span<const Parameter> parameters, std::string_view name) {
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](const Parameter& one) { return one.name == name; });
}

}  // namespace

std::span<const Backend* const> backends() { return kBackends; }

const Backend* find_backend(std::string_view scheme) {
  if (scheme == memory.scheme) return &memory;  // for tests, so in no list
  const auto* const found =
      std::find_if(kBackends.begin(), kBackends.end(),
                   [&](const Backend* backend) { return backend->scheme == scheme; });
  return found == kBackends.end() ? nullptr : *found;
}

std::string schemes() {
  std::string names;
  for (const Backend* const backend : kBackends) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", backend->scheme);
  }
  return names;
}

std::optional<std::string> Parameters::find(std::string_view name) const {
  const auto found = std::find_if(said_.rbegin(), said_.rend(),
                                  [&](const auto& one) { return one.first == name; });
  return found == said_.rend() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Parameters::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : said_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

base::Result<std::optional<bool>> Parameters::flag(std::string_view name) const {
  const auto value = find(name);
  if (!value) return std::optional<bool>();
  if (*value == "true") return std::optional(true);
  if (*value == "false") return std::optional(false);
  return invalid(fmt::format("?{}= is true or false", name));
}

base::Result<std::string> read_prefix(const net::Url& url, const Parameters& parameters) {
  const auto raw = parameters.flag(kRawPrefix.name);
  if (!raw) return raw.error();
  auto prefix = net::percent_decode(url.path);
  if (!prefix) return invalid("a bad % in the URL's path");
  for (const char letter : *prefix) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code == 0x7f) return invalid("a control character in the URL's path");
  }
  if (raw->value_or(false)) {
    if (!prefix->empty()) prefix->erase(0, 1);
    return *std::move(prefix);
  }
  prefix->erase(0, std::min(prefix->find_first_not_of('/'), prefix->size()));
  prefix->erase(prefix->find_last_not_of('/') + 1);
  if (!prefix->empty()) *prefix += '/';
  return *std::move(prefix);
}

base::Result<Parameters> read_parameters(const net::Url& url, const Backend& backend) {
  std::vector<std::pair<std::string, std::string>> said;
  std::string_view rest = url.query;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    if (piece.empty()) continue;
    const std::size_t mark = piece.find('=');
    auto name = net::percent_decode(piece.substr(0, mark));
    auto value = net::percent_decode(mark == std::string_view::npos ? std::string_view()
                                                                    : piece.substr(mark + 1));
    if (!name || !value) return invalid("a parameter of the URL has a bad escape");
    if (!has(kCommon, *name) && !has(backend.parameters, *name)) {
      // A name may be a secret that lost its way: only what looks like a name is shown.
      const bool plain =
          name->size() <= 32 &&
          name->find_first_not_of("abcdefghijklmnopqrstuvwxyz-_") == std::string::npos;
      return invalid(fmt::format("{}:// has no parameter{}{}; there are {}", backend.scheme,
                                 plain ? " " : " of that name", plain ? *name : "",
                                 names_of(backend)));
    }
    if (mark == std::string_view::npos || value->empty()) {
      return invalid(fmt::format("?{}= has no value", *name));
    }
    said.emplace_back(*std::move(name), *std::move(value));
  }
  return Parameters(std::move(said));
}

}  // namespace gopouch::object
