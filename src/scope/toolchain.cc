#include "scope/toolchain.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "scope/main_module.h"
#include "scope/mod_file.h"
#include "scope/small_file.h"
#include "scope/variables.h"

namespace gopouch::scope {

namespace {

constexpr int kNone = -1;                  // before 0
constexpr int kFirstWithPatchOfZero = 21;  // "1.20" is 1.20.0; "1.21" is the language

// 1.21 < 1.21rc1 < 1.21.0
struct Version {
  int major = kNone;
  int minor = kNone;
  int patch = kNone;
  std::string kind;
  int pre = kNone;

  bool is_language() const { return patch == kNone && kind.empty(); }
};

bool operator>(const Version& a, const Version& b) {
  return std::tie(a.major, a.minor, a.patch, a.kind, a.pre) >
         std::tie(b.major, b.minor, b.patch, b.kind, b.pre);
}

// Takes a number off the front; false where there is none.
bool take_number(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

// "1.26.8", "1.26rc1", "1.26"; nullopt for what is no version.
std::optional<Version> parse(std::string_view text) {
  Version version;
  if (!take_number(text, version.major)) return std::nullopt;
  if (text.empty()) {
    version.minor = version.patch = 0;
    return version;
  }
  if (!take_dot(text) || !take_number(text, version.minor)) return std::nullopt;
  if (text.empty()) {
    if (version.minor < kFirstWithPatchOfZero) version.patch = 0;
    return version;
  }
  if (take_dot(text)) {
    if (!take_number(text, version.patch)) return std::nullopt;
  } else {
    version.kind = text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    text.remove_prefix(version.kind.size());
    if (version.kind.empty()) return std::nullopt;
    if (!text.empty() && !take_number(text, version.pre)) return std::nullopt;
  }
  return text.empty() ? std::optional(version) : std::nullopt;
}

// "go1.21.3" and "go1.21.3-custom" are 1.21.3.
std::optional<Version> version_of(std::string_view toolchain) {
  if (!toolchain.starts_with("go")) return std::nullopt;
  return parse(toolchain.substr(2, toolchain.substr(2).find('-')));
}

std::filesystem::path root_of(const std::filesystem::path& program) {
  return program.parent_path().parent_path();
}

}  // namespace

std::string version_beside(const std::filesystem::path& program) {
  if (program.empty()) return {};
  const std::string text = read_small_file(root_of(program) / "VERSION");
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  return line.starts_with("go") || line.starts_with("devel") ? line : std::string();
}

std::string selected_version(std::string_view local, std::string_view setting,
                             std::string_view go_line, std::string_view toolchain_line) {
  const auto own = version_of(local);
  if (!own || setting.empty()) return std::string(local);

  // "local", "auto", "path", "go1.2.3", "go1.2.3+auto", "local+path"
  std::string_view mode = setting;
  std::string chosen(local);
  Version least = *own;
  if (setting != "auto" && setting != "path") {
    const std::string_view name = setting.substr(0, setting.find('+'));
    mode = name.size() < setting.size() ? setting.substr(name.size() + 1) : std::string_view();
    if (const auto named = version_of(name)) {
      chosen = name;
      least = *named;
    }
  }
  if ((mode != "auto" && mode != "path") || toolchain_line == "default") return chosen;

  if (const auto asked = version_of(toolchain_line); asked && *asked > least) {
    chosen = toolchain_line;
    least = *asked;
  }
  if (const auto asked = parse(go_line); asked && *asked > least) {
    const bool first_of_language = asked->is_language() && asked->minor >= kFirstWithPatchOfZero;
    chosen = fmt::format("go{}{}", go_line, first_of_language ? ".0" : "");
  }
  return chosen;
}

std::string version_from_shell(const Environment& env, const std::filesystem::path& cwd) {
  const Variables go(env);
  std::error_code error;
  const auto program = std::filesystem::canonical(find_program("go", go.outer("PATH")), error);
  const std::string local = error ? std::string() : version_beside(program);
  if (local.empty()) return {};

  std::string setting = go.get("GOTOOLCHAIN");
  if (setting.empty()) {
    setting = value_in(read_env_file(root_of(program) / "go.env"), "GOTOOLCHAIN");
  }
  const std::string module = read_small_file(find_main_module(cwd, go).file);
  return selected_version(local, setting, word_of(module, "go"), word_of(module, "toolchain"));
}

}  // namespace gopouch::scope
