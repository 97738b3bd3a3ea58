// What RFC 9111 says, by its sections.
#include "revproxy/caching.h"

#include <gtest/gtest.h>

namespace gopouch::revproxy {
namespace {

using List = std::vector<net::Header>;

// "Sun, 06 Nov 1994 08:49:37 GMT"
const Time kNow{seconds(784'111'777)};
const net::Header kDate{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"};
const net::Header kDayBefore{"Last-Modified", "Sat, 05 Nov 1994 08:49:37 GMT"};
const net::Header kTag{"ETag", "\"a\""};

Response reply(List headers, int status = 200) {
  headers.push_back(kDate);
  return {status, std::move(headers), kNow, kNow};
}

List with(const char* cache_control) { return {{"Cache-Control", cache_control}}; }

struct Storing {
  const char* section;
  List request;
  List response;
  bool stored;
  int status = 200;
};

TEST(Caching, WhatMayBeStored) {
  const net::Header user{"Authorization", "Bearer x"};
  const net::Header cookie{"Cookie", "a=b"};
  const auto cc = [](const char* text) { return net::Header{"Cache-Control", text}; };
  const std::vector<Storing> all{
      {"3 explicit", {}, {cc("max-age=60")}, true},
      {"3 nothing said", {}, {}, false},
      {"3 a validator alone", {}, {kTag}, true},
      {"3 a status that is not understood", {}, {cc("max-age=60")}, false, 299},
      {"3 a failure", {}, {cc("max-age=60")}, false, 500},
      {"3 of a part", {}, {cc("max-age=60"), {"Content-Range", "bytes 0-1/9"}}, false},
      {"3.3 incomplete", {}, {cc("max-age=60")}, false, 206},
      {"3 a 404 that says so", {}, {cc("max-age=60")}, true, 404},
      {"3 a 404 that does not", {}, {kTag}, false, 404},
      {"3 a redirect that says so", {}, {cc("max-age=60")}, true, 302},
      {"3 a redirect that does not", {}, {kDayBefore}, false, 302},
      {"3.5 authorization", {user}, {cc("max-age=60")}, false},
      {"3.5 public", {user}, {cc("public, max-age=60")}, true},
      {"3.5 s-maxage", {user}, {cc("s-maxage=60")}, true},
      {"3.5 must-revalidate", {user}, {cc("must-revalidate, max-age=60")}, true},
      {"3.5 proxy-revalidate is none of them", {user}, {cc("proxy-revalidate, max-age=60")}, false},
      {"3.5 as careful with cookies", {cookie}, {cc("max-age=60")}, false},
      {"3.5 private goes before public", {user}, {cc("public, private, max-age=60")}, false},
      {"4.1 varies by what nobody knows", {}, {cc("max-age=60"), {"Vary", "*"}}, false},
      {"4.1 among others", {}, {cc("max-age=60"), {"Vary", "a"}, {"Vary", "b, *"}}, false},
      {"4.1 by a field", {}, {cc("max-age=60"), {"Vary", "Accept-Encoding"}}, true},
      {"5.2.1.5 asked for no-store", with("no-store"), {cc("max-age=60")}, false},
      {"5.2.2.3 must-understand", {}, {cc("must-understand, no-store, max-age=60")}, true},
      {"5.2.2.4 no-cache", {}, {cc("no-cache"), kTag}, true},
      {"5.2.2.4 no-cache that cannot be asked for again", {}, {cc("no-cache")}, false},
      {"5.2.2.5 no-store", {}, {cc("no-store, max-age=60")}, false},
      {"5.2.2.5 in any case", {}, {cc("NO-STORE"), cc("max-age=60")}, false},
      {"5.2.2.5 on another line", {}, {cc("max-age=60"), cc("no-store")}, false},
      {"5.2.2.7 private", {}, {cc("private, max-age=60")}, false},
      {"5.2.2.7 private, immutable", {}, {cc("private, immutable, max-age=60")}, false},
      {"5.2.2.7 of a field", {}, {cc("private=\"a, b\", max-age=60")}, false},
      {"5.2.2.7 within another's value", {}, {cc("x=\"private, no-store\", max-age=60")}, true},
      {"7.3 sets a cookie", {}, {cc("public, max-age=60"), {"Set-Cookie", "a=b"}}, false},
  };
  for (const Storing& one : all) {
    EXPECT_EQ(may_store(one.request, reply(one.response, one.status)), one.stored) << one.section;
  }
}

TEST(Caching, AReplyWhoseEndNobodyCanTellHasNone) {
  EXPECT_TRUE(has_end(200, List{{"content-length", "3"}}));
  EXPECT_TRUE(has_end(200, List{{"Transfer-Encoding", "Chunked"}}));
  EXPECT_TRUE(has_end(204, {}));
  EXPECT_FALSE(has_end(200, {}));
  EXPECT_FALSE(has_end(200, List{{"Transfer-Encoding", "gzip"}}));
}

TEST(Caching, HowLongItIsGood) {
  struct Case {
    const char* section;
    List headers;
    int seconds;
    int status = 200;
  };
  const net::Header later{"Expires", "Sun, 06 Nov 1994 09:49:37 GMT"};
  const std::vector<Case> all{
      {"4.2.1 s-maxage first", {{"Cache-Control", "max-age=1, s-maxage=2"}, later}, 2},
      {"4.2.1 then max-age", {{"Cache-Control", "max-age=1"}, later}, 1},
      {"4.2.1 then Expires", {later, kDayBefore}, 3600},
      {"4.2.1 the first of two", {later, {"Expires", "0"}}, 3600},
      {"4.2.1 two that differ", {{"Cache-Control", "max-age=1, max-age=2"}}, 0},
      {"4.2.1 two that do not", {{"Cache-Control", "max-age=2, max-age=2"}}, 2},
      {"4.2.1 no number", {{"Cache-Control", "max-age=soon"}, later}, 0},
      {"4.2.1 a number that is none", {{"Cache-Control", "max-age=-5"}}, 0},
      {"5.2 in quotes", {{"Cache-Control", "max-age=\"7\""}}, 7},
      {"1.2.2 too large", {{"Cache-Control", "max-age=99999999999999999999"}}, 1 << 30},
      {"5.3 no date", {{"Expires", "0"}}, 0},
      {"5.3 of the past", {{"Expires", "Sun, 06 Nov 1994 08:00:00 GMT"}}, 0},
      {"5.3 RFC 850", {{"Expires", "Sunday, 06-Nov-94 09:49:37 GMT"}}, 3600},
      {"5.3 asctime", {{"Expires", "Sun Nov  6 09:49:37 1994"}}, 3600},
      {"4.2.2 a tenth", {kDayBefore}, 8640},
      {"4.2.2 a day at most", {{"Last-Modified", "Sun, 06 Nov 1983 08:49:37 GMT"}}, 86'400},
      {"4.2.2 of the future", {{"Last-Modified", "Sun, 06 Nov 2004 08:49:37 GMT"}}, 0},
      {"4.2.2 not of a redirect", {kDayBefore}, 0, 302},
      {"4.2.2 but of one for all", {kDayBefore, {"Cache-Control", "public"}}, 8640, 302},
  };
  for (const Case& one : all) {
    const seconds good = lifetime(reply(one.headers, one.status));
    EXPECT_EQ(std::min(good.count(), 1L << 30), one.seconds) << one.section;
  }
}

TEST(Caching, HowOldItIs) {
  Response one = reply({{"Age", "10"}});
  one.asked = kNow - seconds(3);
  EXPECT_EQ(age(one, kNow + seconds(5)), seconds(18));   // 4.2.3: Age, the way here, and since then
  EXPECT_EQ(age(one, kNow - seconds(50)), seconds(13));  // a clock that was set back
  one.headers.front().value = "x";
  EXPECT_EQ(age(one, kNow + seconds(5)), seconds(8));
  one.headers.front().value = "18446744073709551615";
  EXPECT_EQ(age(one, kNow), seconds(3));
  Response late = reply({});
  late.asked = late.answered = kNow + seconds(100);  // the Date of the server is older
  EXPECT_EQ(age(late, kNow + seconds(100)), seconds(100));
}

TEST(Caching, WhatARequestGets) {
  struct Case {
    const char* section;
    List request;
    const char* response;
    int age;
    Use use;
  };
  const net::Header user{"Authorization", "Bearer x"};
  const std::vector<Case> all{
      {"4.2 fresh", {}, "max-age=60", 59, Use::kGive},
      {"4.2 not any more", {}, "max-age=60", 60, Use::kValidate},
      {"5.2.1.1 max-age", with("max-age=10"), "max-age=60", 11, Use::kValidate},
      {"5.2.1.1 max-age=0", with("max-age=0"), "max-age=60", 1, Use::kValidate},
      {"5.2.1.2 max-stale", with("max-stale=10"), "max-age=60", 65, Use::kGive},
      {"5.2.1.2 too stale", with("max-stale=10"), "max-age=60", 71, Use::kValidate},
      {"5.2.1.2 any", with("max-stale"), "max-age=60", 9999, Use::kGive},
      {"5.2.1.2 forbidden", with("max-stale"), "max-age=60, must-revalidate", 65, Use::kValidate},
      {"5.2.1.3 min-fresh", with("min-fresh=10"), "max-age=60", 55, Use::kValidate},
      {"5.2.1.4 no-cache", with("no-cache"), "max-age=60", 1, Use::kValidate},
      {"5.4 Pragma", {{"Pragma", "no-cache"}}, "max-age=60", 1, Use::kValidate},
      {"5.4 not beside Cache-Control",
       {{"Pragma", "no-cache"}, {"Cache-Control", "max-age=9"}},
       "max-age=60",
       1,
       Use::kGive},
      {"5.2.2.4 no-cache", {}, "no-cache, max-age=60", 1, Use::kValidate},
      {"5.2.2.4 of a field", {}, "no-cache=\"x\", max-age=60", 1, Use::kValidate},
      {"5.2.2.8 proxy-revalidate", with("max-stale"), "max-age=60, proxy-revalidate", 65,
       Use::kValidate},
      {"5.2.2.10 s-maxage", with("max-stale"), "s-maxage=60", 65, Use::kValidate},
      {"3.5 somebody's request", {user}, "max-age=60", 1, Use::kLeave},
      {"3.5 public", {user}, "public, max-age=60", 1, Use::kGive},
  };
  for (const Case& one : all) {
    const Response stored = reply({{"Cache-Control", one.response}});
    EXPECT_EQ(use(one.request, stored, kNow + seconds(one.age)), one.use) << one.section;
  }
}

TEST(Caching, WhenAnOldOneWillDo) {
  const auto may = [](const char* response, int old, List request = {}) {
    return may_be_stale(request, reply({{"Cache-Control", response}}), kNow + seconds(old));
  };
  EXPECT_TRUE(may("max-age=60", 600));
  EXPECT_FALSE(may("max-age=60", 60 + 86'401));
  EXPECT_TRUE(may("max-age=60, stale-if-error=604800", 60 + 86'401));
  EXPECT_FALSE(may("max-age=60, stale-if-error=10", 71));
  EXPECT_FALSE(may("max-age=60, must-revalidate", 61));  // 5.2.2.2
  EXPECT_FALSE(may("max-age=60, proxy-revalidate", 61));
  EXPECT_FALSE(may("s-maxage=60", 61));
  EXPECT_FALSE(may("no-cache", 1));
  EXPECT_FALSE(may("max-age=60", 61, with("no-cache")));
  EXPECT_TRUE(may("max-age=60", 61, with("max-age=0")));
}

TEST(Caching, A304RenewsWhatItIsAbout) {
  Response stored = reply({{"ETag", "\"a\""},
                           {"Content-Type", "text/x"},
                           {"Content-Encoding", "gzip"},
                           {"Cache-Control", "max-age=1"},
                           {"Age", "7"},
                           {"X-Old", "1"}});
  EXPECT_TRUE(confirms(stored, List{{"ETag", "W/\"a\""}}));
  EXPECT_TRUE(confirms(stored, {}));
  EXPECT_FALSE(confirms(stored, List{{"ETag", "\"b\""}}));
  const Response fresh{304,
                       {{"cache-control", "max-age=9"},
                        {"Content-Encoding", "br"},
                        {"Content-Type", "text/y"},
                        {"Set-Cookie", "a=b"},
                        {"X-New", "2"}},
                       kNow + seconds(5),
                       kNow + seconds(6)};
  update(stored, fresh);
  EXPECT_EQ(net::find_header(stored.headers, "Cache-Control"), "max-age=9");
  EXPECT_EQ(net::find_header(stored.headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(net::find_header(stored.headers, "Content-Type"), "text/x");
  EXPECT_EQ(net::find_header(stored.headers, "X-New"), "2");
  EXPECT_EQ(net::find_header(stored.headers, "X-Old"), "1");
  EXPECT_FALSE(has(stored.headers, "Set-Cookie"));
  EXPECT_FALSE(has(stored.headers, "Age"));
  EXPECT_EQ(age(stored, kNow + seconds(6)), seconds(1));
  EXPECT_EQ(validators(stored).size(), 1U);
}

TEST(Caching, ConditionsAndParts) {
  using Kind = Verdict::Kind;
  const Response stored = reply({kTag, kDayBefore});
  struct Case {
    const char* section;
    List request;
    Kind kind;
    std::int64_t offset = 0, size = 0;
    const char* method = "GET";
  };
  const auto range = [](const char* text) { return net::Header{"Range", text}; };
  const std::vector<Case> all{
      {"9110 13.1.2", {{"If-None-Match", "\"a\""}}, Kind::kNotModified},
      {"weak", {{"If-None-Match", "\"x\", W/\"a\""}}, Kind::kNotModified},
      {"any", {{"If-None-Match", "*"}}, Kind::kNotModified},
      {"other", {{"If-None-Match", "\"b\""}}, Kind::kWhole},
      {"9110 13.1.3", {{"If-Modified-Since", kDate.value}}, Kind::kNotModified},
      {"same", {{"If-Modified-Since", kDayBefore.value}}, Kind::kNotModified},
      {"no date", {{"If-Modified-Since", "x"}}, Kind::kWhole},
      {"tags go before dates",
       {{"If-None-Match", "\"b\""}, {"If-Modified-Since", kDate.value}},
       Kind::kWhole},
      {"9110 14.2", {range("bytes=0-3")}, Kind::kPart, 0, 4},
      {"to the end", {range("bytes=4-")}, Kind::kPart, 4, 6},
      {"beyond it", {range("bytes=4-400")}, Kind::kPart, 4, 6},
      {"the last ones", {range("bytes=-3")}, Kind::kPart, 7, 3},
      {"more than there are", {range("bytes=-30")}, Kind::kPart, 0, 10},
      {"none of them", {range("bytes=-0")}, Kind::kNoSuchPart},
      {"behind the end", {range("bytes=10-")}, Kind::kNoSuchPart},
      {"several", {range("bytes=0-1,3-4")}, Kind::kWhole},
      {"backwards", {range("bytes=3-2")}, Kind::kWhole},
      {"another unit", {range("lines=0-3")}, Kind::kWhole},
      {"nonsense", {range("bytes=-")}, Kind::kWhole},
      {"overflow", {range("bytes=99999999999999999999-")}, Kind::kWhole},
      {"of HEAD", {range("bytes=0-3")}, Kind::kWhole, 0, 0, "HEAD"},
      {"9110 13.1.5", {range("bytes=0-3"), {"If-Range", "\"a\""}}, Kind::kPart, 0, 4},
      {"changed", {range("bytes=0-3"), {"If-Range", "\"b\""}}, Kind::kWhole},
      {"weak tags", {range("bytes=0-3"), {"If-Range", "W/\"a\""}}, Kind::kWhole},
      {"by date", {range("bytes=0-3"), {"If-Range", kDayBefore.value}}, Kind::kPart, 0, 4},
      {"by another", {range("bytes=0-3"), {"If-Range", kDate.value}}, Kind::kWhole},
  };
  for (const Case& one : all) {
    const Verdict verdict = judge(one.method, one.request, stored, 10);
    EXPECT_EQ(verdict.kind, one.kind) << one.section;
    EXPECT_EQ(verdict.part.offset, one.offset) << one.section;
    EXPECT_EQ(verdict.part.size, one.size) << one.section;
  }
  EXPECT_EQ(judge("GET", List{range("bytes=0-")}, stored, 0).kind, Kind::kNoSuchPart);
  const Response absent = reply({kTag}, 404);
  EXPECT_EQ(judge("GET", List{{"If-None-Match", "*"}}, absent, 3).kind, Kind::kWhole);
}

TEST(Caching, WhatTellsVariantsApart) {
  const std::vector<std::string> names{"accept-encoding", "x"};
  const auto select = [&](const List& request) { return selection(names, request); };
  EXPECT_EQ(select({{"Accept-Encoding", " gzip,br "}}), select({{"accept-encoding", "gzip, br"}}));
  EXPECT_EQ(select({{"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}}),
            select({{"Accept-Encoding", "gzip, br"}}));
  EXPECT_NE(select({{"Accept-Encoding", "gzip"}}), select({}));
  EXPECT_NE(select({{"Accept-Encoding", ""}}), select({}));
  EXPECT_EQ(vary_names(List{{"Vary", "X, accept-encoding"}, {"vary", "x"}}), names);
}

TEST(Caching, WhatIsForOneConnectionEndsThere) {
  const List all{{"Connection", "close, X-Mine"},
                 {"X-Mine", "1"},
                 {"x-theirs", "2"},
                 {"Keep-Alive", "3"},
                 {"Proxy-Authorization", "4"},
                 {"Transfer-Encoding", "chunked"},
                 {"Content-Length", "5"},
                 {"TE", "trailers"}};
  const List left = end_to_end(all);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().name, "x-theirs");
}

}  // namespace
}  // namespace gopouch::revproxy
