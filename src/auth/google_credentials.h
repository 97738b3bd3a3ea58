// Credentials as Google's tools write them down: a JSON document, of which "type" says the kind.
//
//   service_account               a private key
//   authorized_user               a refresh token: gcloud auth application-default login
//   external_account              another identity provider's token: workload identity federation
//   impersonated_service_account  one of these, to become a service account
//
// Rules: "How Application Default Credentials works" of Google Cloud's authentication guide, and
// AIP-4110, 4112, 4113, 4116 and 4117. Everything about one kind stands together; a URL that a
// secret would be sent to must be https, or on this very machine.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "net/net.h"

namespace gopouch::auth {

enum class GoogleKind { kServiceAccount, kAuthorizedUser, kExternalAccount, kImpersonated };

// Where an external account's own token comes from.
struct SubjectSource {
  enum class From { kFile, kUrl, kExecutable, kAws };
  From from = From::kFile;
  std::string place;  // a path, a URL, a command, for AWS the URL of its keys (or empty)
  std::string field;  // of a JSON object; empty: the text is the token
  std::vector<net::Header> headers;           // kUrl
  std::chrono::milliseconds timeout{30'000};  // kExecutable
  std::string output_file;                    // kExecutable: where it keeps its answer
  std::string region_url, verification_url;   // kAws
};

struct GoogleCredentials {
  GoogleKind kind = GoogleKind::kServiceAccount;
  std::string quota_project;

  // kServiceAccount
  std::string email, key_id;
  base::Secret private_key;

  // kAuthorizedUser; an external account may have the first two
  std::string client_id;
  base::Secret client_secret, refresh_token;

  // kServiceAccount, kAuthorizedUser, kExternalAccount
  net::Url token_url;

  // kExternalAccount
  std::string audience, subject_token_type, workforce_project;
  SubjectSource subject;

  // kImpersonated; an external account may have one
  std::optional<net::Url> impersonation_url;
  int lifetime = 3600;  // seconds
  std::vector<std::string> delegates;
  std::unique_ptr<GoogleCredentials> from;  // kImpersonated: who becomes that account
};

// kInvalid with what is wrong or missing; it shows nothing of the text but "type".
base::Result<GoogleCredentials> parse_google_credentials(std::string_view text);

// "service account a@b", "user", "external account, as a@b": for doctor.
std::string describe(const GoogleCredentials& credentials);

}  // namespace gopouch::auth
