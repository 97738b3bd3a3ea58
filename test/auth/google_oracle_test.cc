// Each kind of Google's credentials, beside Google's own library for Python: from the same document
// both must ask the same things of the same addresses, and get the same token. Skipped where the
// Python that tools/test-servers.sh makes has no google-auth.
#include <array>
#include <cstdio>

#include "base/base64.h"
#include "test/auth/google_fixture.h"
#include "test/support/test_bin.h"

namespace gopouch::auth {
namespace {

using json = nlohmann::json;

std::string run(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> piece{};
  for (std::size_t size = 0; (size = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    text.append(piece.data(), size);
  }
  ::pclose(pipe);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// The header and the claims of a signed statement, with its times as they are.
json statement(const std::string& text) {
  const auto decoded = [](std::string part) {
    for (char& letter : part) {
      if (letter == '-') letter = '+';
      if (letter == '_') letter = '/';
    }
    while (part.size() % 4 != 0) part += '=';
    std::string out(part.size(), '\0');
    const auto size = base::decode_base64(part, reinterpret_cast<std::uint8_t*>(out.data()));
    out.resize(size.value_or(0));
    return json::parse(out, nullptr, false);
  };
  const std::size_t first = text.find('.'), second = text.find('.', first + 1);
  return {decoded(text.substr(0, first)), decoded(text.substr(first + 1, second - first - 1))};
}

// A subject's token that is a signed request, its headers in order of their names.
json signed_request(const std::string& text) {
  json whole = json::parse(net::percent_decode(text).value_or(""), nullptr, false);
  if (!whole.is_object()) return text;
  std::map<std::string, std::string> headers;
  for (const json& header : whole["headers"]) {
    std::string name = header["key"];
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return std::tolower(c); });
    headers[name] = header["value"];
  }
  // Ours covers x-goog-cloud-target-resource too, as Google's guide and its library for Go have it.
  std::string& authorization = headers["authorization"];
  authorization.resize(authorization.find(", SignedHeaders="));
  whole["headers"] = headers;
  return whole;
}

// A request, as far as it must be the same.
json essence(const test::HttpRequest& request) {
  json made{
      {"method", request.method}, {"path", request.path()}, {"query", form_of(request.query())}};
  for (const char* name : {"Authorization", "Metadata-Flavor"}) {
    if (!request.header(name).empty()) made[name] = request.header(name);
  }
  const json body = json::parse(request.body, nullptr, false);
  if (body.is_object()) {
    made["body"] = body;
    if (body.contains("delegates") && body["delegates"].is_null()) made["body"].erase("delegates");
    return made;
  }
  for (const auto& [name, value] : form_of(request.body)) {
    json& into = made["form"][name];
    into = value;
    if (name == "assertion") into = statement(value);
    if (name == "subject_token") into = signed_request(value);
    if (name == "options") into = json::parse(net::percent_decode(value).value_or(""));
  }
  return made;
}

class GoogleOracle : public GoogleTest {
 protected:
  static void SetUpTestSuite() {
    probe = run(python() + " -c 'import google.auth, requests; print(1)' 2>/dev/null");
  }
  void SetUp() override {
    if (probe != "1") GTEST_SKIP() << "no google-auth: run tools/test-servers.sh";
  }

  static std::string python() { return (test::test_bin() / "python/bin/python").string(); }

  // Both ask for a token with what the environment says. What differs is said.
  void compare(const std::string& wanted, const char* scope = kStorageScope) {
    asked();
    std::string command = "env -i PATH=/usr/bin:/bin HOME=" + home_.path().string();
    for (const auto& [name, value] : env_) command += " '" + name + "=" + value + "'";
    command +=
        " " + python() + " " GOPOUCH_SOURCE_DIR "/test/auth/google_oracle.py " + scope + " 2>&1";
    EXPECT_EQ(run(command), wanted);
    const json theirs = essences();
    set_clock(theirs);
    EXPECT_EQ(token_text(), wanted);
    const json ours = essences();
    EXPECT_EQ(ours, theirs) << "ours: " << ours.dump(1) << "\ntheirs: " << theirs.dump(1);
    EXPECT_FALSE(theirs.empty());
  }

 private:
  json essences() {
    json all = json::array();
    for (const Asked& request : asked()) {
      // Whether there is such a server is asked first, and which scopes it would give.
      const bool is_question = request.path() == "/" || request.path().ends_with("/default/") ||
                               request.path().ends_with("/project-id");
      if (!is_question) all.push_back(essence(request));
    }
    return all;
  }

  // Ours is set to the second that theirs showed, so that what is signed is the same.
  void set_clock(const json& theirs) {
    for (const json& request : theirs) {
      const json form = request.value("form", json::object());
      if (form.contains("assertion")) now_ = form["assertion"][1]["iat"].get<std::int64_t>() * 1000;
      if (!form.contains("subject_token") || !form["subject_token"].is_object()) continue;
      std::string stamp = form["subject_token"]["headers"]["x-amz-date"];  // 20260102T030405Z
      for (const std::size_t at : {4, 7}) stamp.insert(at, "-");
      for (const std::size_t at : {13, 16}) stamp.insert(at, ":");
      now_ = parse_time(stamp)->time_since_epoch().count();
    }
  }

  static std::string probe;
};

std::string GoogleOracle::probe;

TEST_F(GoogleOracle, ServiceAccount) {
  use(service_account());
  compare("token-1");
}

TEST_F(GoogleOracle, AuthorizedUser) {
  use(user());
  compare("token-1", "");
}

TEST_F(GoogleOracle, ExternalAccountFromFile) {
  test::write(home_ / "subject", "subject-hush");
  use(external({{"file", (home_ / "subject").string()}}));
  compare("sts-token");
  test::write(home_ / "subject", R"({"token":"inside"})");
  use(external({{"file", (home_ / "subject").string()},
                {"format", {{"type", "json"}, {"subject_token_field_name", "token"}}}}));
  compare("sts-token");
}

TEST_F(GoogleOracle, ExternalAccountFromUrl) {
  use(external({{"url", service_.url() + "/subject"},
                {"headers", {{"Authorization", "Bearer job"}}},
                {"format", {{"type", "json"}, {"subject_token_field_name", "id_token"}}}}));
  compare("sts-token");
}

TEST_F(GoogleOracle, ExternalAccountFromExecutable) {
  env_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  // It shows in its token what it was told.
  test::write(
      home_ / "program",
      "printf '{\"version\":1,\"success\":true,\"token_type\":\"%s\",\"id_token\":\"%s %s %s\"}' "
      "\"$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE\" \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" "
      "\"$GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE\" \"$1\"");
  auto document = external(
      {{"executable", {{"command", "/bin/sh " + (home_ / "program").string() + " word"}}}});
  use(document);
  compare("sts-token");
  document["service_account_impersonation_url"] = impersonation();
  use(document);
  compare("account-token");
}

TEST_F(GoogleOracle, ExternalAccountOnAws) {
  env_["AWS_ACCESS_KEY_ID"] = "AKIA1";
  env_["AWS_SECRET_ACCESS_KEY"] = "hush";
  env_["AWS_REGION"] = "eu-west-1";
  const json source{
      {"environment_id", "aws1"},
      {"regional_cred_verification_url",
       "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}};
  auto document = external(source);
  document["subject_token_type"] = "urn:ietf:params:aws:token-type:aws4_request";
  use(document);
  compare("sts-token");
  env_["AWS_SESSION_TOKEN"] = "a/session==";
  compare("sts-token");
}

TEST_F(GoogleOracle, ExternalAccountBecomesAServiceAccount) {
  test::write(home_ / "subject", "subject-hush");
  auto document = external({{"file", (home_ / "subject").string()}});
  document["service_account_impersonation_url"] = impersonation();
  use(document);
  compare("account-token");
  document["service_account_impersonation"] = {{"token_lifetime_seconds", 900}};
  use(document);
  compare("account-token");
}

TEST_F(GoogleOracle, WorkforceAndItsProject) {
  test::write(home_ / "subject", "subject-hush");
  auto document = external({{"file", (home_ / "subject").string()}});
  document["audience"] = "//iam.googleapis.com/locations/global/workforcePools/p/providers/x";
  document["workforce_pool_user_project"] = "my-project";
  use(document);
  compare("sts-token");
  document["client_id"] = "client-1";
  document["client_secret"] = "client-hush";
  use(document);
  compare("sts-token");
}

TEST_F(GoogleOracle, ImpersonatedServiceAccount) {
  json document{{"type", "impersonated_service_account"},
                {"service_account_impersonation_url", impersonation()},
                {"source_credentials", service_account()}};
  use(document);
  compare("account-token");
  document["delegates"] = {"projects/-/serviceAccounts/between@project.iam.gserviceaccount.com"};
  use(document);
  compare("account-token");
}

TEST_F(GoogleOracle, Machine) {
  env_.erase("NO_GCE_CHECK");
  env_["GCE_METADATA_HOST"] = service_.url().substr(7);
  env_["GCE_METADATA_IP"] = service_.url().substr(7);
  compare("machine-token");
}

}  // namespace
}  // namespace gopouch::auth
