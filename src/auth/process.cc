// credential_process: a command of the user's prints credentials as JSON.
//
// Rules: "Process credential provider" of the AWS SDKs and Tools reference guide: run by the shell,
// Version 1. It has a minute, or less where the call has.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "auth/command.h"
#include "auth/reply.h"
#include "auth/source.h"

namespace gopouch::auth {

namespace {

constexpr std::chrono::minutes kLongest{1};

base::Error error_of(const std::string& what, base::Fault fault, std::string_view why) {
  return {fault, fmt::format("{}: {}", what, why)};
}

}  // namespace

Found from_process(const Asking& ask, const SharedFiles& files, std::string_view profile) {
  auto command = files.setting(profile, "credential_process");
  if (!command) return std::optional<AwsCredentials>();
  std::replace(command->begin(), command->end(), '\n', ' ');  // of a value on several lines
  const std::string what = fmt::format("AWS profile {}, credential_process", one_line(profile));
  const auto text =
      output_of({.words = {"/bin/sh", "-c", *command}}, ask.call.at_most(kLongest), what);
  if (!text) return text.error();
  const Fields fields = json_fields(*text);
  if (fields.empty())
    return error_of(what, base::Fault::kInvalid, "what it prints is no JSON object");
  if (field(fields, "Version") != "1") {
    return error_of(what, base::Fault::kInvalid, "what it prints has no \"Version\": 1");
  }
  auto made = make_credentials(field(fields, "AccessKeyId"), field(fields, "SecretAccessKey"),
                               field(fields, "SessionToken"), field(fields, "Expiration"),
                               fmt::format("profile {}, credential_process", one_line(profile)));
  if (!made) return made.error();
  return std::optional(*std::move(made));
}

}  // namespace gopouch::auth
