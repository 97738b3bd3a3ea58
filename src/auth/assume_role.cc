// Profiles, in the AWS tools' order: a role with credentials from elsewhere, else the profile's own
// credentials of whatever kind.
//
// Rules: botocore's AssumeRoleProvider, which AWS's command line uses. A profile that is a source
// uses keys of its own before a role of its own; a profile may be its own source if it has keys.
#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "auth/reply.h"
#include "auth/service.h"

namespace gopouch::auth {

namespace {

constexpr std::size_t kLongestWalk = 16;  // roles

base::Error invalid(std::string_view profile, std::string_view why) {
  return {base::Fault::kInvalid, fmt::format("AWS profile {}: {}", one_line(profile), why)};
}

// A walk from profile to profile.
class Walk {
 public:
  Walk(const Asking& ask, const SharedFiles& files) : ask_(ask), files_(files) {}

  Found begin() {
    const std::string profile = files_.profile();
    if (files_.named() && !files_.has_profile(profile)) {
      return invalid(profile, fmt::format("neither {} nor {} has it", files_.config_name(),
                                          files_.credentials_name()));
    }
    if (has_role(profile)) return by_role(profile);
    return by_itself(profile, true);
  }

 private:
  bool has_role(const std::string& profile) const {
    return files_.setting(profile, "role_arn") &&
           !files_.setting(profile, "web_identity_token_file");
  }

  bool has_keys(const std::string& profile) const {
    return files_.setting(profile, "aws_access_key_id") ||
           files_.setting(profile, "aws_secret_access_key");
  }

  Found by_itself(const std::string& profile, bool with_environment) const {
    auto found = from_web_identity(ask_, files_, profile, with_environment);
    if (!said(found)) found = from_sso(ask_, files_, profile);
    if (!said(found)) found = from_credentials_file(files_, profile);
    if (!said(found) && files_.setting(profile, "login_session")) {
      return invalid(profile,
                     "\"aws login\" sessions are not supported; write credential_process = aws "
                     "configure export-credentials --profile … --format process");
    }
    if (!said(found)) found = from_process(ask_, files_, profile);
    if (!said(found)) found = from_config_file(files_, profile);
    return found;
  }

  // The credentials that ask for the role.
  Found source_of(const std::string& profile) {
    const auto place = files_.setting(profile, "credential_source");
    const auto source = files_.setting(profile, "source_profile");
    if (place && source) return invalid(profile, "has both source_profile and credential_source");
    if (place) return by_place(profile, *place);
    if (!source) return invalid(profile, "role_arn needs source_profile or credential_source");
    if (!files_.has_profile(*source)) {
      return invalid(profile, fmt::format("there is no source_profile {}", one_line(*source)));
    }
    const bool seen = std::find(seen_.begin(), seen_.end(), *source) != seen_.end();
    if (seen && (*source != profile || !has_keys(*source))) {
      return invalid(profile, fmt::format("source_profile {} leads back here", one_line(*source)));
    }
    if (seen_.size() >= kLongestWalk) return invalid(profile, "too many roles one after another");
    if (!has_keys(*source) && has_role(*source)) return by_role(*source);
    auto found = by_itself(*source, false);
    if (!said(found)) {
      return invalid(profile,
                     fmt::format("source_profile {} has no credentials", one_line(*source)));
    }
    return found;
  }

  Found by_place(const std::string& profile, const std::string& place) const {
    Found found = std::optional<AwsCredentials>();
    if (place == "Environment") {
      found = from_environment(ask_.options);
    } else if (place == "EcsContainer") {
      found = from_container(ask_);
    } else if (place == "Ec2InstanceMetadata") {
      found = from_instance(ask_, files_);
    } else {
      return invalid(profile, fmt::format("no such credential_source: {}", one_line(place)));
    }
    if (!said(found)) {
      return invalid(profile, fmt::format("credential_source {} has no credentials", place));
    }
    return found;
  }

  Found by_role(const std::string& profile) {
    seen_.push_back(profile);
    if (files_.setting(profile, "mfa_serial")) {
      return invalid(profile, "mfa_serial: nobody is here to type a code; use a profile without");
    }
    const auto source = source_of(profile);
    if (!source) return source.error();
    const std::string role = files_.setting(profile, "role_arn").value_or("");
    const auto name = files_.setting(profile, "role_session_name");
    StsRequest request{
        .action = "AssumeRole",
        .parameters = {{"RoleArn", role},
                       {"RoleSessionName", name ? *name : session_name(ask_.options)}},
        .signer = &**source,
        .source = fmt::format("profile {}, role {}", one_line(profile), one_line(role)),
        .what = fmt::format("AWS profile {}, role {}", one_line(profile), one_line(role)),
    };
    if (const auto id = files_.setting(profile, "external_id")) {
      request.parameters.emplace_back("ExternalId", *id);
    }
    if (const auto seconds = files_.setting(profile, "duration_seconds")) {
      int number = 0;
      const auto* const end = seconds->data() + seconds->size();
      const auto [stop, error] = std::from_chars(seconds->data(), end, number);
      // What is no number the AWS tools leave out too.
      if (error == std::errc() && stop == end) {
        request.parameters.emplace_back("DurationSeconds", *seconds);
      }
    }
    return ask_sts(ask_, files_, files_.profile(), request);
  }

  const Asking& ask_;
  const SharedFiles& files_;
  std::vector<std::string> seen_;
};

Found keys_of(std::string_view profile, const std::string& file, const auto& setting) {
  auto id = setting("aws_access_key_id");
  if (!id) return std::optional<AwsCredentials>();
  auto secret = setting("aws_secret_access_key");
  auto token = setting("aws_security_token");  // its name of old
  if (!token) token = setting("aws_session_token");
  auto made = make_credentials(*std::move(id), secret.value_or(""), token.value_or(""), "",
                               fmt::format("profile {} in {}", one_line(profile), file));
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace

Found from_credentials_file(const SharedFiles& files, std::string_view profile) {
  return keys_of(profile, files.credentials_name(),
                 [&](std::string_view key) { return files.in_credentials(profile, key); });
}

Found from_config_file(const SharedFiles& files, std::string_view profile) {
  return keys_of(profile, files.config_name(),
                 [&](std::string_view key) { return files.in_config(profile, key); });
}

Found from_profile(const Asking& ask, const SharedFiles& files) { return Walk(ask, files).begin(); }

}  // namespace gopouch::auth
