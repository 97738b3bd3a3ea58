// What plain HTTP's requests look like, and what its answers mean.
#include "object/http_dialect.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

using base::Fault;

const std::unique_ptr<const Dialect>& dialect() {
  static const auto one =
      make_http_dialect(*net::parse_url("https://host:8080/a%20b"), HttpPaths::kPlain);
  return one;
}

std::string header(const Draft& draft, std::string_view name) {
  return std::string(net::find_header(draft.request.headers, name));
}

net::Reply reply(int status, std::vector<net::Header> headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = {}};
}

TEST(HttpRequests, AreMethodsOnPaths) {
  struct Row {
    Op op;
    std::string method;
  };
  const std::vector<Row> rows{
      {Op::kGet, "GET"}, {Op::kHead, "HEAD"}, {Op::kPut, "PUT"}, {Op::kRemove, "DELETE"}};
  for (const Row& row : rows) {
    const Draft draft = dialect()->request_for({.op = row.op, .key = "v1/e/00"});
    EXPECT_EQ(draft.request.method, row.method);
    EXPECT_EQ(draft.request.url.text(), "https://host:8080/a%20b/v1/e/00");
  }
}

TEST(HttpRequests, AskForRangesAndUnderConditions) {
  const Draft range = dialect()->request_for({.key = "k", .range = Range{4, 3}});
  EXPECT_EQ(header(range, "Range"), "bytes=4-6");
  EXPECT_EQ(header(range, "Want-Object"), "");
  const auto put = [](const PutOptions& how) {
    return dialect()->request_for({.op = Op::kPut, .key = "k", .put = how});
  };
  EXPECT_EQ(header(put({}), "If-None-Match") + header(put({}), "If-Match"), "");
  EXPECT_EQ(header(put({.if_absent = true}), "If-None-Match"), "*");
  EXPECT_EQ(header(put({.if_version = "\"v\""}), "If-Match"), "\"v\"");
  EXPECT_EQ(header(put({.if_version = "W/\"v\""}), "If-Match"), "") << "which never holds";
}

TEST(HttpRequests, NameKeysByTheirHashesForBazelsServers) {
  const auto bazel = make_http_dialect(*net::parse_url("http://host/team"), HttpPaths::kBazel);
  EXPECT_EQ(bazel->request_for({.key = "abc"}).request.url.path,
            "/team/ac/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HttpRequests, AskGoCachersServersForTheOutputItself) {
  const auto one = make_http_dialect(*net::parse_url("http://host"), HttpPaths::kGoCacher);
  const Draft draft = one->request_for({.key = "action/00"});
  EXPECT_EQ(draft.request.url.text(), "http://host/action/00");
  EXPECT_EQ(header(draft, "Want-Object"), "1");
}

TEST(HttpReplies, AreAnswersOrFaults) {
  struct Row {
    Operation operation;
    net::Reply reply;
    Verdict verdict = Verdict::kFailed;
    Fault fault = Fault::kUnavailable;
    std::string words = {};
  };
  const Operation get{.key = "k"}, head{.op = Op::kHead, .key = "k"};
  const Operation part{.key = "k", .range = Range{4, 3}}, start{.key = "k", .range = Range{0, 3}};
  const Operation put{.op = Op::kPut, .key = "k"}, remove{.op = Op::kRemove, .key = "k"};
  const Operation first{.op = Op::kPut, .key = "k", .put = {.if_absent = true}};
  const Operation list{.op = Op::kList};
  const std::vector<Row> rows{
      {get, reply(200), Verdict::kDone},
      {get, reply(404), Verdict::kAbsent},
      {get, reply(410), Verdict::kAbsent},
      {get, reply(204), Verdict::kFailed, Fault::kCorrupt},
      {get, reply(206), Verdict::kFailed, Fault::kCorrupt},
      {get, reply(301, {{"Location", "https://host:8080/a%20b/k/"}}), Verdict::kAbsent},
      {head, reply(301, {{"Location", "/a%20b/k/"}}), Verdict::kAbsent},
      {get, reply(302, {{"Location", "https://user:word@other/x?token=y"}}), Verdict::kFailed,
       Fault::kInvalid, "it sends us to https://other;"},
      {get, reply(302, {{"Location", "not a\x01URL"}}), Verdict::kFailed, Fault::kInvalid,
       "302: it sends us elsewhere"},
      {get, reply(401), Verdict::kFailed, Fault::kDenied},
      {get, reply(403), Verdict::kFailed, Fault::kDenied},
      {get, reply(400), Verdict::kFailed, Fault::kInvalid},
      {get, reply(429), Verdict::kFailed, Fault::kUnavailable},
      {get, reply(500), Verdict::kFailed, Fault::kUnavailable},
      {get, reply(501), Verdict::kFailed, Fault::kInvalid},
      {part, reply(206, {{"Content-Range", "bytes 4-6/10"}}), Verdict::kDone},
      {part, reply(206, {{"Content-Range", "bytes 0-2/10"}}), Verdict::kFailed, Fault::kCorrupt},
      {part, reply(206), Verdict::kFailed, Fault::kCorrupt},
      {part, reply(416), Verdict::kFailed, Fault::kCorrupt},
      {part, reply(200), Verdict::kFailed, Fault::kCorrupt, "?ranges=false"},
      {start, reply(200), Verdict::kDone},
      {head, reply(200), Verdict::kDone},
      {put, reply(201), Verdict::kDone},
      {put, reply(204), Verdict::kDone},
      {put, reply(404), Verdict::kFailed, Fault::kInvalid},
      {put, reply(409), Verdict::kFailed, Fault::kInvalid, "the folder is not there"},
      {put, reply(412), Verdict::kFailed, Fault::kInvalid},
      {put, reply(413), Verdict::kFailed, Fault::kInvalid, "larger"},
      {put, reply(507), Verdict::kFailed, Fault::kUnavailable},
      {first, reply(412), Verdict::kConflict},
      {remove, reply(204), Verdict::kDone},
      {remove, reply(404), Verdict::kAbsent},
      {remove, reply(409), Verdict::kAbsent},
      {remove, reply(405), Verdict::kFailed, Fault::kInvalid},
      {list, reply(207), Verdict::kDone},
      {list, reply(404), Verdict::kAbsent},
      {list, reply(405), Verdict::kFailed, Fault::kInvalid, "no listing"},
      {list, reply(200), Verdict::kFailed, Fault::kInvalid, "no listing"},
  };
  for (const Row& row : rows) {
    const Judgement judgement = dialect()->judge(row.operation, row.reply);
    const std::string what = fmt::format("{} {}: {}", name_of(row.operation.op), row.reply.status,
                                         judgement.error.message);
    EXPECT_EQ(judgement.verdict, row.verdict) << what;
    if (row.verdict == Verdict::kFailed) {
      EXPECT_EQ(judgement.error.fault, row.fault) << what;
    }
    EXPECT_NE(judgement.error.message.find(row.words), std::string::npos) << what;
    EXPECT_EQ(judgement.error.message.find("word@"), std::string::npos) << what;
  }
}

TEST(HttpReplies, SayWhenToComeBack) {
  const auto judgement = dialect()->judge({.key = "k"}, reply(503, {{"Retry-After", "7"}}));
  EXPECT_EQ(judgement.error.retry_after, std::chrono::seconds(7));
}

std::string entry(const std::string& path, const std::string& size = {}) {
  return fmt::format(
      "<D:response><D:href>{}</D:href><D:propstat><D:prop>{}<D:getlastmodified>Sun, 06 Nov 1994 "
      "08:49:37 GMT</D:getlastmodified></D:prop></D:propstat></D:response>",
      path,
      size.empty()
          ? "<D:resourcetype><D:collection/></D:resourcetype>"
          : fmt::format("<D:resourcetype/><D:getcontentlength>{}</D:getcontentlength>", size));
}

std::string listing(const std::string& entries) {
  return "<?xml version=\"1.0\"?>\n<D:multistatus xmlns:D=\"DAV:\">" + entries + "</D:multistatus>";
}

TEST(HttpListing, GoesThroughFoldersOneByOne) {
  Operation operation{.op = Op::kList, .key = "v1/e"};
  Draft draft = dialect()->request_for(operation);
  EXPECT_EQ(draft.request.method, "PROPFIND");
  EXPECT_EQ(draft.request.url.path, "/a%20b/v1/");
  EXPECT_EQ(header(draft, "Depth"), "1");

  auto page = dialect()->read_page(
      operation, listing(entry("/a%20b/v1/") + entry("/a%20b/v1/e/") + entry("/a%20b/v1/p/") +
                         entry("https://host:8080/a%20b/v1/e2/") + entry("/a%20b/v1/ex", "12") +
                         entry("/a%20b/v1/m", "5") + entry("/a%20b/v2/ex", "5") +
                         entry("/a%20b/v1/e/deep", "5") + entry("/a%20b/v1/e%20b", "5") +
                         entry("/a%20b/v1/../e", "5")));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->objects[0].key, "v1/ex");
  EXPECT_EQ(page->objects[0].size, 12);
  EXPECT_EQ(page->objects[0].modified.time_since_epoch().count(), 784111777);
  EXPECT_EQ(page->next, "/v1/e/\n/v1/e2/\n");

  operation.page = page->next;
  draft = dialect()->request_for(operation);
  EXPECT_EQ(draft.request.url.path, "/a%20b/v1/e/");
  page = dialect()->read_page(operation,
                              listing(entry("/a%20b/v1/e/") + entry("/a%20b/v1/e/00", "1")));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.at(0).key, "v1/e/00");
  EXPECT_EQ(page->next, "/v1/e2/\n");

  operation.page = page->next;
  page = dialect()->read_page(operation, "");  // gone meanwhile
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->objects.empty());
  EXPECT_EQ(page->next, "");
}

TEST(HttpListing, BelievesNothingElse) {
  const Operation all{.op = Op::kList};
  for (const char* text : {"<html></html>", "{}", "<D:multistatus>"}) {
    const auto page = dialect()->read_page(all, text);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().fault, Fault::kCorrupt);
  }
  const auto page = dialect()->read_page(
      all, listing(entry("", "1") + entry("%", "1") + entry("/a%20b/%00", "1") +
                   entry("/a%20b/k", "-1") + "<D:other/><D:response/>"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->objects[0].size, 0) << "a size that is none";
}

}  // namespace
}  // namespace gopouch::object
