// Requests and replies of Google Cloud Storage by table: no socket.
#include "object/gcs_dialect.h"

#include <gtest/gtest.h>

#include "object/gcs_json.h"

namespace gopouch::object {
namespace {

using base::Fault;

GcsPlace place(std::string prefix = "ci/", const std::string& endpoint = "https://gcs.example") {
  return {.bucket = "bucket", .prefix = std::move(prefix), .endpoint = *net::parse_url(endpoint)};
}

std::string error_json(int code, std::string_view reason, std::string_view message) {
  return fmt::format(
      R"({{"error":{{"code":{},"message":"{}","errors":[{{"domain":"global","reason":"{}"}}]}}}})",
      code, message, reason);
}

TEST(GcsDialect, Asks) {
  struct Row {
    Operation operation;
    std::string method, url, header;
  };
  const std::string objects = "https://gcs.example/storage/v1/b/bucket/o";
  const std::string uploads = "https://gcs.example/upload/storage/v1/b/bucket/o";
  const std::vector<Row> rows{
      {{.op = Op::kGet, .key = "v1/e/00"}, "GET", objects + "/ci%2Fv1%2Fe%2F00?alt=media", ""},
      {{.op = Op::kGet, .key = "k", .range = Range{10, 5}},
       "GET",
       objects + "/ci%2Fk?alt=media",
       "Range: bytes=10-14"},
      // The XML API's, since that tells the metadata.
      {{.op = Op::kGet, .key = "a/b+", .range = Range{0, 1}, .metadata = true},
       "GET",
       "https://gcs.example/bucket/ci/a/b%2B",
       "Range: bytes=0-0"},
      {{.op = Op::kHead, .key = "k"}, "GET", objects + "/ci%2Fk?fields=name,size,updated", ""},
      {{.op = Op::kRemove, .key = "k"}, "DELETE", objects + "/ci%2Fk", ""},
      {{.op = Op::kPut, .key = "k"},
       "POST",
       uploads + "?uploadType=media&name=ci%2Fk&fields=size",
       "Content-Type: application/octet-stream"},
      {{.op = Op::kPut, .key = "k", .put = {.if_absent = true}},
       "POST",
       uploads + "?uploadType=media&name=ci%2Fk&fields=size&ifGenerationMatch=0",
       ""},
      {{.op = Op::kPut, .key = "k", .put = {.if_version = "17"}},
       "POST",
       uploads + "?uploadType=media&name=ci%2Fk&fields=size&ifGenerationMatch=17",
       ""},
      {{.op = Op::kBeginParts, .key = "k", .put = {.if_absent = true}},
       "POST",
       uploads + "?uploadType=resumable&name=ci%2Fk&fields=size&ifGenerationMatch=0",
       ""},
      {{.op = Op::kPutPart, .range = Range{8, 4}, .upload = "/upload/x?upload_id=1&a=b"},
       "PUT",
       "https://gcs.example/upload/x?upload_id=1&a=b",
       "Content-Range: bytes 8-11/12"},
      {{.op = Op::kPutPart, .range = Range{12, 0}, .upload = "/upload/x"},
       "PUT",
       "https://gcs.example/upload/x",
       "Content-Range: bytes */12"},
      {{.op = Op::kDropParts, .upload = "/upload/x?upload_id=1"},
       "DELETE",
       "https://gcs.example/upload/x?upload_id=1",
       ""},
      {{.op = Op::kList, .key = "v1/e/", .page = "a=+"},
       "GET",
       objects + "?maxResults=1000&fields=nextPageToken,items(name,size,updated)&"
                 "prefix=ci%2Fv1%2Fe%2F&pageToken=a%3D%2B",
       ""},
  };
  for (const Row& row : rows) {
    const net::Request request = make_gcs_dialect(place())->request_for(row.operation).request;
    EXPECT_EQ(request.method, row.method) << row.url;
    EXPECT_EQ(request.url.text(), row.url);
    if (row.header.empty()) continue;
    ASSERT_FALSE(request.headers.empty()) << row.url;
    EXPECT_EQ(request.headers[0].name + ": " + request.headers[0].value, row.header);
  }
  const Draft begin = make_gcs_dialect(place())->request_for(
      {.op = Op::kBeginParts, .key = "k", .put = {.metadata = {{"time", "17"}, {"a", "\""}}}});
  EXPECT_EQ(begin.text, R"({"metadata":{"a":"\"","time":"17"}})");
  ASSERT_FALSE(begin.request.headers.empty());
  EXPECT_EQ(begin.request.headers[0].value, "application/json");
  const Metadata metadata = make_gcs_dialect(place())->metadata_of(
      {.status = 200,
       .headers = {{"X-Goog-Meta-Time", "17"}, {"x-goog-generation", "1"}},
       .body = {}});
  EXPECT_EQ(metadata, (Metadata{{"time", "17"}}));

  const auto url = [](const GcsPlace& where) {
    return make_gcs_dialect(where)->request_for({.op = Op::kGet, .key = "k"}).request.url.text();
  };
  EXPECT_EQ(url(place("", "https://gcs.example/base")),
            "https://gcs.example/base/storage/v1/b/bucket/o/k?alt=media");
  EXPECT_EQ(url(place("a b/ü/")), objects + "/a%20b%2F%C3%BC%2Fk?alt=media");
}

TEST(GcsDialect, Judges) {
  struct Row {
    Operation operation;
    net::Reply reply;
    Verdict verdict;
    Fault fault = Fault::kUnavailable;
    std::string words = {};
  };
  const std::string no_bucket = error_json(404, "notFound", "The specified bucket does not exist.");
  const Operation get{.op = Op::kGet, .key = "k"}, put{.op = Op::kPut, .key = "k"},
      part{.op = Op::kPutPart, .key = "k"}, list{.op = Op::kList},
      range{.op = Op::kGet, .key = "k", .range = Range{4, 3}};
  const std::vector<Row> rows{
      {get, {200, {}, ""}, Verdict::kDone},
      {get, {404, {}, "No such object: bucket/ci/k"}, Verdict::kAbsent},
      {get, {404, {}, ""}, Verdict::kAbsent},
      {get,
       {404, {}, "The specified bucket does not exist."},
       Verdict::kFailed,
       Fault::kInvalid,
       "gs://bucket: GET: 404: The specified bucket does not exist."},
      {get,
       {403, {}, error_json(403, "forbidden", "ci lacks storage.objects.get")},
       Verdict::kFailed,
       Fault::kDenied,
       "gs://bucket: GET: 403 forbidden: ci lacks storage.objects.get"},
      {get,
       {403, {}, error_json(403, "rateLimitExceeded", "slow")},
       Verdict::kFailed,
       Fault::kUnavailable,
       "gs://bucket: GET: 403 rateLimitExceeded: slow"},
      {get,
       {429, {{"Retry-After", "2"}}, ""},
       Verdict::kFailed,
       Fault::kUnavailable,
       "gs://bucket: GET: 429"},
      {get, {503, {}, "a\nb"}, Verdict::kFailed, Fault::kUnavailable, "gs://bucket: GET: 503: a b"},
      {range, {206, {{"Content-Range", "bytes 4-6/10"}}, ""}, Verdict::kDone},
      {range,
       {206, {{"Content-Range", "bytes 0-6/10"}}, ""},
       Verdict::kFailed,
       Fault::kCorrupt,
       "gs://bucket: GET: another range than the one asked for"},
      {range,
       {200, {}, ""},
       Verdict::kFailed,
       Fault::kCorrupt,
       "gs://bucket: GET: another range than the one asked for"},
      {range, {416, {}, ""}, Verdict::kFailed, Fault::kCorrupt, "gs://bucket: GET: 416"},
      {put, {200, {}, ""}, Verdict::kDone},
      {put, {308, {}, ""}, Verdict::kFailed, Fault::kInvalid, "gs://bucket: PUT: 308"},
      {put, {412, {}, error_json(412, "conditionNotMet", "x")}, Verdict::kConflict},
      {put,
       {404, {}, no_bucket},
       Verdict::kFailed,
       Fault::kInvalid,
       "gs://bucket: PUT: 404 notFound: The specified bucket does not exist."},
      {part, {308, {}, ""}, Verdict::kDone},
      {part, {412, {}, ""}, Verdict::kConflict},
      {part, {410, {}, ""}, Verdict::kFailed, Fault::kUnavailable, "gs://bucket: PUT: 410"},
      {{.op = Op::kRemove, .key = "k"}, {204, {}, ""}, Verdict::kDone},
      {{.op = Op::kRemove, .key = "k"}, {404, {}, ""}, Verdict::kAbsent},
      {{.op = Op::kDropParts}, {499, {}, ""}, Verdict::kDone},
      {list,
       {404, {}, no_bucket},
       Verdict::kFailed,
       Fault::kInvalid,
       "gs://bucket: list: 404 notFound: The specified bucket does not exist."},
  };
  for (const Row& row : rows) {
    const auto judgement = make_gcs_dialect(place())->judge(row.operation, row.reply);
    EXPECT_EQ(judgement.verdict, row.verdict) << row.reply.status << row.words;
    if (row.verdict != Verdict::kFailed) continue;
    EXPECT_EQ(judgement.error.fault, row.fault) << row.words;
    EXPECT_EQ(judgement.error.message, row.words);
  }
  const auto denied = make_gcs_dialect(place())->judge(get, {401, {}, "Invalid Credentials"});
  EXPECT_EQ(denied.remedy, Remedy::kCredentials);
  EXPECT_EQ(make_gcs_dialect(place())->judge(get, rows[6].reply).error.retry_after,
            std::chrono::seconds(2));
}

TEST(GcsDialect, ReadsPages) {
  const auto dialect = make_gcs_dialect(place());
  const Operation list{.op = Op::kList, .key = "v1/"};
  const auto page = dialect->read_page(list, R"({"kind":"storage#objects","nextPageToken":"n==",
    "items":[{"name":"ci/v1/a","size":"12","updated":"2026-01-02T03:04:05.678Z","metadata":{}},
             {"name":"ci/other","size":"1"},{"name":"elsewhere","size":"1"},
             {"name":"ci/v1/b","size":"9007199254740993"}]})");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->next, "n==");
  ASSERT_EQ(page->objects.size(), 2) << "what was not asked for is no answer";
  EXPECT_EQ(page->objects[0].key, "v1/a");
  EXPECT_EQ(page->objects[0].size, 12);
  EXPECT_EQ(page->objects[0].modified.time_since_epoch().count(), 1767323045);
  EXPECT_EQ(page->objects[1].size, 9007199254740993);
  EXPECT_TRUE(dialect->read_page(list, "{}")->objects.empty());
  for (const char* text :
       {"", "[]", "<html>", R"({"items":{}})", R"({"items":[1]})", R"({"items":[{"name":"a"}]})",
        R"({"items":[{"name":"a","size":"-1"}]})", R"({"items":[{"name":"a","size":"1x"}]})",
        R"({"items":[{"name":"","size":"1"}]})"}) {
    const auto bad = dialect->read_page(list, text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().fault, Fault::kCorrupt);
    EXPECT_EQ(bad.error().message, "gs://bucket: list: the answer is no listing");
  }
}

TEST(GcsDialect, ReadsAnObject) {
  const auto dialect = make_gcs_dialect(place());
  const Operation head{.op = Op::kHead, .key = "k"};
  const auto info = dialect->read_info(
      head, {200, {}, R"({"name":"ci/k","size":"5","updated":"2026-01-02T03:04:05Z"})"});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->key, "k");
  EXPECT_EQ(info->size, 5);
  EXPECT_FALSE(dialect->read_info(head, {200, {}, "{}"}));
  EXPECT_EQ(dialect->version_of({200, {{"X-Goog-Generation", "17"}, {"ETag", "\"x\""}}, ""}), "17");
}

}  // namespace
}  // namespace gopouch::object
