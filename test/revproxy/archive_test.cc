#include "revproxy/archive.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "revproxy/hosts.h"
#include "test/support/temp_dir.h"

namespace gopouch::revproxy {
namespace {

using List = std::vector<net::Header>;

const Time kNow{seconds(784'111'777)};

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() : shelf_(*keep::Shelf::open(dir_.path(), {}, {}, {"test", "v1/x/"})) {}

  void put(const std::string& url, const List& request, List headers, std::string_view body) {
    const Response response{200, std::move(headers), kNow, kNow};
    const base::Hash name = archive_.place(url, request, response);
    auto draft = shelf_->begin(name);
    ASSERT_TRUE(draft.ok());
    ASSERT_TRUE((*draft)->write(base::bytes_of(head_text(response, name))).ok());
    ASSERT_TRUE((*draft)->write(base::bytes_of(body)).ok());
    ASSERT_TRUE(archive_.keep(**draft, name, kNow).has_value());
  }
  // The value of X-Is in what is kept; "": nothing is.
  std::string get(const std::string& url, const List& request) {
    const Place place = archive_.look(url, request);
    if (!place.held) return {};
    return std::string(net::find_header(place.held->response.headers, "X-Is"));
  }

  test::TempDir dir_;
  std::unique_ptr<keep::Shelf> shelf_;
  Archive archive_{*shelf_};
};

TEST_F(ArchiveTest, KeepsEachUrlForItself) {
  put("https://a:443/x", {}, {{"X-Is", "a"}}, "body");
  EXPECT_EQ(get("https://a:443/x", {}), "a");
  EXPECT_EQ(get("https://b:443/x", {}), "");
  EXPECT_EQ(get("http://a:443/x", {}), "");
  EXPECT_EQ(get("https://a:444/x", {}), "");
  const Place place = archive_.look("https://a:443/x", {});
  EXPECT_EQ(place.held->size(), 4);
  EXPECT_EQ(place.held->response.answered, kNow);
}

TEST_F(ArchiveTest, KeepsVariantsForThemselves) {
  const List gzip{{"Accept-Encoding", "gzip"}};
  const List plain;
  put("u", gzip, {{"X-Is", "gzip"}, {"Vary", "Accept-Encoding"}}, "1");
  EXPECT_EQ(get("u", gzip), "gzip");
  EXPECT_EQ(get("u", plain), "");
  put("u", plain, {{"X-Is", "plain"}, {"Vary", "accept-encoding"}}, "2");
  EXPECT_EQ(get("u", gzip), "gzip");
  EXPECT_EQ(get("u", plain), "plain");
  // Other fields: what was kept by the old ones is not found any more.
  put("u", plain, {{"X-Is", "x"}, {"Vary", "X"}}, "3");
  EXPECT_EQ(get("u", plain), "x");
  put("u", plain, {{"X-Is", "again"}, {"Vary", "Accept-Encoding"}}, "4");
  EXPECT_EQ(get("u", gzip), "");
}

TEST_F(ArchiveTest, ForgetsAllVariantsAtOnce) {
  const List gzip{{"Accept-Encoding", "gzip"}};
  put("u", gzip, {{"X-Is", "gzip"}, {"Vary", "Accept-Encoding"}}, "1");
  archive_.clear(Archive::first_name("u"), kNow);
  EXPECT_EQ(get("u", gzip), "");
  put("u", {}, {{"X-Is", "plain"}, {"Vary", "Accept-Encoding"}}, "2");
  EXPECT_EQ(get("u", gzip), "");
}

TEST_F(ArchiveTest, RenewsAHead) {
  put("u", {}, {{"X-Is", "old"}}, "body");
  const Place place = archive_.look("u", {});
  Response fresh = place.held->response;
  fresh.headers = {{"X-Is", "new"}};
  ASSERT_TRUE(archive_.renew(*place.held, fresh, place.name).has_value());
  EXPECT_EQ(get("u", {}), "new");
  EXPECT_EQ(archive_.look("u", {}).held->size(), 4);
}

TEST(Head, IsReadAsItWasWritten) {
  const base::Hash name = base::sha256(base::bytes_of("x"));
  const Response one{404, {{"A", "b: c"}, {"D", ""}}, kNow, kNow + seconds(1)};
  const std::string text = head_text(one, name);
  EXPECT_EQ(head_size(text.substr(0, kFirstLine)), text.size());
  const auto read = parse_head(text, name);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, 404);
  ASSERT_EQ(read->headers.size(), 2U);
  EXPECT_EQ(read->headers[0].value, "b: c");
  EXPECT_EQ(read->answered, kNow + seconds(1));
  // Under another name, or cut anywhere, it is none.
  EXPECT_FALSE(parse_head(text, base::Hash{}));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_head(std::string_view(text).substr(0, size), name));
  }
  // Nor with what no reply is kept with.
  const Response bad{200, {{"Transfer-Encoding", "chunked"}}, kNow, kNow};
  EXPECT_FALSE(parse_head(head_text(bad, name), name));
}

TEST(Hosts, AreThoseOfTheList) {
  const std::vector<std::string> list{"a.test", "B.test:8443", "*.c.test", "[::1]:8080"};
  const auto hosts = Hosts::parse(list);
  ASSERT_TRUE(hosts.ok());
  const auto covers = [&](const char* url) { return hosts->cover(*net::parse_url(url)); };
  for (const char* const url :
       {"http://a.test", "https://A.test", "https://a.test:443", "http://b.test:8443",
        "https://x.c.test", "https://x.y.c.test", "http://[::1]:8080"}) {
    EXPECT_TRUE(covers(url)) << url;
  }
  for (const char* const url : {"http://a.test:443", "http://a.test:8080", "https://b.test",
                                "https://c.test", "https://xc.test", "https://a.test.evil",
                                "https://evil-a.test", "http://[::1]", "https://a.test."}) {
    EXPECT_FALSE(covers(url)) << url;
  }
  for (const char* const text :
       {"*", "*.", "", "a.test/x", "user@a.test", "http://a", "a*b.test"}) {
    const std::vector<std::string> bad{text};
    EXPECT_FALSE(Hosts::parse(bad).ok()) << text;
  }
}

}  // namespace
}  // namespace gopouch::revproxy
