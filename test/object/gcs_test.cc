// A gs:// remote as open() makes it, with servers that refuse, break and lie on purpose.
#include <map>

#include <gtest/gtest.h>

#include "object/gcs_upload.h"
#include "test/object/scripted_store.h"
#include "test/support/fake_gcs.h"
#include "test/support/http_server.h"
#include "test/support/temp_dir.h"

namespace gopouch::object {
namespace {

using base::Fault;
using test::bytes_of;
using test::fault_of;
using test::HttpReply;
using test::HttpRequest;
using test::HttpServer;
using test::in_time;
using test::text_of;

class GcsTest : public testing::Test {
 protected:
  GcsTest() {
    options_.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto at = env_.find(std::string(name));
      return at == env_.end() ? std::nullopt : std::optional(at->second);
    };
    options_.attempts = 1;
    env_ = {{"HOME", home_.path().string()}, {"NO_GCE_CHECK", "true"}};
  }

  Remote remote(const std::string& url = "gs://bucket/ci") {
    auto opened = open(url, options_);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  std::string refusal(const std::string& url) {
    const auto opened = open(url, options_);
    return opened ? "opened" : opened.error().message;
  }
  // A login whose tokens come from `server`.
  void log_in(const HttpServer& server) {
    test::write(home_ / ".config/gcloud/application_default_credentials.json",
                fmt::format(R"({{"type":"authorized_user","client_id":"c","client_secret":"hush",)"
                            R"("refresh_token":"hush","quota_project_id":"payer",)"
                            R"("token_uri":"{}/token"}})",
                            server.url()));
  }

  test::TempDir home_;
  std::map<std::string, std::string> env_;
  Options options_;
};

TEST_F(GcsTest, TakesUrls) {
  EXPECT_EQ(remote().name(), "gs://bucket/ci");
  EXPECT_TRUE(remote().has_prefix());
  EXPECT_EQ(remote("gs://my.bucket_1//a%20b//").name(), "gs://my.bucket_1/a b");
  EXPECT_FALSE(remote("gs://bucket").has_prefix());
  EXPECT_EQ(remote("gs://bucket//a-?raw-prefix=true").name(), "gs://bucket//a-");
  EXPECT_TRUE(remote().features().ranges);
  EXPECT_TRUE(remote().features().preconditions);
  EXPECT_EQ(refusal("gs://b"), "'b' can be no bucket: write gs://bucket/prefix");
  EXPECT_EQ(refusal("gs://bucket:80/x"), "'bucket:80' can be no bucket: write gs://bucket/prefix");
  EXPECT_EQ(refusal("gs://u:hush@bucket"),
            "keys do not belong into a URL: set GOOGLE_APPLICATION_CREDENTIALS");
  EXPECT_EQ(refusal("gs://bucket?region=x"),
            "gs:// has no parameter region; there are mode, endpoint, raw-prefix");
  EXPECT_EQ(refusal("gs://bucket?endpoint=ftp://x"),
            "endpoint is no URL: write https://host or http://host:port");
  EXPECT_EQ(refusal("gs://bucket?endpoint=http://store.example"),
            "the endpoint is not https, and a token is no secret without; for an emulator set "
            "STORAGE_EMULATOR_HOST");
  EXPECT_EQ(refusal("gs://bucket?endpoint=https://private.example"), "opened");
  env_["STORAGE_EMULATOR_HOST"] = "ftp://x";
  EXPECT_EQ(refusal("gs://bucket"),
            "STORAGE_EMULATOR_HOST is no URL: write https://host or http://host:port");
}

TEST_F(GcsTest, AnEmulatorIsAskedWithoutANameAndNobodyIsAskedForOne) {
  HttpServer server([](const HttpRequest& request) {
    return HttpReply{.body = request.header("Authorization") + "bytes"};
  });
  env_["GOOGLE_APPLICATION_CREDENTIALS"] = "/none";
  for (const std::string& host : {server.url(), server.url().substr(7)}) {
    env_["STORAGE_EMULATOR_HOST"] = host;
    auto gs = remote();
    EXPECT_EQ(text_of(gs.store(), "k"), "bytes");
    EXPECT_EQ(*gs.who(in_time()), "nowhere: STORAGE_EMULATOR_HOST is set");
  }
}

TEST_F(GcsTest, SaysWhatTheCredentialsWantFor) {
  env_["GOOGLE_APPLICATION_CREDENTIALS"] = (home_ / "none").string();
  auto gs = remote();
  const auto got = get_one(gs.store(), {.key = "k"}, in_time());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "gs://bucket: GET: Google credentials: "
            "GOOGLE_APPLICATION_CREDENTIALS: " +
                (home_ / "none").string() + ": there is no such file");
}

TEST_F(GcsTest, WithoutCredentialsItIsAskedWithoutAName) {
  HttpServer server([](const HttpRequest&) {
    return HttpReply{.status = 401, .body = "Anonymous caller does not have access."};
  });
  auto gs = remote("gs://bucket?endpoint=" + server.url());
  const auto got = get_one(gs.store(), {.key = "k"}, in_time());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kDenied);
  EXPECT_EQ(got.error().message,
            "gs://bucket: GET: 401: Anonymous caller does not have access. (no credentials were "
            "found, so the request was not signed)");
  EXPECT_EQ(*gs.who(in_time()), "nowhere: requests are not signed");
}

TEST_F(GcsTest, ATokenThatIsRefusedIsRenewedOnceForAll) {
  std::atomic<int> tokens = 0, gets = 0;
  HttpServer server([&](const HttpRequest& request) {
    if (request.path() == "/token") {
      return HttpReply{.body =
                           fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", ++tokens)};
    }
    ++gets;
    if (request.header("Authorization") != "Bearer t2") return HttpReply{.status = 401};
    return HttpReply{.body = request.header("x-goog-user-project")};
  });
  log_in(server);
  auto gs = remote("gs://bucket?endpoint=" + server.url());
  std::vector<Get> many(50, Get{.key = "k"});
  int good = 0;
  gs.store().get(many, in_time(), [&](std::size_t, const auto& reply) {
    if (text_of(reply) == "payer") ++good;
  });
  EXPECT_EQ(good, 50);
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(*gs.who(in_time()), "a user's login (gcloud's login)");
}

TEST_F(GcsTest, ATokenThatIsRefusedAgainIsAnError) {
  std::atomic<int> tokens = 0;
  HttpServer server([&](const HttpRequest& request) {
    if (request.path() != "/token") return HttpReply{.status = 401, .body = "Invalid Credentials"};
    return HttpReply{.body = fmt::format(R"({{"access_token":"t{}"}})", ++tokens)};
  });
  log_in(server);
  auto gs = remote("gs://bucket?endpoint=" + server.url());
  EXPECT_EQ(fault_of(get_one(gs.store(), {.key = "k"}, in_time())), Fault::kDenied);
  EXPECT_EQ(tokens, 2);
}

// A bucket for one resumable upload, which breaks as it is told.
class Session {
 public:
  static constexpr std::size_t kUnit = std::size_t{256}
                                       << 10U;  // what has arrived is kept in these

  HttpReply answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    log_ += request.method[0];
    if (request.query().find("uploadType=resumable") != std::string::npos) {
      if (refuse_) return {.status = 412};
      return {.headers = {{"Location", "https://elsewhere.example/session?upload_id=7"}}};
    }
    if (request.method == "DELETE") return {.status = 499};
    const std::string range = request.header("Content-Range");
    if (!range.starts_with("bytes */")) {
      const std::size_t begin = std::strtoull(range.c_str() + 6, nullptr, 10);
      if (begin > bytes_.size()) return {.status = 400, .body = "a gap"};
      bytes_.resize(begin);  // libcurl sends again what broke on a connection that was used before
      if (breaks_ > 0) {
        --breaks_;
        const std::size_t half = request.body.size() / 2 / kUnit * kUnit;
        if (!forgets_) bytes_ += request.body.substr(0, half);
        return {.mode = HttpReply::Mode::kClose};
      }
      bytes_ += request.body;
    }
    if (gone_) return {.status = 410};
    const std::string total = range.substr(range.rfind('/') + 1);
    if (std::to_string(bytes_.size()) == total) {
      if (conflict_) return {.status = 412};
      return {.body = fmt::format(R"({{"size":"{}"}})", bytes_.size() - (lies_ ? 1 : 0))};
    }
    HttpReply more{.status = 308};
    if (!bytes_.empty()) {
      more.headers = {{"Range", fmt::format("bytes=0-{}", bytes_.size() - 1)}};
    }
    return more;
  }

  std::mutex mutex_;
  std::string log_;  // the methods, in order: POST, PUT, DELETE
  std::string bytes_;
  int breaks_ = 0;
  bool forgets_ = false, gone_ = false, conflict_ = false, refuse_ = false, lies_ = false;
};

class GcsUpload : public GcsTest {
 protected:
  GcsUpload() {
    env_["STORAGE_EMULATOR_HOST"] = server_.url();
    for (std::size_t i = 0; i < body_.size(); i += 1021) body_[i] = static_cast<char>(i >> 7U);
  }
  base::Result<PutOutcome> put(const PutOptions& how = {}) {
    auto gs = remote();
    return test::put(gs.store(), "large", body_, how);
  }

  Session session_;
  HttpServer server_{[this](const HttpRequest& request) { return session_.answer(request); }};
  std::string body_ = std::string(kLargestMedia + 1000, '\0');
};

TEST_F(GcsUpload, GoesInOnePiece) {
  EXPECT_EQ(*put(), PutOutcome::kStored);
  EXPECT_EQ(session_.log_, "PP");
  EXPECT_TRUE(session_.bytes_ == body_);
}

TEST_F(GcsUpload, GoesOnWhereTheLineBroke) {
  session_.breaks_ = 5;
  const auto outcome = put();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(session_.bytes_ == body_);
}

TEST_F(GcsUpload, EndsWhereNothingArrives) {
  session_.breaks_ = 1000;
  session_.forgets_ = true;
  EXPECT_EQ(fault_of(put()), Fault::kUnavailable);
  EXPECT_LT(session_.log_.size(), 20);
  EXPECT_EQ(session_.log_.back(), 'D') << "the session is ended";
}

TEST_F(GcsUpload, EndsWithItsSession) {
  session_.gone_ = true;
  EXPECT_EQ(fault_of(put()), Fault::kUnavailable);
}

TEST_F(GcsUpload, BelievesNoOtherSize) {
  session_.lies_ = true;
  EXPECT_EQ(fault_of(put()), Fault::kCorrupt);
}

TEST_F(GcsUpload, KeepsPreconditionsAtBothEnds) {
  session_.refuse_ = true;
  EXPECT_EQ(*put({.if_absent = true}), PutOutcome::kConflict);
  EXPECT_EQ(session_.log_, "P") << "not a byte";
  session_.refuse_ = false;
  session_.conflict_ = true;
  EXPECT_EQ(*put({.if_absent = true}), PutOutcome::kConflict);
}

TEST_F(GcsTest, LargeBodiesReachTheRealServer) {
  auto* const server = test::FakeGcs::get();
  if (server == nullptr) GTEST_SKIP() << test::FakeGcs::missing();
  env_["STORAGE_EMULATOR_HOST"] = server->endpoint();
  auto gs = remote("gs://" + server->make_bucket() + "/ci");
  std::string body(std::size_t{20} << 20U, '\0');
  for (std::size_t i = 0; i < body.size(); i += 1021) body[i] = static_cast<char>(i >> 7U);
  EXPECT_EQ(*test::put(gs.store(), "large", body, {.if_absent = true}), PutOutcome::kStored);
  EXPECT_TRUE(text_of(gs.store(), "large") == body);
  EXPECT_EQ(*test::put(gs.store(), "large", body, {.if_absent = true}), PutOutcome::kConflict);
}

}  // namespace
}  // namespace gopouch::object
