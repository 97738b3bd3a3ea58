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
