// What a request and a reply look like.
#include <atomic>
#include <fstream>
#include <set>

#include "test/net/fixture.h"

namespace gopouch::net {
namespace {

HttpReply echo(const HttpRequest& request) {
  return {.body = request.method + " " + request.target + " " + request.body};
}

TEST(Client, SendsNothingBeforeItsFirstRequest) {
  const auto threads = [] {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "Threads:") {
    }
    int count = 0;
    status >> count;
    return count;
  };
  const int before = threads();
  const Client client;
  EXPECT_EQ(threads(), before);
}

TEST(Client, GetsStatusHeadersAndBody) {
  HttpServer server([](const HttpRequest&) {
    return HttpReply{.status = 200,
                     .body = "the body",
                     .headers = {{"Date", "Sat, 21 Nov 2026 09:00:00 GMT"},
                                 {"ETag", "\"x\""},
                                 {"X-Empty", ""},
                                 {"X-Colon", "a: b"}}};
  });
  Client client;
  const auto reply = client.send(request_to(server, "/a/b?c=d"), within(5s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "the body");
  EXPECT_EQ(find_header(reply->headers, "date"), "Sat, 21 Nov 2026 09:00:00 GMT");
  EXPECT_EQ(find_header(reply->headers, "etag"), "\"x\"");
  EXPECT_EQ(find_header(reply->headers, "x-colon"), "a: b");
  EXPECT_EQ(reply->headers.size(), 5U);

  const HttpRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/a/b?c=d");
  EXPECT_EQ(seen.header("Host"), request_to(server).url.authority());
  EXPECT_EQ(seen.header("User-Agent"), "gopouch/" GOPOUCH_VERSION);
  EXPECT_EQ(seen.headers.size(), 2U);
}

TEST(Client, SendsThePathAsItStands) {
  HttpServer server(echo);
  Client client;
  for (const char* target :
       {"/", "/a/../b", "/./a//b", "/%2e%2E/x", "/a%20b?c=%2f&d", "/a?", "/?q=/../"}) {
    const auto reply = client.send(request_to(server, target), within(5s));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
  }
  std::vector<std::string> seen;
  for (const HttpRequest& request : server.requests()) seen.push_back(request.target);
  EXPECT_EQ(seen, (std::vector<std::string>{"/", "/a/../b", "/./a//b", "/%2e%2E/x",
                                            "/a%20b?c=%2f&d", "/a", "/?q=/../"}));
  Request bare = request_to(server);
  bare.url.path.clear();
  bare.url.query = "x";
  EXPECT_EQ(client.send(bare, within(5s))->body, "GET /?x ");
}

TEST(Client, SendsEachMethodAfterEachOther) {
  HttpServer server(echo);
  Client client;
  const std::string text = "abc";
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"}) {
    for (const char* next : {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"}) {
      for (const char* name : {method, next}) {
        Request request = request_to(server, "/x", name);
        const std::string_view kind = name;
        const bool carries = kind == "PUT" || kind == "POST" || kind == "PATCH";
        if (carries) request.body = Body{.bytes = bytes_of(text)};
        const auto reply = client.send(request, within(5s));
        ASSERT_TRUE(reply.ok()) << reply.error().message;
        const std::string body = std::string(name) + " /x " + (carries ? text : "");
        EXPECT_EQ(reply->body, kind == "HEAD" ? "" : body);
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(find_header(reply->headers, "content-length"), std::to_string(body.size()));
      }
    }
  }
  EXPECT_EQ(server.connections(), 1);
  for (const HttpRequest& request : server.requests()) {
    EXPECT_EQ(request.header("Expect"), "");
    EXPECT_EQ(request.header("Transfer-Encoding"), "");
    EXPECT_EQ(request.header("Content-Type"), "");
  }
}

TEST(Client, SendsAPutWithoutABodyAsEmpty) {
  HttpServer server(echo);
  Client client;
  ASSERT_TRUE(client.send(request_to(server, "/", "PUT"), within(5s)).ok());
  ASSERT_TRUE(client.send(request_to(server, "/", "POST"), within(5s)).ok());
  ASSERT_TRUE(client.send(upload_to(server, ""), within(5s)).ok());
  for (const HttpRequest& request : server.requests())
    EXPECT_EQ(request.header("Content-Length"), "0");
}

TEST(Client, SendsHeadersAsGiven) {
  HttpServer server(echo);
  Client client;
  Request request = request_to(server);
  request.headers = {{"x-amz-date", "now"},
                     {"X-Empty", ""},
                     {"Accept", "text/plain"},
                     {"x-two", "a"},
                     {"x-two", "b"}};
  ASSERT_TRUE(client.send(request, within(5s)).ok());
  const HttpRequest seen = server.requests().at(0);
  std::multiset<std::string> lines;
  for (const auto& [name, value] : seen.headers) lines.insert(name + "=" + value);
  for (const char* line :
       {"x-amz-date=now", "X-Empty=", "Accept=text/plain", "x-two=a", "x-two=b"}) {
    EXPECT_EQ(lines.count(line), 1U) << line;
  }
}

TEST(Client, MakesBasicAuthorizationFromTheUrl) {
  HttpServer server(echo);
  Client client;
  Request request = request_to(server);
  request.url.user = "Aladdin";
  request.url.password = "open sesame";
  ASSERT_TRUE(client.send(request, within(5s)).ok());
  request.headers = {{"authorization", "Bearer x"}};
  ASSERT_TRUE(client.send(request, within(5s)).ok());
  const auto seen = server.requests();
  EXPECT_EQ(seen.at(0).header("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(seen.at(1).header("Authorization"), "Bearer x");
}

TEST(Client, FollowsNoRedirect) {
  HttpServer server([](const HttpRequest& request) {
    return HttpReply{
        .status = 307, .body = "elsewhere", .headers = {{"Location", "/" + request.target + "x"}}};
  });
  Client client;
  int pieces = 0;
  Request request = request_to(server, "/a");
  request.sink = [&](auto) { return ++pieces > 0; };
  const auto reply = client.send(request, within(5s));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 307);
  EXPECT_EQ(reply->body, "elsewhere");
  EXPECT_EQ(find_header(reply->headers, "location"), "//ax");
  EXPECT_EQ(server.count(), 1U);
  EXPECT_EQ(pieces, 0);
}

TEST(Client, RefusesWhatCannotBeSent) {
  HttpServer server(echo);
  Client client;
  const auto with = [&](auto change) {
    Request request = request_to(server);
    change(request);
    const auto reply = client.send(request, within(5s));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().fault, base::Fault::kInvalid) << reply.error().message;
    EXPECT_EQ(reply.error().message.find('\n'), std::string::npos);
  };
  with([](Request& r) { r.url.scheme = "ftp"; });
  with([](Request& r) { r.url.scheme = "file"; });
  with([](Request& r) { r.url.host = ""; });
  with([](Request& r) { r.url.path = "/a b"; });
  with([](Request& r) { r.url.path = "/a\r\nX: y"; });
  with([](Request& r) { r.url.query = "\xc3\xa4"; });
  with([](Request& r) { r.method = "GET /x"; });
  with([](Request& r) { r.method = ""; });
  with([](Request& r) { r.headers = {{"X", "a\r\nY: b"}}; });
  with([](Request& r) { r.headers = {{"X: y", "a"}}; });
  EXPECT_EQ(server.count(), 0U);
}

TEST(Client, ReusesItsConnectionsForManyAtOnce) {
  HttpServer server(
      [](const HttpRequest& request) { return HttpReply{.body = request.target, .delay = 2ms}; });
  Options options;
  options.connections_per_host = 16;
  Client client(options);
  std::vector<Request> requests;
  for (int i = 0; i < 500; ++i) requests.push_back(request_to(server, "/" + std::to_string(i)));
  std::vector<int> replies(requests.size());
  const auto here = std::this_thread::get_id();
  client.send(requests, within(20s), [&](std::size_t index, base::Result<Reply> reply) {
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->body, "/" + std::to_string(index));
    EXPECT_EQ(std::this_thread::get_id(), here);
    ++replies.at(index);
  });
  EXPECT_EQ(replies, std::vector<int>(requests.size(), 1));
  EXPECT_EQ(server.connections(), 16);
}

TEST(Client, ServesManyThreads) {
  HttpServer server(
      [](const HttpRequest& request) { return HttpReply{.body = request.target + request.body}; });
  Client client;
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
          Request request = request_to(server, target, i % 2 == 0 ? "GET" : "PUT");
          if (i % 2 != 0) request.body = Body{.bytes = bytes_of(target)};
          const auto reply = client.send(request, within(20s));
          if (reply.ok() && reply->body == (i % 2 == 0 ? target : target + target)) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 64 * 20);
  EXPECT_EQ(server.count(), 64U * 20U);
  EXPECT_LE(server.connections(), 64);
}

TEST(Client, KeepsItsLimitInAll) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  const auto handler = [&](const HttpRequest&) {
    const int count = ++now;
    for (int seen = most; count > seen && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::sleep_for(5ms);
    --now;
    return HttpReply{};
  };
  HttpServer one(handler);
  HttpServer two(handler);
  Options options;
  options.connections_per_host = 4;
  options.connections = 6;
  Client client(options);
  std::vector<Request> requests;
  for (int i = 0; i < 60; ++i) requests.push_back(request_to(i % 2 == 0 ? one : two));
  int replies = 0;
  client.send(requests, within(20s),
              [&](std::size_t, const base::Result<Reply>& reply) { replies += reply.ok(); });
  EXPECT_EQ(replies, 60);
  EXPECT_LE(most, 6);
  EXPECT_GT(most, 4);
}

TEST(Client, SendsFromWithinAReply) {
  HttpServer server(echo);
  Client client;
  std::string inner;
  const std::vector<Request> requests{request_to(server)};
  client.send(requests, within(5s), [&](std::size_t, const base::Result<Reply>&) {
    inner = client.send(request_to(server, "/inner"), within(5s))->body;
  });
  EXPECT_EQ(inner, "GET /inner ");
}

TEST(Client, GoesThroughAProxy) {
  HttpServer proxy(echo);
  HttpServer server(echo);
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("no_proxy", "127.0.0.1,other.invalid", 1);
  {
    Client client;
    Request request;
    request.url = *parse_url("http://host.invalid:81/a?b");
    const auto reply = client.send(request, within(5s));
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(proxy.requests().at(0).target, "http://host.invalid:81/a?b");
    EXPECT_EQ(proxy.requests().at(0).header("Host"), "host.invalid:81");
    EXPECT_TRUE(client.send(request_to(server), within(5s)).ok());
    EXPECT_EQ(server.count(), 1U);
  }
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
}

TEST(Client, TakesAnEmptyBatch) {
  Client client;
  client.send(std::span<const Request>{}, within(1s),
              [](std::size_t, const base::Result<Reply>&) { FAIL(); });
}

}  // namespace
}  // namespace gopouch::net
