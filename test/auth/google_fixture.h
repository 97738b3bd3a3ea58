// Google's chain in surroundings of the test's own: a service that hands out tokens, and takes down
// what it is asked.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "auth/google.h"
#include "test/auth/fixture.h"

#include <nlohmann/json.hpp>

namespace gopouch::auth {

inline constexpr const char* kStorageScope =
    "https://www.googleapis.com/auth/devstorage.read_write";

// What a form or a query says, decoded.
inline std::map<std::string, std::string> form_of(const std::string& text) {
  std::map<std::string, std::string> form;
  std::istringstream pieces(text);
  for (std::string piece; std::getline(pieces, piece, '&');) {
    std::string value = piece.substr(std::min(piece.find('=') + 1, piece.size()));
    std::replace(value.begin(), value.end(), '+', ' ');
    form[piece.substr(0, piece.find('='))] = net::percent_decode(value).value_or("?");
  }
  return form;
}

// A key made anew for each process, by the openssl command.
inline const std::string& rsa_key() {
  static const std::string text = [] {
    const test::TempDir dir;
    const std::string path = (dir / "key").string();
    const std::string command =
        "openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out " + path +
        " 2>/dev/null || openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out " +
        path + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) return std::string();
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

class GoogleTest : public AuthTest {
 protected:
  using json = nlohmann::json;

  GoogleTest() { env_["NO_GCE_CHECK"] = "true"; }

  GoogleOptions google() {
    GoogleOptions made;
    made.env = options().env;
    made.now = options().now;
    made.scope = kStorageScope;
    return made;
  }

  // Writes the document, names it, and gives its path.
  std::string use(const json& document) {
    const std::string path = (home_ / "credentials.json").string();
    test::write(path, document.dump());
    env_["GOOGLE_APPLICATION_CREDENTIALS"] = path;
    return path;
  }

  json service_account() const {
    return {{"type", "service_account"},
            {"client_email", "ci@project.iam.gserviceaccount.com"},
            {"private_key_id", "key-1"},
            {"private_key", rsa_key()},
            {"token_uri", service_.url() + "/token"}};
  }
  json user() const {
    return {{"type", "authorized_user"},
            {"client_id", "client-1"},
            {"client_secret", "client-hush"},
            {"refresh_token", "refresh-hush"},
            {"token_uri", service_.url() + "/token"}};
  }
  json external(const json& source) const {
    return {
        {"type", "external_account"},
        {"audience",
         "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x"},
        {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
        {"token_url", service_.url() + "/sts"},
        {"credential_source", source}};
  }
  std::string impersonation() const {
    return service_.url() +
           "/v1/projects/-/serviceAccounts/"
           "cache@project.iam.gserviceaccount.com:generateAccessToken";
  }

  // What a fresh chain finds.
  FoundToken token() {
    GoogleChain chain(google(), client_);
    return chain.get(soon());
  }
  std::string token_text() {
    const FoundToken found = token();
    if (!found) return found.error().message;
    return *found ? (*found)->token.reveal() : "none";
  }
  // The error, which must say `part` and no secret.
  base::Fault refusal(std::string_view part) {
    const FoundToken found = token();
    if (found) {
      ADD_FAILURE() << "no error";
      return base::Fault::kStopped;
    }
    const std::string& said = found.error().message;
    EXPECT_NE(said.find(part), std::string::npos) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    EXPECT_EQ(said.find("hush"), std::string::npos) << said;
    EXPECT_EQ(said.find("PRIVATE"), std::string::npos) << said;
    return found.error().fault;
  }

  std::vector<Asked> asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

  // Answered in place of what the service would say, while it is set.
  Settable<std::optional<Reply>> instead_{std::nullopt};

 private:
  Reply answer(const Asked& request) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request);
    }
    if (const auto instead = instead_.get()) return *instead;
    const std::string path = request.path();
    if (path == "/token") return ok({{"access_token", "token-1"}, {"expires_in", 3600}});
    if (path == "/sts") {
      return ok({{"access_token", "sts-token"},
                 {"issued_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                 {"token_type", "Bearer"},
                 {"expires_in", 3600}});
    }
    if (path.ends_with(":generateAccessToken")) {
      return ok({{"accessToken", "account-token"}, {"expireTime", "2030-01-01T00:00:00Z"}});
    }
    if (path == "/subject") return ok({{"id_token", "subject-hush"}});
    if (path == "/plain") return Reply{.body = "subject-hush\n"};
    if (path == "/latest/api/token") return Reply{.body = "imds-token"};
    if (path.ends_with("/availability-zone")) return Reply{.body = "eu-west-1b"};
    if (path.ends_with("/security-credentials/") || path.ends_with("/security-credentials")) {
      return Reply{.body = "role"};
    }
    if (path.ends_with("/security-credentials/role")) {
      return ok({{"Code", "Success"},
                 {"AccessKeyId", "AKIA1"},
                 {"SecretAccessKey", "hush"},
                 {"Token", "session"},
                 {"Expiration", "2030-01-01T00:00:00Z"}});
    }
    if (path.starts_with("/computeMetadata/") || path == "/") {
      Reply reply = path.ends_with("/token")
                        ? ok({{"access_token", "machine-token"},
                              {"expires_in", 1800},
                              {"token_type", "Bearer"}})
                        : ok({{"email", "machine@project.iam.gserviceaccount.com"},
                              {"aliases", {"default"}},
                              {"scopes", {"a"}}});
      reply.headers = {{"Metadata-Flavor", "Google"}, {"Content-Type", "application/json"}};
      return reply;
    }
    return Reply{.status = 404};
  }

  static Reply ok(const json& body) { return Reply{.body = body.dump()}; }

  std::mutex mutex_;
  std::vector<Asked> asked_;

 protected:
  Server service_{[this](const Asked& request) { return answer(request); }};
};

}  // namespace gopouch::auth
