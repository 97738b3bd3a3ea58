// docs/settings.md, and what it shares with help.
#include <array>

#include "config/aliases.h"
#include "config/surroundings.h"

namespace gopouch::config {

namespace {

constexpr auto kSurroundings = std::to_array<Variable>(
    {{"GOPOUCH_CONFIG", "the config file, which must then be there"},
     {"XDG_CONFIG_HOME", "else the config file is gopouch/config.toml in this folder"},
     {"HOME", "else .config/gopouch/config.toml in this one; and what \"~\" stands for"},
     {"GOCACHE", "the default of cache-dir; go sets it for the programs that it starts"},
     {"XDG_CACHE_HOME",
      "else the default of cache-dir is go-build in this folder, else in ~/.cache"},
     {"TMPDIR", "where the default of fallback-dir is; else in /tmp"},
     {"CI", "set to anything but false: the default of flush is wait"},
     {"AWS_…", "the region, endpoint and credentials of an S3 remote, as the AWS tools read them"},
     {"GOBUILDCACHE_AWS_ACCESS_KEY_ID",
      "with …_SECRET_ACCESS_KEY and …_SESSION_TOKEN: keys that go before those"},
     {"http_proxy", "with https_proxy, no_proxy and all_proxy: as curl reads them"},
     {"GITHUB_ACTIONS", "true: each session adds a row to the table in the step's summary"},
     {"GITHUB_STEP_SUMMARY", "the file of that summary"}});

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void add_settings(std::string& out, bool here) {
  const Topic* topic = nullptr;
  for (const Key& key : keys()) {
    if ((key.apply != nullptr) != here) continue;
    if (topic != &key.topic) {
      out += fmt::format(
          "\n{} {}\n\n| setting | variable | values | default | |\n| --- | --- | --- | --- | --- "
          "|\n",
          here ? "##" : "###", key.topic.title);
    }
    topic = &key.topic;
    const std::string_view values = placeholder(key);
    out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", key.name, variable_of(key),
                       values.empty() ? "true, false" : cell(values),
                       key.initial.empty() ? "" : fmt::format("`{}`", key.initial), cell(key.doc));
  }
}

}  // namespace

std::span<const Variable> surroundings() { return kSurroundings; }

std::string other_names(std::string_view key, std::string_view separator) {
  std::string out;
  for (const Name& name : aliases()) {
    if (name.key != key || (name.place == Place::kFlag && find_key(name.name) != nullptr)) continue;
    out += out.empty() ? "" : separator;
    out += name.place == Place::kFlag ? "-" : "";
    out += name.name;
  }
  return out;
}

std::string_view bare_names_rule() {
  return "A name without a prefix (CACHE_DIR, S3_BUCKET, ...) counts only where BACKEND_TYPE,\n"
         "S3_BUCKET or GCS_BUCKET is set, or BACKEND is disk, s3 or gcs. DEBUG counts by itself, "
         "and\n"
         "only as DEBUG=true.";
}

std::string settings_page() {
  std::string out = R"(# Settings

Made from the table in `src/config/keys.cc`; a test compares them.

gopouch needs none of these. A setting can be given in three ways, of which an earlier one counts before a
later one:

1. a flag: `GOCACHEPROG="gopouch --cache-limit=50GB"`. `-x`, `--x`, `--x=VALUE` and `--x VALUE` are the same;
   a switch takes no separate word (`--stats`, `--stats=false`); `--` ends the flags; of the same flag given
   twice the last counts, but a LIST grows with each.
2. a variable: `GOPOUCH_CACHE_LIMIT=50GB`, then `GOBUILDCACHE_…`, then the names of other programs, then names
   without a prefix (below).
3. the config file, TOML with the settings' names as keys: `cache-limit = "50GB"`. It is the file that
   `GOPOUCH_CONFIG` names, else `$XDG_CONFIG_HOME/gopouch/config.toml`, else
   `$HOME/.config/gopouch/config.toml`.

An empty value counts as none. Where two flags or variables of one setting disagree, one line says so. An
unknown flag or key, or a value that is none, ends gopouch with exit code 2 before the protocol starts.
`gopouch config` shows what came out and where it came from.

| values | are |
| --- | --- |
| true, false | also `1`, `yes`, `on`, and `0`, `no`, `off`; in the config file only `true` and `false` |
| SIZE | `20GB`, `500MB` (powers of 1000), `20GiB`, `500MiB` (powers of 1024), bytes; `0` |
| DURATION | `5d`, `1h30m`, `90s`, `1.5h`; `0` |
| FOLDER | absolute, or `~/…`, or relative to the working folder |
| LIST | separated by commas; in the config file also a list of texts |
)";
  add_settings(out, true);
  out += R"(
## To come

These are known, and refused with one line if they are given another value than the default.
)";
  add_settings(out, false);

  out += "\n## Other variables\n\n| variable | |\n| --- | --- |\n";
  for (const auto& [name, doc] : kSurroundings) out += fmt::format("| `{}` | {} |\n", name, doc);

  out += R"(
## Names of other programs

The flags and variables of gobuildcache, gocache-s3, go-cache-plugin and gocacheprog, and what they stand for.

| setting | names |
| --- | --- |
)";
  for (const Key& key : keys()) {
    const std::string names = other_names(key.name, "`, `");
    if (!names.empty()) out += fmt::format("| `{}` | `{}` |\n", key.name, names);
  }
  out += fmt::format("| accepted and ignored | `{}` |\n", other_names("", "`, `"));
  out += fmt::format(R"(
{}

- `-debug`, `DEBUG` and their kin stand for `log-level` `debug`, also as a number that is not 0; `-v` for `info`.
- `-compression` and `-compress` as a switch stand for `zstd` or `none`; `-async-backend` for `async` or `sync`.
- `-backend disk` is the local store alone; the buckets of that program then mean nothing. A bucket without a
  backend chooses it.
- As in gobuildcache, a word that is no bool is passed over in a variable with its prefix, and means false in
  one without.
- The `AWS_…` variables of Amazon's own tools are no settings of gopouch; without remotes nothing reads them.
)",
                     bare_names_rule());
  return out;
}

}  // namespace gopouch::config
