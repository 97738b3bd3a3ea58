#include "config/folders.h"

#include <unistd.h>

#include <filesystem>

namespace gopouch::config {

namespace {

std::string variable(const Environment& env, std::string_view name) {
  return env(name).value_or("");
}

// Without "//", "/." and a "/" at the end, because go compares our paths with GOCACHE letter by
// letter. ".." stays: behind a link it is not what it seems.
std::string tidy(std::string_view path) {
  std::string out;
  for_each_piece(path, '/', [&](std::string_view name) {
    if (name.empty() || name == ".") return;
    out += '/';
    out += name;
  });
  return out.empty() ? "/" : out;
}

Folder default_cache_dir(const Environment& env) {
  // go sets GOCACHE for the programs that it starts, to an absolute path or to "off".
  const std::string gocache = variable(env, "GOCACHE");
  if (gocache.starts_with('/')) return {tidy(gocache), "default, by GOCACHE"};
  const std::string xdg = variable(env, "XDG_CACHE_HOME");
  if (xdg.starts_with('/')) return {tidy(xdg + "/go-build"), "default, by XDG_CACHE_HOME"};
  const std::string home = variable(env, "HOME");
  if (home.starts_with('/')) return {tidy(home + "/.cache/go-build"), "default, by HOME"};
  throw ConfigError(
      "cache-dir: neither GOCACHE nor XDG_CACHE_HOME nor HOME names a folder; give --cache-dir");
}

// The user's number keeps users of one machine apart.
Folder default_fallback_dir(const Environment& env) {
  const std::string tmp = variable(env, "TMPDIR");
  return {fmt::format("{}/gopouch-{}", tmp.starts_with('/') ? tidy(tmp) : "/tmp", ::getuid()),
          tmp.starts_with('/') ? "default, by TMPDIR" : "default"};
}

}  // namespace

std::string absolute_folder(std::string_view text, const Environment& env) {
  if (text.starts_with('/')) return tidy(text);
  if (text == "~" || text.starts_with("~/")) {
    const std::string home = variable(env, "HOME");
    if (!home.starts_with('/')) throw ConfigError(fmt::format("{}: HOME is not set", quote(text)));
    return tidy(home + std::string(text.substr(1)));
  }
  std::error_code fault;
  const std::string here = std::filesystem::current_path(fault).native();
  if (fault) {
    throw ConfigError(
        fmt::format("{}: the working folder is gone; write an absolute path", quote(text)));
  }
  return tidy(here + '/' + std::string(text));
}

Folder default_folder(const Key& key, const Environment& env) {
  if (key.name == "cache-dir") return default_cache_dir(env);
  if (key.name == "fallback-dir") return default_fallback_dir(env);
  return {"", "default"};  // whose place hangs on another setting
}

}  // namespace gopouch::config
