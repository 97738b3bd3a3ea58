// Reading them. Rules: google_credentials.h.
#include "auth/google_credentials.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/reply.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

namespace {

using nlohmann::json;

constexpr std::string_view kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::string_view kStsUrl = "https://sts.googleapis.com/v1/token";
constexpr int kDeepest = 3;  // an account that one becomes from an account that one becomes …

base::Error invalid(std::string_view why) { return {base::Fault::kInvalid, std::string(why)}; }

const json& member(const json& object, const char* name) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto at = object.find(name);
  return at == object.end() ? kNone : *at;
}

// Empty where there is none.
std::string text_of(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string();
}

int number_of(const json& object, const char* name, int otherwise) {
  const json& value = member(object, name);
  if (!value.is_number_integer()) return otherwise;
  return static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, 1 << 30));
}

// Where a secret may go.
base::Result<net::Url> trusted_url(const std::string& text, const char* name) {
  auto url = net::parse_url(text);
  if (!url) return invalid(fmt::format("{} is no URL", name));
  const bool safe =
      url->scheme == "https" || (url->scheme == "http" && net::is_loopback(url->host));
  if (!safe) return invalid(fmt::format("{} is not https", name));
  return url;
}

base::Status take_token_url(GoogleCredentials& into, const json& object, const char* name,
                            std::string_view otherwise) {
  std::string text = text_of(object, name);
  if (text.empty()) text = otherwise;
  auto url = trusted_url(text, name);
  if (!url) return url.error();
  into.token_url = *std::move(url);
  return base::Done{};
}

base::Status take_impersonation(GoogleCredentials& into, const json& object) {
  constexpr const char* kName = "service_account_impersonation_url";
  const std::string text = text_of(object, kName);
  if (!text.empty()) {
    auto url = trusted_url(text, kName);
    if (!url) return url.error();
    into.impersonation_url = *std::move(url);
  }
  into.lifetime = number_of(member(object, "service_account_impersonation"),
                            "token_lifetime_seconds", into.lifetime);
  for (const json& one : member(object, "delegates")) {
    if (one.is_string()) into.delegates.push_back(one.get<std::string>());
  }
  return base::Done{};
}

base::Status read_service_account(GoogleCredentials& into, const json& object) {
  into.email = text_of(object, "client_email");
  into.key_id = text_of(object, "private_key_id");
  into.private_key = base::Secret(text_of(object, "private_key"));
  if (into.email.empty()) return invalid("client_email is missing");
  if (into.private_key.empty()) return invalid("private_key is missing");
  return take_token_url(into, object, "token_uri", kTokenUrl);
}

base::Status read_user(GoogleCredentials& into, const json& object) {
  into.client_id = text_of(object, "client_id");
  into.client_secret = base::Secret(text_of(object, "client_secret"));
  into.refresh_token = base::Secret(text_of(object, "refresh_token"));
  if (into.client_id.empty() || into.client_secret.empty() || into.refresh_token.empty()) {
    return invalid("client_id, client_secret or refresh_token is missing");
  }
  return take_token_url(into, object, "token_uri", kTokenUrl);
}

base::Status read_format(SubjectSource& into, const json& source) {
  const json& format = member(source, "format");
  const std::string type = text_of(format, "type");
  if (type.empty() || type == "text") return base::Done{};
  if (type != "json") return invalid("credential_source.format.type is neither text nor json");
  into.field = text_of(format, "subject_token_field_name");
  if (into.field.empty()) return invalid("credential_source.format names no field");
  return base::Done{};
}

base::Status read_executable(SubjectSource& into, const json& executable) {
  into.from = SubjectSource::From::kExecutable;
  into.place = text_of(executable, "command");
  into.output_file = text_of(executable, "output_file");
  const int timeout = number_of(executable, "timeout_millis", 30'000);
  if (base::trim(into.place).empty()) return invalid("credential_source.executable has no command");
  if (timeout < 5000 || timeout > 120'000) {
    return invalid("credential_source.executable.timeout_millis is not 5000 to 120000");
  }
  into.timeout = std::chrono::milliseconds(timeout);
  return base::Done{};
}

base::Status read_aws(SubjectSource& into, const json& source) {
  into.from = SubjectSource::From::kAws;
  if (text_of(source, "environment_id") != "aws1") {
    return invalid("credential_source.environment_id is not aws1");
  }
  into.place = text_of(source, "url");
  into.region_url = text_of(source, "region_url");
  into.verification_url = text_of(source, "regional_cred_verification_url");
  if (into.verification_url.empty()) {
    return invalid("credential_source.regional_cred_verification_url is missing");
  }
  return base::Done{};
}

base::Status read_subject(SubjectSource& into, const json& source) {
  if (member(source, "environment_id").is_string()) return read_aws(into, source);
  if (member(source, "executable").is_object()) return read_executable(into, source["executable"]);
  if (member(source, "certificate").is_object()) {
    return invalid("credential_source.certificate is not supported");
  }
  into.place = text_of(source, "file");
  if (into.place.empty()) {
    into.from = SubjectSource::From::kUrl;
    into.place = text_of(source, "url");
    const json& headers = member(source, "headers");
    if (headers.is_object()) {
      for (const auto& [name, value] : headers.items()) {
        if (!is_fit(name) || !value.is_string()) return invalid("credential_source.headers");
        std::string text(base::trim(value.get_ref<const std::string&>()));
        if (text.find_first_of("\r\n") != std::string::npos) {
          return invalid("credential_source.headers");
        }
        into.headers.push_back({name, std::move(text)});
      }
    }
  }
  if (into.place.empty()) return invalid("credential_source names no file, url or executable");
  return read_format(into, source);
}

base::Status read_external(GoogleCredentials& into, const json& object) {
  into.audience = text_of(object, "audience");
  into.subject_token_type = text_of(object, "subject_token_type");
  into.workforce_project = text_of(object, "workforce_pool_user_project");
  into.client_id = text_of(object, "client_id");
  into.client_secret = base::Secret(text_of(object, "client_secret"));
  if (into.audience.empty()) return invalid("audience is missing");
  if (into.subject_token_type.empty()) return invalid("subject_token_type is missing");
  if (auto read = take_impersonation(into, object); !read) return read;
  if (auto read = read_subject(into.subject, member(object, "credential_source")); !read) {
    return read;
  }
  return take_token_url(into, object, "token_url", kStsUrl);
}

base::Result<GoogleCredentials> read(const json& object, int depth);

base::Status read_impersonated(GoogleCredentials& into, const json& object, int depth) {
  if (auto read = take_impersonation(into, object); !read) return read;
  if (!into.impersonation_url) return invalid("service_account_impersonation_url is missing");
  auto from = read(member(object, "source_credentials"), depth + 1);
  if (!from) return invalid(fmt::format("source_credentials: {}", from.error().message));
  into.from = std::make_unique<GoogleCredentials>(*std::move(from));
  return base::Done{};
}

base::Result<GoogleCredentials> read(const json& object, int depth) {
  if (!object.is_object()) return invalid("is no JSON object");
  if (depth > kDeepest) return invalid("one inside the other without end");
  GoogleCredentials made;
  made.quota_project = text_of(object, "quota_project_id");
  if (!is_fit(made.quota_project)) return invalid("quota_project_id can be none");
  const std::string type = text_of(object, "type");
  base::Status status = base::Done{};
  if (type == "service_account") {
    status = read_service_account(made, object);
  } else if (type == "authorized_user") {
    made.kind = GoogleKind::kAuthorizedUser;
    status = read_user(made, object);
  } else if (type == "external_account") {
    made.kind = GoogleKind::kExternalAccount;
    status = read_external(made, object);
  } else if (type == "impersonated_service_account") {
    made.kind = GoogleKind::kImpersonated;
    status = read_impersonated(made, object, depth);
  } else {
    return invalid(type.empty() ? "has no type"
                                : fmt::format("type {} is not known here", one_line(type)));
  }
  if (!status) return status.error();
  return made;
}

// Whose token it is in the end: ".../serviceAccounts/EMAIL:generateAccessToken".
std::string account_in(const net::Url& url) {
  std::string_view path = url.path;
  path.remove_prefix(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const auto account = net::percent_decode(path.substr(0, path.rfind(':')));
  return one_line(account.value_or(""));
}

}  // namespace

base::Result<GoogleCredentials> parse_google_credentials(std::string_view text) {
  return read(json::parse(text, nullptr, false), 0);
}

std::string describe(const GoogleCredentials& credentials) {
  switch (credentials.kind) {
    case GoogleKind::kServiceAccount:
      return fmt::format("service account {}", one_line(credentials.email));
    case GoogleKind::kAuthorizedUser:
      return "a user's login";
    case GoogleKind::kExternalAccount:
      return fmt::format(
          "external account{}{}", credentials.impersonation_url ? ", as " : "",
          credentials.impersonation_url ? account_in(*credentials.impersonation_url) : "");
    case GoogleKind::kImpersonated:
      return fmt::format("{}, as {}", describe(*credentials.from),
                         account_in(*credentials.impersonation_url));
  }
  return {};
}

}  // namespace gopouch::auth
