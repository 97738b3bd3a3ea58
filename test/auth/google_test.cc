// Application Default Credentials: where they are looked for, in which order, and what is said of
// those that do not work. What each kind sends: google_oracle_test.cc.
#include <thread>

#include "crypto/crypto.h"
#include "test/auth/google_fixture.h"

namespace gopouch::auth {
namespace {

using base::Fault;

class GoogleChainTest : public GoogleTest {};

TEST_F(GoogleChainTest, NothingIsNothing) { EXPECT_EQ(token_text(), "none"); }

TEST_F(GoogleChainTest, TheVariableGoesBeforeGcloudsFileAndThatBeforeTheMachine) {
  env_.erase("NO_GCE_CHECK");
  env_["GCE_METADATA_HOST"] = service_.url().substr(7);
  EXPECT_EQ((*token())->source, "metadata server");
  test::write(home_ / ".config/gcloud/application_default_credentials.json", user().dump());
  EXPECT_EQ((*token())->source, "a user's login (gcloud's login)");
  test::write(home_ / "elsewhere/application_default_credentials.json", service_account().dump());
  env_["CLOUDSDK_CONFIG"] = (home_ / "elsewhere").string();
  EXPECT_EQ((*token())->source,
            "service account ci@project.iam.gserviceaccount.com (gcloud's login)");
  use(external({{"file", (home_ / "subject").string()}}));
  test::write(home_ / "subject", "subject-hush\n");
  EXPECT_EQ((*token())->source, "external account (GOOGLE_APPLICATION_CREDENTIALS)");
}

TEST_F(GoogleChainTest, TheMachineShowsItsFlavor) {
  env_.erase("NO_GCE_CHECK");
  env_["GCE_METADATA_HOST"] = service_.url().substr(7);
  EXPECT_EQ(token_text(), "machine-token");
  const auto requests = asked();
  ASSERT_EQ(requests.size(), 1);
  EXPECT_EQ(requests[0].header("Metadata-Flavor"), "Google");
  instead_ = Reply{.body = R"({"access_token":"liar","expires_in":3600})"};
  EXPECT_EQ(token_text(), "none") << "somebody else's server";
  instead_ = Reply{.status = 404, .headers = {{"Metadata-Flavor", "Google"}}};
  EXPECT_EQ(token_text(), "none") << "no service account";
  instead_ = Reply{.status = 503, .headers = {{"Metadata-Flavor", "Google"}}};
  EXPECT_EQ(refusal("metadata server: status 503"), Fault::kUnavailable);
}

TEST_F(GoogleChainTest, AMachineWithoutTheServiceCostsSecondsOnce) {
  env_.erase("NO_GCE_CHECK");
  instead_ = Reply{.mode = Reply::Mode::kHang};
  GoogleOptions made = google();
  made.metadata_host = service_.url().substr(7);
  GoogleChain chain(made, client_);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(*chain.get(soon()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  const auto tries = asked().size();
  EXPECT_LE(tries, 2);
  EXPECT_FALSE(*chain.get(soon()));
  EXPECT_EQ(asked().size(), 0) << "asked again";
}

TEST_F(GoogleChainTest, SaysWhatIsWrongWithADocument) {
  struct Row {
    std::string text, part;
  };
  const auto without = [](nlohmann::json document, const char* name) {
    document.erase(name);
    return document.dump();
  };
  const auto with = [](nlohmann::json document, const char* name, const nlohmann::json& value) {
    document[name] = value;
    return document.dump();
  };
  const nlohmann::json file{{"file", "/none"}};
  const std::vector<Row> rows{
      {"", "is no JSON object"},
      {"[]", "is no JSON object"},
      {"{}", "has no type"},
      {R"({"type":"gdch_service_account"})", "type gdch_service_account is not known here"},
      {without(service_account(), "client_email"), "client_email is missing"},
      {without(service_account(), "private_key"), "private_key is missing"},
      {with(service_account(), "private_key", "hush"), "private_key is no RSA key in PEM"},
      {with(service_account(), "token_uri", "http://example.com/x"), "token_uri is not https"},
      {with(service_account(), "token_uri", "token"), "token_uri is no URL"},
      {with(user(), "quota_project_id", "a b"), "quota_project_id can be none"},
      {without(user(), "refresh_token"), "refresh_token is missing"},
      {without(external(file), "audience"), "audience is missing"},
      {without(external(file), "credential_source"), "names no file, url or executable"},
      {with(external(file), "service_account_impersonation_url", "http://example.com/x"),
       "service_account_impersonation_url is not https"},
      {external(file).dump(), "/none: there is no such file"},
      {external({{"certificate", {{"use_default_certificate_config", true}}}}).dump(),
       "certificate is not supported"},
      {external({{"url", service_.url() + "/subject"}, {"format", {{"type", "xml"}}}}).dump(),
       "neither text nor json"},
      {external({{"executable", {{"command", "/bin/true"}, {"timeout_millis", 1}}}}).dump(),
       "timeout_millis is not 5000 to 120000"},
      {external({{"environment_id", "aws2"}}).dump(), "environment_id is not aws1"},
      {R"({"type":"impersonated_service_account"})",
       "service_account_impersonation_url is missing"},
      {nlohmann::json{{"type", "impersonated_service_account"},
                      {"service_account_impersonation_url", "https://example.com/x"},
                      {"source_credentials", {{"type", "authorized_user"}}}}
           .dump(),
       "source_credentials: client_id"},
  };
  for (const Row& row : rows) {
    test::write(home_ / "document", row.text);
    env_["GOOGLE_APPLICATION_CREDENTIALS"] = (home_ / "document").string();
    EXPECT_EQ(refusal(row.part), Fault::kInvalid) << row.part;
  }
  env_["GOOGLE_APPLICATION_CREDENTIALS"] = (home_ / "none").string();
  EXPECT_EQ(refusal("there is no such file"), Fault::kInvalid);
}

TEST_F(GoogleChainTest, SaysWhyATokenIsRefused) {
  use(user());
  instead_ =
      Reply{.status = 400,
            .body = R"({"error":"invalid_grant","error_description":"expired: refresh-hush"})"};
  EXPECT_EQ(refusal("Google user's login: 400; run: gcloud auth application-default login"),
            Fault::kDenied)
      << "a reply that shows what was sent is not shown";
  instead_ = Reply{.status = 400,
                   .body = R"({"error":"invalid_grant","error_description":"Bad Request"})"};
  EXPECT_EQ(refusal("400 invalid_grant: Bad Request"), Fault::kDenied);
  instead_ = Reply{.body = "<html>"};
  EXPECT_EQ(refusal("the answer holds no token"), Fault::kInvalid);
  instead_ = Reply{.body = R"({"access_token":"a\r\nb"})"};
  EXPECT_EQ(refusal("the answer holds no token"), Fault::kInvalid);
  instead_ = Reply{.status = 503};
  EXPECT_EQ(refusal("Google user's login: 503"), Fault::kUnavailable);
  EXPECT_GE(asked().size(), 3) << "asked with patience";
  instead_ = Reply{.status = 403,
                   .body = R"({"error":{"status":"PERMISSION_DENIED","message":"no creator"}})"};
  use(service_account());
  EXPECT_EQ(refusal("service account ci@project.iam.gserviceaccount.com: 403 PERMISSION_DENIED: no "
                    "creator"),
            Fault::kDenied);
}

TEST_F(GoogleChainTest, AnExecutableRunsOnlyWhereItMay) {
  const std::string output = (home_ / "output").string();
  nlohmann::json executable{{"command", "/bin/cat  " + output}, {"timeout_millis", 5000}};
  use(external({{"executable", executable}}));
  EXPECT_EQ(refusal("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"), Fault::kDenied);
  env_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  EXPECT_EQ(refusal("ended with status 1"), Fault::kDenied);
  test::write(output, "no json");
  EXPECT_EQ(refusal("is no JSON object"), Fault::kInvalid);
  test::write(output, R"({"id_token":"x"})");
  EXPECT_EQ(refusal("\"version\": 1"), Fault::kInvalid);
  test::write(output, R"({"version":1,"success":false,"code":"401","message":"not logged in"})");
  EXPECT_EQ(refusal("401: not logged in"), Fault::kDenied);
  test::write(output, R"({"version":1,"success":true,"id_token":"x","expiration_time":7})");
  EXPECT_EQ(refusal("its token has expired"), Fault::kUnavailable);
  test::write(output, R"({"version":1,"success":true,"id_token":"subject-hush"})");
  EXPECT_EQ(token_text(), "sts-token");

  // It is told whom its token is to become. (AIP-4117; Google's Python library forgets to.)
  test::write(home_ / "program",
              "printf '{\"version\":1,\"success\":true,\"id_token\":\"%s\"}' "
              "\"$GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL\"");
  auto becoming =
      external({{"executable", {{"command", "/bin/sh " + (home_ / "program").string()}}}});
  becoming["service_account_impersonation_url"] = impersonation();
  use(becoming);
  asked();
  EXPECT_EQ(token_text(), "account-token");
  EXPECT_EQ(form_of(asked().front().body)["subject_token"],
            "cache@project.iam.gserviceaccount.com");

  // What it has kept goes before another run, if it says when it ends.
  const std::string kept = (home_ / "kept").string();
  executable["output_file"] = kept;
  use(external({{"executable", executable}}));
  const auto subject = [this] {
    asked();
    token_text();
    return form_of(asked().back().body)["subject_token"];
  };
  test::write(kept, R"({"version":1,"success":true,"id_token":"kept"})");
  EXPECT_EQ(subject(), "subject-hush");
  test::write(kept,
              R"({"version":1,"success":true,"id_token":"kept","expiration_time":4102444800})");
  EXPECT_EQ(subject(), "kept");
}

TEST_F(GoogleChainTest, AwsKeysComeFromTheInstanceWhereTheDocumentSays) {
  env_.erase("AWS_EC2_METADATA_DISABLED");
  use(external(
      {{"environment_id", "aws1"},
       {"url", service_.url() + "/latest/meta-data/iam/security-credentials"},
       {"region_url", service_.url() + "/latest/meta-data/placement/availability-zone"},
       {"regional_cred_verification_url", "https://sts.{region}.amazonaws.com?Action=x"}}));
  EXPECT_EQ(token_text(), "sts-token");
  const std::string subject = form_of(asked().back().body)["subject_token"];
  const auto whole = nlohmann::json::parse(*net::percent_decode(subject));
  EXPECT_EQ(whole["url"], "https://sts.eu-west-1.amazonaws.com?Action=x");
  EXPECT_EQ(subject.find("hush"), std::string::npos) << "the secret key itself";
}

TEST_F(GoogleChainTest, OneRenewsAheadWhileTheOthersGoOn) {
  use(user());
  GoogleChain chain(google(), client_);
  EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-1");
  EXPECT_EQ(asked().size(), 1);
  later(std::chrono::minutes(30));
  EXPECT_TRUE(chain.get(soon()));
  EXPECT_EQ(asked().size(), 0);
  later(std::chrono::minutes(27));  // three minutes are left
  instead_ = Reply{.body = R"({"access_token":"token-2","expires_in":3600})",
                   .delay = std::chrono::milliseconds(500)};
  std::jthread renews([&] { EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-2"); });
  for (int i = 0; i < 400 && asked().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-1");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(400));
  renews.join();
  EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-2");
  const GoogleToken refused = **chain.get(soon());
  instead_ = Reply{.body = R"({"access_token":"token-3","expires_in":3600})"};
  chain.renew(refused);
  EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-3");
  chain.renew(refused);
  asked();
  EXPECT_EQ((*chain.get(soon()))->token.reveal(), "token-3");
  EXPECT_EQ(asked().size(), 0) << "another one is here by now";
}

TEST_F(GoogleChainTest, KnowsWhoPays) {
  auto document = user();
  use(document);
  EXPECT_EQ((*token())->quota_project, "");
  document["quota_project_id"] = "payer";
  use(document);
  EXPECT_EQ((*token())->quota_project, "payer");
  env_["GOOGLE_CLOUD_QUOTA_PROJECT"] = "another";
  EXPECT_EQ((*token())->quota_project, "another");
}

TEST_F(GoogleChainTest, TheStatementsSignatureIsThatOfTheKey) {
  const test::TempDir dir;
  test::write(dir / "key", rsa_key());
  test::write(dir / "text", "a statement");
  const auto signature = crypto::sign_rs256(base::Secret(rsa_key()), "a statement");
  ASSERT_TRUE(signature) << signature.error().message;
  test::write(dir / "signature", *signature);
  const std::string d = dir.path().string();
  EXPECT_EQ(std::system(("openssl pkey -in " + d + "/key -pubout -out " + d +
                         "/public 2>/dev/null && openssl dgst -sha256 -verify " + d +
                         "/public -signature " + d + "/signature " + d + "/text >/dev/null")
                            .c_str()),
            0);
}

}  // namespace
}  // namespace gopouch::auth
