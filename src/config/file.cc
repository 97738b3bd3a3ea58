#include "config/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

// Errors as values, and nothing that writes TOML: this is the one file that includes it.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/files.h"

namespace gopouch::config {

namespace {

constexpr std::size_t kLargest = 1 << 20;  // a config file that is larger is another file

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw ConfigError(fmt::format("{}: {}", path, why));
}

// The whole file; nullopt where there is none.
std::optional<std::string> contents(const std::string& path) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() <= kLargest) {
    const ssize_t got = file ? ::read(file.get(), piece.data(), piece.size()) : -1;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(path, std::strerror(errno));
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  refuse(path, "is larger than any config file");
}

// What a TOML value is as a word; nullopt where a value of this kind is not written so.
std::optional<std::string> word_of(const toml::node& node, Kind kind) {
  if (kind == Kind::kBool) {
    const auto flag = node.value_exact<bool>();
    return flag ? std::optional<std::string>(*flag ? "true" : "false") : std::nullopt;
  }
  if (const auto* const list = node.as_array(); list != nullptr && kind == Kind::kList) {
    std::string words;
    for (const toml::node& item : *list) {
      const auto word = item.value_exact<std::string>();
      if (!word) return std::nullopt;
      words += words.empty() ? "" : ",";
      words += *word;
    }
    return words;
  }
  if (kind == Kind::kNumber || kind == Kind::kSize || kind == Kind::kFraction) {
    if (const auto number = node.value_exact<std::int64_t>()) return fmt::to_string(*number);
  }
  if (kind == Kind::kFraction) {
    const auto number = node.value_exact<double>();
    return number ? std::optional(fmt::to_string(*number)) : std::nullopt;
  }
  return kind == Kind::kNumber ? std::nullopt : node.value_exact<std::string>();
}

std::string_view form_of(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "true or false, without quotes";
    case Kind::kNumber:
    case Kind::kFraction:
      return "a number, without quotes";
    case Kind::kSize:
      return "text such as \"20GB\", or a number of bytes";
    case Kind::kDuration:
      return "text such as \"5d\"";
    case Kind::kList:
      return "text, or a list of texts";
    default:
      return "text, in quotes";
  }
}

[[noreturn]] void refuse_unknown(const std::string& where, std::string_view name) {
  Nearest nearest(name);
  for (const Key& key : keys()) nearest.consider(key.name);
  throw ConfigError(fmt::format("{}: unknown key {}{}", where, quote(name), nearest.hint()));
}

std::vector<Saying> parse(const std::string& path, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    throw ConfigError(fmt::format("{}:{}: this is no TOML: {}", path,
                                  parsed.error().source().begin.line,
                                  parsed.error().description()));
  }
  std::vector<Saying> said;
  std::vector<std::string> no_notes;
  for (const auto& [toml_key, node] : parsed.table()) {
    const std::string where = fmt::format("{}:{}", path, toml_key.source().begin.line);
    const Key* const key = find_key(toml_key.str());
    if (key == nullptr) refuse_unknown(where, toml_key.str());
    const auto word = word_of(node, key->kind);
    if (!word)
      throw ConfigError(fmt::format("{}: {}: write {}", where, key->name, form_of(key->kind)));
    const Name name{key->name, Place::kFile, key->name, Words::kOwn, ""};
    if (auto saying = interpret(name, fmt::format("{}: {}", where, key->name), *word, no_notes)) {
      saying->name = where;
      said.push_back(*std::move(saying));
    }
  }
  return said;
}

}  // namespace

std::vector<Saying> read_config_file(const Environment& env) {
  std::string path = env("GOPOUCH_CONFIG").value_or("");
  const bool must_exist = !path.empty();
  if (!must_exist) {
    const std::string home = env("HOME").value_or("");
    if (!home.empty()) path = home + "/.config/gopouch/config.toml";
    // The XDG base directory specification: a path that is not absolute is to be ignored.
    const std::string xdg = env("XDG_CONFIG_HOME").value_or("");
    if (xdg.starts_with('/')) path = xdg + "/gopouch/config.toml";
    if (path.empty()) return {};
  }
  const auto text = contents(path);
  if (!text && must_exist) refuse(path, "GOPOUCH_CONFIG names it, and it is not there");
  return text ? parse(path, *text) : std::vector<Saying>();
}

}  // namespace gopouch::config
