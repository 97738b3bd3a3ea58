// Application Default Credentials: the first of these that is there.
//
//   1. the file that GOOGLE_APPLICATION_CREDENTIALS names
//   2. gcloud's own: application_default_credentials.json in CLOUDSDK_CONFIG, else in
//      ~/.config/gcloud
//   3. the metadata server
//
// As with AWS: once something is said the search is over, even if it does not work. Each renewal
// reads the file anew, for it may have been replaced.
#include <fmt/format.h>

#include "auth/google.h"
#include "auth/reply.h"

namespace gopouch::auth {

namespace {

constexpr const char* kVariable = "GOOGLE_APPLICATION_CREDENTIALS";
constexpr KeptOf<GoogleToken>::Ends kEnds{std::chrono::minutes(5), std::chrono::minutes(1)};

struct Document {
  std::string text;
  std::string name;  // for messages
};

base::Result<std::optional<Document>> find_document(const GoogleOptions& options) {
  const auto named = variable(options, kVariable);
  std::string path = named.value_or("");
  if (!named) {
    const auto home = variable(options, "HOME");
    auto folder = variable(options, "CLOUDSDK_CONFIG");
    if (!folder && home) folder = *home + "/.config/gcloud";
    if (!folder) return std::optional<Document>();
    path = *folder + "/application_default_credentials.json";
  }
  auto text = read_small_file(path);
  if (!text) {
    return base::Error{text.error().fault, "Google credentials: " + text.error().message};
  }
  if (*text) {
    return std::optional(Document{**std::move(text), named ? kVariable : "gcloud's login"});
  }
  if (!named) return std::optional<Document>();
  return base::Error{
      base::Fault::kInvalid,
      fmt::format("Google credentials: {}: {}: there is no such file", kVariable, one_line(path))};
}

FoundToken find(const GoogleAsking& ask) {
  const auto document = find_document(ask.options);
  if (!document) return document.error();
  std::string project;
  FoundToken found = std::optional<GoogleToken>();
  if (*document) {
    const auto credentials = parse_google_credentials((*document)->text);
    if (!credentials) {
      return base::Error{base::Fault::kInvalid,
                         fmt::format("Google credentials ({}): {}", (*document)->name,
                                     credentials.error().message)};
    }
    auto token = token_of(ask, *credentials, ask.options.scope);
    if (!token) return token.error();
    token->source = fmt::format("{} ({})", describe(*credentials), (*document)->name);
    project = credentials->quota_project;
    found = std::optional(*std::move(token));
  } else {
    found = from_google_metadata(ask);
  }
  if (!found || !*found) return found;
  (*found)->quota_project = variable(ask.options, "GOOGLE_CLOUD_QUOTA_PROJECT").value_or(project);
  if (is_fit((*found)->quota_project)) return found;
  return base::Error{base::Fault::kInvalid, "GOOGLE_CLOUD_QUOTA_PROJECT can be no project"};
}

}  // namespace

struct GoogleChain::Rep {
  Rep(GoogleOptions given, net::Client& to) : options(std::move(given)), client(to) {}

  const GoogleOptions options;
  net::Client& client;
  KeptOf<GoogleToken> kept{[this](const base::Call& call) {
                             return find({options, client, call});
                           },
                           options.now, kEnds};
};

GoogleChain::GoogleChain(GoogleOptions options, net::Client& client)
    : rep_(std::make_unique<Rep>(std::move(options), client)) {}

GoogleChain::~GoogleChain() = default;

base::Result<std::optional<GoogleToken>> GoogleChain::get(const base::Call& call) {
  return rep_->kept.get(call);
}

void GoogleChain::renew(const GoogleToken& refused) { rep_->kept.renew(refused); }

const std::function<Time()>& GoogleChain::clock() const { return rep_->options.now; }

}  // namespace gopouch::auth
