// An external account's own token: from a file, a URL or an executable.
//
// Rules: AIP-4117 and "Workload identity federation" of the IAM guide; for executables
// "Executable-sourced credentials" there: they run only where the user allows it by a variable.
#include <sstream>

#include <fmt/format.h>

#include "auth/command.h"
#include "auth/google.h"
#include "auth/reply.h"
#include "base/text.h"

namespace gopouch::auth {

namespace {

constexpr std::string_view kWhat = "Google external account";

base::Error invalid(std::string_view why) {
  return {base::Fault::kInvalid, fmt::format("{}: {}", kWhat, why)};
}

base::Result<base::Secret> checked(std::string token, std::string_view place) {
  if (token.empty()) return invalid(fmt::format("{}: there is no token in it", one_line(place)));
  return base::Secret(std::move(token));
}

base::Result<base::Secret> from_file(const SubjectSource& source) {
  const auto text = read_small_file(source.place);
  if (!text) return invalid(text.error().message);
  if (!*text) return invalid(fmt::format("{}: there is no such file", one_line(source.place)));
  return checked(subject_in(**text, source.field), source.place);
}

base::Result<base::Secret> from_url(const GoogleAsking& ask, const SubjectSource& source) {
  auto url = net::parse_url(source.place);
  if (!url || (url->scheme != "http" && url->scheme != "https")) {
    return invalid("credential_source.url is no URL");
  }
  net::Request request;
  request.url = *std::move(url);
  request.headers = source.headers;
  const std::string what = fmt::format("{}, {}", kWhat, request.url.authority());
  const auto reply = send_patiently(ask, std::move(request), what);
  if (!reply) return reply.error();
  if (reply->status != 200) {
    return base::Error{fault_of_status(reply->status), fmt::format("{}: {}", what, reply->status)};
  }
  return checked(subject_in(reply->body, source.field), "its answer");
}

std::vector<std::string> variables_for(const GoogleCredentials& account) {
  std::vector<std::string> variables{
      "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=" + account.audience,
      "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=" + account.subject_token_type,
      "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0", "GOOGLE_EXTERNAL_ACCOUNT_REVOKE=0"};
  if (account.impersonation_url) {
    const std::string whole = describe(account);
    variables.push_back("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=" +
                        whole.substr(whole.rfind(' ') + 1));
  }
  if (!account.subject.output_file.empty()) {
    variables.push_back("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=" + account.subject.output_file);
  }
  return variables;
}

base::Result<base::Secret> from_executable(const GoogleAsking& ask,
                                           const GoogleCredentials& account) {
  const SubjectSource& source = account.subject;
  if (variable(ask.options, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") != "1") {
    return base::Error{base::Fault::kDenied,
                       fmt::format("{}: its executable runs only with "
                                   "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
                                   kWhat)};
  }
  const Time now = ask.options.now();
  bool lasts = false;
  if (!source.output_file.empty()) {
    const auto kept = read_small_file(source.output_file);
    if (kept && *kept) {
      auto token = subject_in_output(**kept, now, lasts);
      if (token && lasts) return token;
    }
  }
  Command command{.words = {}, .variables = variables_for(account)};
  std::istringstream words(source.place);
  for (std::string word; words >> word;) command.words.push_back(word);
  const auto text =
      output_of(command, ask.call.at_most(source.timeout), fmt::format("{}, executable", kWhat));
  if (!text) return text.error();
  return subject_in_output(*text, now, lasts);
}

}  // namespace

std::string subject_in(std::string_view text, std::string_view name) {
  return name.empty() ? std::string(base::trim(text)) : field(json_fields(text), name);
}

base::Result<base::Secret> subject_in_output(std::string_view text, Time now, bool& lasts) {
  lasts = false;
  const Fields fields = json_fields(text);
  if (fields.empty()) return invalid("what its executable prints is no JSON object");
  if (field(fields, "version") != "1") {
    return invalid("what its executable prints has no \"version\": 1");
  }
  // A failure's code and words are the user's own.
  if (const std::string message = field(fields, "message"); !message.empty()) {
    return base::Error{base::Fault::kDenied,
                       fmt::format("{}, executable: {}: {}", kWhat, one_line(field(fields, "code")),
                                   one_line(message))};
  }
  const std::string expires = field(fields, "expiration_time");
  const long long end = std::strtoll(expires.c_str(), nullptr, 10);
  lasts = !expires.empty();
  if (lasts && end <= std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()) {
    return base::Error{base::Fault::kUnavailable,
                       fmt::format("{}, executable: its token has expired", kWhat)};
  }
  const bool saml = field(fields, "token_type") == "urn:ietf:params:oauth:token-type:saml2";
  return checked(field(fields, saml ? "saml_response" : "id_token"), "what its executable prints");
}

base::Result<base::Secret> subject_token_of(const GoogleAsking& ask,
                                            const GoogleCredentials& credentials) {
  switch (credentials.subject.from) {
    case SubjectSource::From::kFile:
      return from_file(credentials.subject);
    case SubjectSource::From::kUrl:
      return from_url(ask, credentials.subject);
    case SubjectSource::From::kExecutable:
      return from_executable(ask, credentials);
    case SubjectSource::From::kAws:
      return aws_subject_token(ask, credentials);
  }
  return invalid("no source");
}

}  // namespace gopouch::auth
