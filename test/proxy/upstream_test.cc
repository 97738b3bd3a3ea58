#include "proxy/upstream.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "test/support/http_server.h"
#include "test/support/temp_dir.h"

namespace gopouch::proxy {
namespace {

using test::HttpReply;
using test::HttpRequest;
using test::HttpServer;

constexpr std::chrono::seconds kTime{30};

std::string told(std::string_view list) {
  const auto all = parse_upstreams(list);
  if (!all) return "no: " + all.error().message;
  std::string text;
  for (const Upstream& one : *all) text += one.url.text() + (one.any_fault ? "|" : ",");
  return text;
}

TEST(Upstreams, AreListedAsInGoproxy) {
  EXPECT_EQ(told("http://a.test/x/, b.test|file:///f/g,direct,http://c.test"),
            "http://a.test/x,https://b.test|file:///f/g,");
  EXPECT_EQ(told("off"), "");
  EXPECT_EQ(told(",,"), "");
  EXPECT_EQ(told("http://user:pass@a.test"), "http://a.test,");
  for (const char* const list : {"ftp://a.test", "http://", "file://x/y", "http://a.test/?q"}) {
    EXPECT_EQ(told(list).substr(0, 3), "no:") << list;
  }
}

class AskTest : public testing::Test {
 protected:
  std::string ask_for(const HttpServer& server, const std::string& path,
                      std::int64_t limit = 1000) {
    body_.clear();
    const auto upstreams = parse_upstreams(server.url() + "/up");
    const Taker taker{[this] { body_.clear(); },
                      [this](std::span<const std::uint8_t> bytes) {
                        body_.append(bytes.begin(), bytes.end());
                        return true;
                      }};
    const auto answer = ask(client_, *upstreams, {path, {}, limit}, taker,
                            {.attempts = 3, .first_pause = std::chrono::milliseconds(1)},
                            base::Call::within(kTime), [this] { ++asked_; });
    if (!answer) return "no: " + answer.error().message;
    return std::to_string(answer->status) + " " + body_ + answer->text;
  }

  net::Client client_;
  std::string body_;
  int asked_ = 0;
};

TEST_F(AskTest, FollowsRedirectsButNotForEver) {
  const HttpServer server([](const HttpRequest& request) -> HttpReply {
    const std::string& target = request.target;
    if (target == "/up/a!b/@v/list") return {.status = 302, .headers = {{"Location", "/x?y=z"}}};
    if (target == "/x?y=z") return {.status = 307, .headers = {{"Location", "other"}}};
    if (target == "/other") return {.body = "here"};
    return {.status = 301, .headers = {{"Location", target + "x"}}};
  });
  EXPECT_EQ(ask_for(server, "a!b/@v/list"), "200 here");
  EXPECT_EQ(asked_, 3);
  EXPECT_NE(ask_for(server, "loop").find("stopped after 10 redirects"), std::string::npos);
}

TEST_F(AskTest, TakesNoMoreThanItMay) {
  const HttpServer server([](const HttpRequest&) -> HttpReply { return {.body = "12345"}; });
  EXPECT_EQ(ask_for(server, "x", 5), "200 12345");
  EXPECT_EQ(ask_for(server, "x", 4).substr(0, 3), "no:");
}

TEST_F(AskTest, AsksAgainWhereThatMayHelp) {
  std::atomic<int> count = 0;
  const HttpServer server([&](const HttpRequest& request) -> HttpReply {
    if (request.target == "/up/403") return {.status = 403, .body = "no"};
    if (++count % 3 != 0) return {.status = 503, .body = "busy"};
    return {.body = "here"};
  });
  EXPECT_EQ(ask_for(server, "x"), "200 here");
  EXPECT_EQ(asked_, 3);
  EXPECT_EQ(ask_for(server, "403"), "403 no");
  EXPECT_EQ(asked_, 4);
}

}  // namespace
}  // namespace gopouch::proxy
