#include "auth/shared_files.h"

#include <fcntl.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;

// What a section of the config file is about: "profile" and "ci" of `profile "ci"`.
bool is_section(std::string_view header, std::string_view kind, std::string_view name) {
  if (!header.starts_with(kind)) return false;
  std::string_view rest = header.substr(kind.size());
  if (rest.empty() || base::trim(rest).size() == rest.size()) return false;
  rest = base::trim(rest);
  for (const char quote : {'"', '\''}) {
    if (rest.size() >= 2 && rest.front() == quote && rest.back() == quote) {
      rest = rest.substr(1, rest.size() - 2);
      break;
    }
  }
  return rest == name;
}

std::optional<std::string> value_in(const Section* section, std::string_view key) {
  if (section == nullptr) return std::nullopt;
  const auto at = section->find(key);
  return at == section->end() || at->second.empty() ? std::nullopt : std::optional(at->second);
}

// Empty is as good as not set.
template <typename Env>
std::optional<std::string> value_of(const Env& env, std::string_view name) {
  auto value = env ? env(name) : std::nullopt;
  if (value && value->empty()) value.reset();
  return value;
}

}  // namespace

base::Result<std::optional<std::string>> read_small_file(const std::string& path) {
  auto text = base::read_file(AT_FDCWD, path.c_str(), kLargest + 1, base::Links::kFollow);
  if (text && *text && (*text)->size() > kLargest) {
    return base::Error{base::Fault::kInvalid, fmt::format("{}: is larger than 1 MiB", path)};
  }
  return text;
}

std::optional<std::string> variable(const AwsOptions& options, std::string_view name) {
  return value_of(options.env, name);
}

std::optional<std::string> variable(const GoogleOptions& options, std::string_view name) {
  return value_of(options.env, name);
}

bool variable_is_true(const AwsOptions& options, std::string_view name) {
  std::string value = variable(options, name).value_or("");
  for (char& c : value) c = static_cast<char>(c | 0x20);  // to lower case
  return value == "true";
}

base::Result<SharedFiles::File> SharedFiles::read_one(const AwsOptions& options,
                                                      std::string_view file_variable,
                                                      std::string_view file) {
  const auto home = variable(options, "HOME");
  const auto named = variable(options, file_variable);
  File result{named.value_or(fmt::format("~/.aws/{}", file)), {}};
  std::string path = result.name;
  if (path.starts_with("~/")) {
    if (!home) return result;
    path = *home + path.substr(1);
  }
  auto text = read_small_file(path);
  if (!text) {
    // A home that belongs to somebody else says nothing about us.
    if (!named && text.error().fault == base::Fault::kDenied) return result;
    return text.error();
  }
  if (!*text) return result;
  auto sections = parse_ini(**text);
  if (!sections) {
    return base::Error{base::Fault::kInvalid,
                       fmt::format("{}: {}", result.name, sections.error().message)};
  }
  result.sections = std::move(*sections);
  return result;
}

base::Result<SharedFiles> SharedFiles::read(const AwsOptions& options) {
  SharedFiles files;
  files.named_ = variable(options, "AWS_PROFILE");
  if (!files.named_) files.named_ = variable(options, "AWS_DEFAULT_PROFILE");
  auto config = read_one(options, "AWS_CONFIG_FILE", "config");
  if (!config) return config.error();
  auto credentials = read_one(options, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  if (!credentials) return credentials.error();
  files.config_ = *std::move(config);
  files.credentials_ = *std::move(credentials);
  return files;
}

const Section* SharedFiles::config_section(std::string_view kind, std::string_view name) const {
  for (const auto& [header, section] : config_.sections) {
    if (is_section(header, kind, name)) return &section;
  }
  if (kind != "profile" || name != "default") return nullptr;
  const auto at = config_.sections.find("default");
  return at == config_.sections.end() ? nullptr : &at->second;
}

const Section* SharedFiles::sso_session(std::string_view name) const {
  return config_section("sso-session", name);
}

const Section* SharedFiles::services(std::string_view name) const {
  return config_section("services", name);
}

bool SharedFiles::has_profile(std::string_view name) const {
  return credentials_.sections.contains(name) || config_section("profile", name) != nullptr;
}

std::optional<std::string> SharedFiles::in_credentials(std::string_view profile,
                                                       std::string_view key) const {
  const auto at = credentials_.sections.find(profile);
  return value_in(at == credentials_.sections.end() ? nullptr : &at->second, key);
}

std::optional<std::string> SharedFiles::in_config(std::string_view profile,
                                                  std::string_view key) const {
  return value_in(config_section("profile", profile), key);
}

std::optional<std::string> SharedFiles::setting(std::string_view profile,
                                                std::string_view key) const {
  auto value = in_credentials(profile, key);
  return value ? value : in_config(profile, key);
}

std::optional<std::string> SharedFiles::endpoint(std::string_view profile,
                                                 std::string_view service) const {
  if (setting(profile, "ignore_configured_endpoint_urls") == "true") return std::nullopt;
  if (const auto name = setting(profile, "services")) {
    if (auto url = value_in(services(*name), fmt::format("{}.endpoint_url", service))) return url;
  }
  return setting(profile, "endpoint_url");
}

std::optional<std::string> aws_setting(const AwsOptions& options, std::string_view key) {
  constexpr std::string_view kEndpoint = "endpoint_url";
  if (key.ends_with(kEndpoint) &&
      variable_is_true(options, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
    return std::nullopt;
  }
  if (key.starts_with("aws_")) return std::nullopt;  // keys go nowhere but into AwsCredentials
  // A file that cannot be read is the chain's to complain about.
  const auto files = SharedFiles::read(options);
  if (!files) return std::nullopt;
  const std::string profile = files->profile();
  if (!key.ends_with(kEndpoint)) return files->setting(profile, key);
  if (files->setting(profile, "ignore_configured_endpoint_urls") == "true") return std::nullopt;
  if (key == kEndpoint) return files->setting(profile, key);
  const auto name = files->setting(profile, "services");
  return name ? value_in(files->services(*name), key) : std::nullopt;
}

}  // namespace gopouch::auth
