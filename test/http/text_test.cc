#include "http/text.h"

#include <gtest/gtest.h>

namespace gopouch::http {
namespace {

TEST(Text, OfAHeadSaysHowTheBodyEnds) {
  const Head head{200, {{"X-Cache", "hit"}}};
  const std::string begin = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:05 GMT\r\n";
  EXPECT_EQ(head_text(head, 7, true, 5), begin + "X-Cache: hit\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(head_text(head, std::nullopt, false, 5),
            begin + "X-Cache: hit\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(Text, OfAHeadWithoutABodyHasNoLength) {
  for (const int status : {204, 304}) {
    EXPECT_EQ(head_text({status, {}}, 0, true, 0).find("Content-Length"), std::string::npos);
  }
}

TEST(Text, OfAHeadHasOneDate) {
  const std::string text = head_text({200, {{"date", "then"}}}, 0, true, 5);
  EXPECT_EQ(text.find("Date: "), std::string::npos);
}

// RFC 9112, 3.2.
TEST(Target, SaysWhoseTheRequestIs) {
  struct Case {
    const char *method, *target, *scheme, *authority, *path, *query;
  };
  for (const Case& one :
       {Case{"GET", "/x?q=1", "", "", "/x", "q=1"},
        Case{"GET", "/http://a/x", "", "", "/http://a/x", ""},
        Case{"GET", "http://a/x?q", "http", "a", "/x", "q"},
        Case{"GET", "HTTP://A:80", "http", "A:80", "/", ""},
        Case{"GET", "http://a?q", "http", "a", "/", "q"},
        Case{"GET", "http://u@a/x", "http", "u@a", "/x", ""},
        Case{"GET", "http://a/http://b/x", "http", "a", "/http://b/x", ""},
        Case{"GET", "http:///x", "http", "", "", ""}, Case{"GET", "x", "", "", "x", ""},
        Case{"OPTIONS", "*", "", "", "*", ""}, Case{"CONNECT", "a:443", "", "a:443", "", ""}}) {
    Request request;
    request.method = one.method;
    take_target(one.target, request);
    EXPECT_EQ(request.scheme, one.scheme) << one.target;
    EXPECT_EQ(request.authority, one.authority) << one.target;
    EXPECT_EQ(request.path, one.path) << one.target;
    EXPECT_EQ(request.query, one.query) << one.target;
  }
}

TEST(Routes, TakeWholePartsOfAPathAndTheLongestCounts) {
  const std::vector<Route> routes{{"/mod", {}}, {"/mod/sumdb", {}}, {"/cache", {}}};
  const auto prefix = [&](std::string_view path) {
    const Route* const found = find_route(routes, path);
    return found == nullptr ? "none" : found->prefix;
  };
  EXPECT_EQ(prefix("/mod"), "/mod");
  EXPECT_EQ(prefix("/mod/x"), "/mod");
  EXPECT_EQ(prefix("/mod/sumdb/x"), "/mod/sumdb");
  EXPECT_EQ(prefix("/module"), "none");
  EXPECT_EQ(prefix("/"), "none");
  const std::vector<Route> all{{"", {}}, {"/mod", {}}};
  EXPECT_EQ(find_route(all, "/x"), all.data());
  EXPECT_EQ(find_route(all, "/mod/x"), &all[1]);
}

}  // namespace
}  // namespace gopouch::http
