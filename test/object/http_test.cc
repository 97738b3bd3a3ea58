// Plain HTTP against servers that say what a test wants: who we are to them, what they may not
// learn, and what stays working when they do not do their part. The well-behaved one, a real nginx,
// is in contract_test.cc.
#include "object/http.h"

#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "test/object/scripted_store.h"
#include "test/support/http_server.h"
#include "test/support/nginx.h"

namespace gopouch::object {
namespace {

using base::Fault;
using test::fault_of;
using test::HttpReply;
using test::HttpRequest;
using test::in_time;
using test::put;
using test::text_of;

base::Result<HttpSettings> read(const std::string& text, const Options& options = {}) {
  const auto url = net::parse_url(text);
  EXPECT_TRUE(url) << text;
  const Backend* const backend = find_backend(url->scheme);
  const auto parameters = read_parameters(*url, *backend);
  if (!parameters) return parameters.error();
  return read_http_settings(*url, *parameters, options);
}

std::vector<base::Secret> secrets(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

TEST(HttpUrl, HasAServerAndAFolder) {
  const auto settings = read("https://team:a%40b@host:8080/go//");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->base.text(), "https://host:8080/go");
  EXPECT_EQ(settings->user, "team");
  EXPECT_EQ(settings->password.reveal(), "a@b");
  EXPECT_EQ(settings->paths, HttpPaths::kPlain);
  EXPECT_EQ(read("http://host?layout=bazel")->paths, HttpPaths::kBazel);
  EXPECT_EQ(read("go-cacher+https://host")->base.text(), "https://host");
  EXPECT_EQ(read("go-cacher+http://host")->paths, HttpPaths::kGoCacher);
  for (const char* wrong :
       {"http:///folder", "http://host?layout=other", "go-cacher+http://host?layout=bazel"}) {
    const auto refused = read(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().fault, Fault::kInvalid);
  }
}

TEST(HttpUrl, TellsWhatTheServerHas) {
  const auto features = [](const std::string& url) { return open(url, {})->features(); };
  EXPECT_TRUE(features("http://host/x").ranges);
  EXPECT_FALSE(features("http://host/x?ranges=false").ranges);
  EXPECT_FALSE(features("http://host/x?layout=bazel").ranges);
  EXPECT_FALSE(features("http://host/x").preconditions);
  EXPECT_FALSE(open("http://host/x?ranges=maybe", {}));
  const auto remote = open("https://team:hunter2@host/x?mode=ro", {});
  ASSERT_TRUE(remote);
  EXPECT_EQ(remote->name(), "https://host/x");
  EXPECT_TRUE(remote->has_prefix());
  EXPECT_EQ(remote->layout(), "");
  EXPECT_EQ(open("go-cacher+http://host", {})->layout(), kGoCacherLayout);
  EXPECT_EQ(open("go-cacher+http://host", {})->name(), "go-cacher+http://host");
}

TEST(HttpUrl, TakesHeadersThatAreHeaders) {
  Options options;
  options.http_headers = secrets({"X-Team: go", " X-Key:a:b"});
  const auto settings = read("http://host", options);
  ASSERT_TRUE(settings);
  EXPECT_EQ(net::find_header(settings->headers, "x-team"), "go");
  EXPECT_EQ(net::find_header(settings->headers, "x-key"), "a:b");
  for (const char* wrong : {"hunter2", ": hunter2", "a b: hunter2", "a:", "a: hunter2\r\nb: c",
                            "Content-Length: 2", "host: hunter2"}) {
    options.http_headers = secrets({wrong});
    const auto refused = read("http://host", options);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos);
  }
}

// A server that keeps objects, and what it was asked.
class Http : public testing::Test {
 protected:
  HttpReply answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    if (refuse_) {
      if (const auto reply = refuse_(request)) return *reply;
    }
    const auto found = objects_.find(request.path());
    if (request.method == "PUT") {
      const std::string etag = found == objects_.end() ? "" : etag_of(found->second);
      const bool kept = request.header("If-None-Match") != "*" || etag.empty();
      if (!kept || (!request.header("If-Match").empty() && request.header("If-Match") != etag)) {
        return {.status = 412};
      }
      objects_[request.path()] = request.body;
      return {.status = 201};
    }
    if (found == objects_.end()) return {.status = 404};
    return {.body = found->second, .headers = {{"ETag", etag_of(found->second)}}};
  }

  static std::string etag_of(const std::string& text) { return fmt::format("\"{}\"", text); }

  Remote open_here(Options options = {}, const std::string& rest = "/x") {
    options.attempts = 1;
    auto remote =
        open(fmt::format("http://{}127.0.0.1:{}{}", user_, server_.port(), rest), options);
    EXPECT_TRUE(remote);
    return *std::move(remote);
  }

  std::string sent(std::string_view name) { return server_.requests().back().header(name); }

  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
  std::function<std::optional<HttpReply>(const HttpRequest&)> refuse_;
  std::string user_;
  test::HttpServer server_{[this](const HttpRequest& request) { return answer(request); }};
};

TEST_F(Http, CarriesWhatItWasGiven) {
  Options options;
  EXPECT_EQ(text_of(open_here().store(), "k"), "absent");
  EXPECT_EQ(sent("Authorization"), "");

  options.bearer_token = base::Secret("hunter2");
  options.http_headers = secrets({"X-Team: go"});
  EXPECT_EQ(text_of(open_here(options).store(), "k"), "absent");
  EXPECT_EQ(sent("Authorization"), "Bearer hunter2");
  EXPECT_EQ(sent("X-Team"), "go");

  user_ = "team:a%40b@";
  EXPECT_EQ(text_of(open_here(options).store(), "k"), "absent");
  EXPECT_EQ(sent("Authorization"), "Basic dGVhbTphQGI=");

  options.http_headers = secrets({"Authorization: Own x"});
  EXPECT_EQ(text_of(open_here(options).store(), "k"), "absent");
  EXPECT_EQ(sent("Authorization"), "Own x");
}

TEST_F(Http, ReadsTheTokensFileAnew) {
  const test::TempDir dir;
  Options options;
  options.bearer_token = base::Secret("another");
  options.bearer_token_file = dir / "token";
  options.breaker_faults = 100;
  Remote remote = open_here(options);
  EXPECT_EQ(fault_of(remote.store(), "k"), Fault::kDenied);
  for (const char* wrong : {"", " \n", "two words", "line\nline"}) {
    test::write(dir / "token", wrong);
    Remote fresh = open_here(options);
    EXPECT_EQ(fault_of(fresh.store(), "k"), Fault::kDenied) << wrong;
  }
  EXPECT_EQ(server_.count(), 0U) << "nothing goes out without it";
  Remote fresh = open_here(options);
  for (const std::string token : {"one", "two"}) {
    test::write(dir / "token", token + "\n");
    EXPECT_EQ(text_of(fresh.store(), "k"), "absent");
    EXPECT_EQ(sent("Authorization"), "Bearer " + token);
  }
}

TEST_F(Http, KeepsPreconditionsWhereTheServerDoes) {
  Remote remote = open_here();
  Store& store = remote.store();
  EXPECT_EQ(*put(store, "k", "one", {.if_absent = true}), PutOutcome::kStored);
  EXPECT_EQ(*put(store, "k", "two", {.if_absent = true}), PutOutcome::kConflict);
  const std::string version = (*get_one(store, {.key = "k"}, in_time()))->version;
  EXPECT_EQ(version, "\"one\"");
  EXPECT_EQ(*put(store, "k", "three", {.if_version = version}), PutOutcome::kStored);
  EXPECT_EQ(*put(store, "k", "four", {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(text_of(store, "k"), "three");
}

TEST_F(Http, TellsNobodyElse) {
  test::HttpServer other([](const HttpRequest&) { return HttpReply{.body = "theirs"}; });
  refuse_ = [&](const HttpRequest&) {
    return HttpReply{.status = 307, .headers = {{"Location", other.url() + "/x/k"}}};
  };
  user_ = "team:hunter2@";
  Remote remote = open_here();
  const auto got = get_one(remote.store(), {.key = "k"}, in_time());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::kInvalid);
  EXPECT_NE(got.error().message.find("it sends us to " + other.url()), std::string::npos)
      << got.error().message;
  EXPECT_FALSE(put(remote.store(), "k", "x"));
  EXPECT_EQ(other.count(), 0U);
}

TEST_F(Http, ReadsOnlyWhereItMayNotWrite) {
  objects_["/x/k"] = "there";
  for (const int status : {401, 403}) {
    refuse_ = [status](const HttpRequest& request) {
      return request.method == "PUT" ? std::optional(HttpReply{.status = status}) : std::nullopt;
    };
    user_ = "team:hunter2@";
    Remote remote = open_here();
    const auto stored = put(remote.store(), "k", "x");
    EXPECT_EQ(fault_of(stored), Fault::kDenied);
    EXPECT_EQ(stored.error().message.find("hunter2"), std::string::npos);
    EXPECT_TRUE(remote.counts().read_only);
    EXPECT_EQ(text_of(remote.store(), "k"), "there");
  }
}

TEST_F(Http, FaultsAreFaults) {
  struct Row {
    HttpReply reply;
    Fault fault;
  };
  const std::vector<Row> rows{
      {{.status = 500}, Fault::kUnavailable},
      {{.status = 200, .body = "abc", .mode = HttpReply::Mode::kReset}, Fault::kUnavailable},
      {{.mode = HttpReply::Mode::kClose}, Fault::kUnavailable},
      {{.status = 206, .body = "abc"}, Fault::kCorrupt},
      {{.mode = HttpReply::Mode::kHang}, Fault::kTimeout},
  };
  for (const Row& row : rows) {
    {
      const std::lock_guard lock(mutex_);  // the last row's request may not have ended there
      refuse_ = [&](const HttpRequest&) { return row.reply; };
    }
    Options options;
    options.net.first_byte_timeout = std::chrono::milliseconds(200);
    Remote remote = open_here(options);
    EXPECT_EQ(fault_of(remote.store(), "k"), row.fault) << row.reply.status;
  }
  Remote remote = open_here();
  server_.stop();
  EXPECT_EQ(fault_of(remote.store(), "k"), Fault::kUnavailable);
}

TEST_F(Http, AServerWithoutRangesSaysSo) {
  objects_["/x/k"] = "0123456789";
  Remote remote = open_here();
  const auto part = get_one(remote.store(), {.key = "k", .range = Range{4, 3}}, in_time());
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().fault, Fault::kCorrupt);
}

TEST_F(Http, SomeServersListNothingAndRemoveNothing) {
  const Key key = "v1/e/00";
  const auto ignore = [](std::span<const Info>) { return true; };
  refuse_ = [](const HttpRequest& request) {
    return request.method == "PROPFIND" ? std::optional(HttpReply{.status = 405}) : std::nullopt;
  };
  Remote plain = open_here();
  const auto listed = plain.store().list("v1/", in_time(), ignore);
  EXPECT_EQ(fault_of(listed), Fault::kInvalid);
  EXPECT_NE(listed.error().message.find("no listing"), std::string::npos);
  const std::size_t asked = server_.count();
  Remote bazel = open_here({}, "/x?layout=bazel");
  EXPECT_EQ(fault_of(bazel.store().list("v1/", in_time(), ignore)), Fault::kInvalid);
  const auto go_cacher =
      open(fmt::format("go-cacher+http://127.0.0.1:{}", server_.port()), Options{});
  auto& store = const_cast<Remote&>(*go_cacher).store();
  EXPECT_EQ(fault_of(store.list("v1/", in_time(), ignore)), Fault::kInvalid);
  EXPECT_EQ(fault_of(store.remove(std::span(&key, 1), in_time())), Fault::kInvalid);
  EXPECT_EQ(server_.count(), asked);
}

TEST_F(Http, BazelsServersTakeAllKeys) {
  Remote remote = open_here({}, "/team?layout=bazel");
  Store& store = remote.store();
  EXPECT_EQ(*put(store, "v1/e/00", "x"), PutOutcome::kStored);
  EXPECT_EQ(text_of(store, "v1/e/00"), "x");
  EXPECT_EQ(text_of(store, "v1/e/01"), "absent");
  ASSERT_EQ(objects_.size(), 1U);
  EXPECT_EQ(objects_.begin()->first.find("/team/ac/"), 0U);
  EXPECT_EQ(objects_.begin()->first.size(), 9U + 64U);
}

TEST(HttpTls, ShowsItsCertificateToWhoAsks) {
  if (!test::Nginx::missing().empty()) GTEST_SKIP() << test::Nginx::missing();
  const test::Authority authority;
  const test::Nginx nginx("", &authority);
  Options options;
  options.attempts = 1;
  const auto fault = [&] {
    auto remote = open(nginx.url() + "/x", options);
    return text_of(remote->store(), "k");
  };
  EXPECT_NE(fault(), "absent") << "an authority that nobody knows";
  options.net.ca_file = authority.file("ca.pem");
  EXPECT_NE(fault().find("400"), std::string::npos) << fault();
  options.net.certificate_file = authority.file("client.pem");
  EXPECT_NE(fault(), "absent") << "a certificate without its key";
  options.net.key_file = authority.file("client.key");
  EXPECT_EQ(fault(), "absent");
  test::write(authority.file("both.pem"),
              test::read(authority.file("client.pem")) + test::read(authority.file("client.key")));
  options.net.certificate_file = authority.file("both.pem");
  options.net.key_file.clear();
  EXPECT_EQ(fault(), "absent");
}

TEST(HttpNginx, MakesNoFoldersUnlessTold) {
  if (!test::Nginx::missing().empty()) GTEST_SKIP() << test::Nginx::missing();
  const test::Nginx nginx("create_full_put_path off;");
  Options options;
  auto remote = open(nginx.url(), options);
  EXPECT_FALSE(put(remote->store(), "v1/e/00", "x"));
  std::filesystem::create_directories(nginx.data() / "v1/e");
  EXPECT_TRUE(put(remote->store(), "v1/e/00", "x"));
}

}  // namespace
}  // namespace gopouch::object
