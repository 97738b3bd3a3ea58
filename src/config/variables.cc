#include "config/variables.h"

namespace gopouch::config {

namespace {

// BACKEND is a word that other programs use too, with backends of theirs.
bool is_its_backend(std::string_view text) {
  for (const char* const word : {"disk", "s3", "gcs"}) {
    if (text.size() != std::string_view(word).size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < text.size(); ++i) same = same && (text[i] | ' ') == (word[i] | ' ');
    if (same) return true;
  }
  return false;
}

// gobuildcache reads names without a prefix, and so do CI systems and half the world. They are
// meant for us only where one of them chooses a backend of that program.
bool bare_names_count(const Environment& env) {
  if (is_its_backend(env("BACKEND").value_or(""))) return true;
  for (const char* const name : {"BACKEND_TYPE", "S3_BUCKET", "GCS_BUCKET"}) {
    if (!env(name).value_or("").empty()) return true;
  }
  return false;
}

// DEBUG stands for itself, but only with the one word that older versions of that program knew.
bool counts(const Name& name, std::string_view value, bool bare_names) {
  if (name.place != Place::kBare) return true;
  if (name.name == "DEBUG") return value == "true";
  if (name.name == "BACKEND" && !is_its_backend(value)) return false;
  return bare_names;
}

}  // namespace

std::vector<Saying> read_variables(const Environment& env, std::vector<std::string>& notes) {
  std::vector<Saying> said;
  const auto read = [&](const Name& name, std::string_view value) {
    if (auto saying = interpret(name, name.name, value, notes)) said.push_back(*std::move(saying));
  };
  for (const Key& key : keys()) {
    const std::string_view variable = variable_of(key);
    if (const auto value = env(variable)) {
      read({variable, Place::kOwnVariable, key.name, Words::kOwn, ""}, *value);
    }
  }
  const bool bare_names = bare_names_count(env);
  for (const Name& name : aliases()) {
    if (name.place == Place::kFlag) continue;
    if (name.place == Place::kBare && !bare_names && name.name != "DEBUG") continue;
    const auto value = env(name.name);
    if (value && counts(name, *value, bare_names)) read(name, *value);
  }
  return said;
}

}  // namespace gopouch::config
