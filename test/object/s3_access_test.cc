// What the S3 store learns from refusals, by a server that refuses on purpose.
#include "object/s3_access.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "object/s3.h"
#include "test/support/http_server.h"

namespace gopouch::object {
namespace {

using base::Fault;
using std::chrono::seconds;
using test::HttpReply;
using test::HttpRequest;
using test::HttpServer;

std::string error_xml(std::string_view code, std::string_view more = {}) {
  return fmt::format("<Error><Code>{}</Code><Message>Words</Message>{}</Error>", code, more);
}

class S3Learning : public testing::Test {
 protected:
  S3Learning() {
    env_ = {{"AWS_ACCESS_KEY_ID", "key-1"},
            {"AWS_SECRET_ACCESS_KEY", "the-secret"},
            {"AWS_REGION", "eu-west-1"}};
    settings_.place.bucket = "bucket";
    access_.aws.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto said = env_.find(std::string(name));
      return said == env_.end() ? std::nullopt : std::optional(said->second);
    };
  }

  std::unique_ptr<S3Store> store(const HttpServer& server) {
    settings_.endpoint_url = server.url();
    return make_s3_store(settings_, access_, {});
  }
  static base::Call call() { return base::Call::within(seconds(10)); }
  static base::Result<std::optional<Object>> get(Store& store) {
    base::Result<std::optional<Object>> got = base::Error{};
    const Get get{.key = "k"};
    store.get(std::span(&get, 1), call(), [&](std::size_t, auto reply) { got = std::move(reply); });
    return got;
  }
  static base::Result<PutOutcome> put(Store& store, const PutOptions& options) {
    return store.put("k", {}, options, call());
  }

  std::map<std::string, std::string> env_;
  S3Settings settings_;
  S3AccessOptions access_;
};

TEST_F(S3Learning, AsksForTheRegionOnceAndUnsigned) {
  // The region's own host cannot be reached from here: what is tested ends with its name.
  const HttpServer anywhere([](const HttpRequest&) {
    return HttpReply{.status = 403,
                     .headers = {{"x-amz-bucket-region", "xx-test-1"}},
                     .delay = std::chrono::milliseconds(50)};
  });
  env_.erase("AWS_REGION");
  access_.global_endpoint = anywhere.url();
  net::Client client;
  S3Access access(settings_, access_, client);
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto dialect = access.dialect(call());
        ASSERT_TRUE(dialect);
        EXPECT_EQ((*dialect)->request_for({.key = "k"}).request.url.text(),
                  "https://bucket.s3.xx-test-1.amazonaws.com/k");
      });
    }
  }
  ASSERT_EQ(anywhere.count(), 1);
  EXPECT_EQ(anywhere.requests()[0].method + anywhere.requests()[0].target, "HEAD/bucket");
  EXPECT_EQ(anywhere.requests()[0].header("Authorization"), "");
}

TEST_F(S3Learning, AsksAgainWhenTheRegionWasNotTold) {
  std::atomic<int> status = 503;
  const HttpServer anywhere([&](const HttpRequest&) {
    HttpReply reply{.status = status};
    if (status == 200) reply.headers = {{"x-amz-bucket-region", "xx-test-1"}};
    return reply;
  });
  env_.erase("AWS_REGION");
  access_.global_endpoint = anywhere.url();
  net::Client client;
  S3Access access(settings_, access_, client);
  EXPECT_EQ(access.dialect(call()).error().fault, Fault::kUnavailable);
  status = 404;
  EXPECT_EQ(access.dialect(call()).error().fault, Fault::kInvalid);
  status = 403;
  EXPECT_EQ(access.dialect(call()).error().fault, Fault::kInvalid);
  status = 200;
  EXPECT_TRUE(access.dialect(call()));
}

TEST_F(S3Learning, AdoptsTheRegionOfARefusal) {
  const HttpServer server([](const HttpRequest& request) {
    const bool right = request.header("Authorization").find("/us-west-2/s3/") != std::string::npos;
    return right ? HttpReply{.status = 404, .body = error_xml("NoSuchKey")}
                 : HttpReply{.status = 301, .headers = {{"x-amz-bucket-region", "us-west-2"}}};
  });
  const auto store = this->store(server);
  EXPECT_FALSE(*store->head("k", call()));
  EXPECT_FALSE(*store->head("k", call()));
  EXPECT_EQ(server.count(), 3);
}

TEST_F(S3Learning, GivesUpOnAServerThatNeverHasEnough) {
  std::atomic<int> count = 0;
  const HttpServer server([&](const HttpRequest&) {
    return HttpReply{.status = 301,
                     .headers = {{"x-amz-bucket-region", fmt::format("region-{}", ++count)}}};
  });
  const auto found = store(server)->head("k", call());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::kInvalid);
  EXPECT_LE(count, 4);
}

TEST_F(S3Learning, GoesOnWithoutChecksumAndPrecondition) {
  const HttpServer server([](const HttpRequest& request) {
    if (!request.header("x-amz-checksum-sha256").empty()) {
      return HttpReply{.status = 501, .body = error_xml("NotImplemented")};
    }
    if (!request.header("If-None-Match").empty()) {
      return HttpReply{.status = 400,
                       .body = error_xml("NotImplemented", "<Header>If-None-Match</Header>")};
    }
    return HttpReply{.headers = {{"ETag", "\"e\""}}};
  });
  const auto store = this->store(server);
  const PutOptions options{.if_absent = true, .sha256 = std::string(32, 'x')};
  EXPECT_EQ(*put(*store, options), PutOutcome::kStored);
  EXPECT_EQ(server.count(), 3);
  EXPECT_EQ(*put(*store, options), PutOutcome::kStored);
  EXPECT_EQ(server.count(), 4);
}

TEST_F(S3Learning, RemovesOneByOneWhereTheStoreHasNoBatches) {
  const HttpServer server([](const HttpRequest& request) {
    if (request.method == "POST")
      return HttpReply{.status = 501, .body = error_xml("NotImplemented")};
    return HttpReply{.status = request.path() == "/bucket/b" ? 404 : 204};
  });
  const auto store = this->store(server);
  const std::vector<Key> keys{"a", "b", "c"};
  EXPECT_TRUE(store->remove(keys, call()));
  EXPECT_EQ(server.count(), 4);
  EXPECT_TRUE(store->remove(keys, call()));
  EXPECT_EQ(server.count(), 7);
}

TEST_F(S3Learning, AsksForNewCredentialsOnce) {
  const HttpServer server([](const HttpRequest& request) {
    const bool old = request.header("Authorization").find("key-1/") != std::string::npos;
    return old ? HttpReply{.status = 400, .body = error_xml("ExpiredToken")}
               : HttpReply{.status = 404, .body = error_xml("NoSuchKey")};
  });
  const auto store = this->store(server);
  const auto refused = get(*store);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kDenied);
  EXPECT_EQ(server.count(), 2);
  // Not again at once: each operation would cost two requests.
  EXPECT_FALSE(get(*store));
  EXPECT_EQ(server.count(), 3);

  const auto other = this->store(server);
  EXPECT_TRUE(other->who(call()));  // has the old ones in hand
  env_["AWS_ACCESS_KEY_ID"] = "key-2";
  EXPECT_TRUE(get(*other));
}

// What was renewed ahead while a request was under way is not given up for that request's refusal.
TEST_F(S3Learning, KeepsCredentialsThatAreNewerThanTheRefusedOnes) {
  std::atomic<int> asked = 0;
  std::atomic<bool> expired = false;
  const HttpServer container([&](const HttpRequest&) {
    const int nth = ++asked;
    return HttpReply{.body = fmt::format(R"({{"AccessKeyId":"key-{}","SecretAccessKey":"s",)"
                                         R"("Token":"t","Expiration":"2026-01-01T00:{}:00Z"}})",
                                         nth, nth == 1 ? "04" : "50")};
  });
  std::atomic<std::int64_t> minutes = 0;
  std::function<void()> meanwhile;
  const HttpServer server([&](const HttpRequest& request) {
    const bool old = request.header("Authorization").find("key-1/") != std::string::npos;
    if (old && meanwhile) std::exchange(meanwhile, nullptr)();
    return old && expired ? HttpReply{.status = 400, .body = error_xml("ExpiredToken")}
                          : HttpReply{.status = 404, .body = error_xml("NoSuchKey")};
  });
  env_.erase("AWS_ACCESS_KEY_ID");
  env_.erase("AWS_SECRET_ACCESS_KEY");
  env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.url() + "/";
  env_["HOME"] = "/nonexistent";
  access_.aws.now = [&] {
    return auth::Time(std::chrono::sys_days(std::chrono::January / 1 / 2026)) +
           std::chrono::minutes(minutes);
  };
  const auto store = this->store(server);
  const auto first = get(*store);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(asked, 1);
  meanwhile = [&] {
    minutes = 2;  // time to renew ahead
    EXPECT_TRUE(store->who(call()));
    EXPECT_EQ(asked, 2);
    expired = true;
  };
  EXPECT_TRUE(get(*store));
  EXPECT_EQ(asked, 2) << "the ones in hand were good";
}

TEST_F(S3Learning, SeesTheServersClock) {
  const HttpServer server([](const HttpRequest&) {
    return HttpReply{.status = 404, .headers = {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}}};
  });
  access_.aws.now = [] {
    return auth::Time(seconds(784111777 - 90) + std::chrono::milliseconds(70));
  };
  const auto store = this->store(server);
  EXPECT_FALSE(store->clock_offset());
  EXPECT_FALSE(*get(*store));
  EXPECT_EQ(store->clock_offset(), seconds(90));
}

TEST_F(S3Learning, SpeaksToADirectoryBucketInSessions) {
  std::atomic<int> sessions = 0;
  const HttpServer server([&](const HttpRequest& request) {
    if (request.query() == "session") {
      ++sessions;
      return HttpReply{.body = fmt::format(
                           "<CreateSessionResult><Credentials><SessionToken>token-{}</SessionToken>"
                           "<SecretAccessKey>secret</SecretAccessKey><AccessKeyId>key</AccessKeyId>"
                           "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
                           "</CreateSessionResult>",
                           sessions)};
    }
    if (request.header("x-amz-s3session-token") == "token-1") {
      return HttpReply{.status = 400, .body = error_xml("ExpiredToken")};
    }
    const bool right =
        request.header("x-amz-s3session-token") == "token-2" &&
        request.header("x-amz-security-token").empty() &&
        request.header("Authorization").find("/us-east-1/s3express/") != std::string::npos;
    return HttpReply{.status = right ? 404 : 403};
  });
  // As at AWS, but for the host.
  settings_.place.bucket = "go--use1-az4--x-s3";
  settings_.place.zone = "use1-az4";
  settings_.place.express = true;
  const auto store = this->store(server);
  const auto got = get(*store);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(*got);
  EXPECT_FALSE(*store->head("k", call()));
  EXPECT_EQ(sessions, 2);
}

TEST_F(S3Learning, PassesOnFaultsWithTheirPause) {
  const HttpServer server([](const HttpRequest&) {
    return HttpReply{
        .status = 503, .body = error_xml("SlowDown"), .headers = {{"Retry-After", "2"}}};
  });
  const auto got = get(*store(server));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kUnavailable);
  EXPECT_EQ(got.error().message, "s3://bucket: GET: 503 SlowDown: Words");
  EXPECT_EQ(got.error().retry_after, seconds(2));
  EXPECT_EQ(server.count(), 1);
}

TEST_F(S3Learning, TakesNoMoreThanWasAskedFor) {
  const HttpServer server([](const HttpRequest&) {
    return HttpReply{.body = std::string(2'000'000, 'x'), .mode = HttpReply::Mode::kHangInBody};
  });
  const auto store = this->store(server);
  for (const Get& what :
       {Get{.key = "k", .limit = 1000}, Get{.key = "k", .range = Range{0, 1000}}}) {
    const auto start = base::Call::Clock::now();
    store->get(std::span(&what, 1), call(), [](std::size_t, auto reply) {
      ASSERT_FALSE(reply);
      EXPECT_EQ(reply.error().fault, Fault::kCorrupt);
    });
    // Without waiting for the rest, which never comes.
    EXPECT_LT(base::Call::Clock::now() - start, seconds(2));
  }
}

TEST_F(S3Learning, SignsTheBodyInTheClear) {
  const HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  const auto store = this->store(server);
  const std::string text = "hello";
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  ASSERT_TRUE(store->put("k", {.bytes = bytes}, {}, call()));
  ASSERT_TRUE(store->put("k", {}, {.sha256 = std::string(32, '\x11')}, call()));
  EXPECT_TRUE(get(*store));
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].header("x-amz-content-sha256"),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(requests[1].header("x-amz-content-sha256"),
            "1111111111111111111111111111111111111111111111111111111111111111");
  EXPECT_EQ(requests[2].header("x-amz-content-sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(S3Learning, RefusesListingsThatGoRoundInCircles) {
  const HttpServer server([](const HttpRequest&) {
    return HttpReply{.body =
                         "<ListBucketResult><IsTruncated>true</IsTruncated>"
                         "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>"};
  });
  const auto listed = store(server)->list("", call(), [](auto) { return true; });
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().fault, Fault::kCorrupt);
  EXPECT_EQ(server.count(), 2);
}

TEST_F(S3Learning, TellsNoSecret) {
  env_["AWS_SESSION_TOKEN"] = "the-token";
  const HttpServer server([](const HttpRequest&) { return HttpReply{.status = 403}; });
  const auto refused = store(server)->head("k", call());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("the-"), std::string::npos);
  for (const HttpRequest& request : server.requests()) {
    EXPECT_EQ(request.target.find("the-"), std::string::npos);
    EXPECT_EQ(request.header("Authorization").find("the-secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace gopouch::object
