// The AWS tools' files on this machine: profiles, and what they refer to.
//
// ~/.aws/config (AWS_CONFIG_FILE) has [default], [profile NAME], [sso-session NAME] and [services
// NAME]; ~/.aws/credentials (AWS_SHARED_CREDENTIALS_FILE) has [NAME]. Of a profile in both the
// credentials file's word goes first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/auth.h"
#include "auth/ini.h"

namespace gopouch::auth {

// All of a file of at most 1 MiB; nullopt where there is none. Links are followed: tokens of
// Kubernetes and the files of many a home are links.
base::Result<std::optional<std::string>> read_small_file(const std::string& path);

// The value of a variable that is set and not empty.
std::optional<std::string> variable(const AwsOptions& options, std::string_view name);
std::optional<std::string> variable(const GoogleOptions& options, std::string_view name);
bool variable_is_true(const AwsOptions& options, std::string_view name);

class SharedFiles {
 public:
  // A file that is not there is empty; one that cannot be read is an error.
  static base::Result<SharedFiles> read(const AwsOptions& options);

  // The profile that the user named: AWS_PROFILE, or AWS_DEFAULT_PROFILE; nullopt: none.
  const std::optional<std::string>& named() const { return named_; }
  std::string profile() const { return named_.value_or("default"); }

  bool has_profile(std::string_view name) const;
  // Absent and empty are the same: nullopt.
  std::optional<std::string> setting(std::string_view profile, std::string_view key) const;
  // The same in one of the files.
  std::optional<std::string> in_credentials(std::string_view profile, std::string_view key) const;
  std::optional<std::string> in_config(std::string_view profile, std::string_view key) const;
  // Null: no such section.
  const Section* sso_session(std::string_view name) const;
  const Section* services(std::string_view name) const;
  // The endpoint that a profile names for a service ("s3", "sts"), or for all of them.
  std::optional<std::string> endpoint(std::string_view profile, std::string_view service) const;

  // For messages, with ~ for the home folder.
  const std::string& config_name() const { return config_.name; }
  const std::string& credentials_name() const { return credentials_.name; }

 private:
  struct File {
    std::string name;
    Sections sections;
  };
  static base::Result<File> read_one(const AwsOptions& options, std::string_view file_variable,
                                     std::string_view file);
  const Section* config_section(std::string_view kind, std::string_view name) const;

  std::optional<std::string> named_;
  File config_, credentials_;
};

}  // namespace gopouch::auth
