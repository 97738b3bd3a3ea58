// Requests and replies by table: no socket.
#include "object/s3_dialect.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

using base::Fault;

S3Place aws(std::string bucket, std::string region = "eu-west-1") {
  S3Place place;
  place.bucket = std::move(bucket);
  place.zone = zone_of(place.bucket);
  place.region = std::move(region);
  return place;
}

S3Place at(const std::string& endpoint, std::string bucket = "bucket", bool path_style = false) {
  S3Place place = aws(std::move(bucket));
  place.endpoint = *net::parse_url(endpoint);
  place.path_style = path_style;
  return place;
}

std::string url_of(const S3Place& place, const Operation& operation) {
  return make_s3_dialect(place)->request_for(operation).request.url.text();
}

TEST(S3Dialect, KnowsTheHosts) {
  S3Place path = aws("bucket");
  path.path_style = true;
  S3Place prefixed = aws("bucket");
  prefixed.prefix = "ci/main/";
  S3Place odd = aws("bucket");
  odd.prefix = "a b/ü+/";
  struct Row {
    S3Place place;
    std::string url;
  };
  const std::vector<Row> rows{
      {aws("bucket"), "https://bucket.s3.eu-west-1.amazonaws.com/k"},
      {aws("bucket", "us-east-1"), "https://bucket.s3.us-east-1.amazonaws.com/k"},
      {aws("bucket", "cn-north-1"), "https://bucket.s3.cn-north-1.amazonaws.com.cn/k"},
      {aws("bucket", "us-gov-west-1"), "https://bucket.s3.us-gov-west-1.amazonaws.com/k"},
      {path, "https://s3.eu-west-1.amazonaws.com/bucket/k"},
      {aws("my.bucket.org"), "https://s3.eu-west-1.amazonaws.com/my.bucket.org/k"},
      {aws("my_bucket"), "https://s3.eu-west-1.amazonaws.com/my_bucket/k"},
      {aws("go--use1-az4--x-s3", "us-east-1"),
       "https://go--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/k"},
      {at("https://store.example"), "https://bucket.store.example/k"},
      {at("https://store.example/base"), "https://bucket.store.example/base/k"},
      {at("https://store.example:8443", "bucket", true), "https://store.example:8443/bucket/k"},
      {at("https://store.example", "my.bucket"), "https://store.example/my.bucket/k"},
      {at("http://localhost:9000"), "http://localhost:9000/bucket/k"},
      {at("http://127.0.0.1:9000"), "http://127.0.0.1:9000/bucket/k"},
      {at("http://[::1]:9000"), "http://[::1]:9000/bucket/k"},
      {at("http://127.0.0.1:9000", "go--use1-az4--x-s3"),
       "http://127.0.0.1:9000/go--use1-az4--x-s3/k"},
      {prefixed, "https://bucket.s3.eu-west-1.amazonaws.com/ci/main/k"},
      {odd, "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B/k"},
  };
  for (const Row& row : rows) EXPECT_EQ(url_of(row.place, {.key = "k"}), row.url);
}

TEST(S3Dialect, EncodesOddKeysOnce) {
  EXPECT_EQ(url_of(aws("bucket"), {.key = "a b/%2B+&=?#ü~_-."}),
            "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/%252B%2B%26%3D%3F%23%C3%BC~_-.");
}

TEST(S3Dialect, KnowsTheZones) {
  EXPECT_EQ(zone_of("go--use1-az4--x-s3"), "use1-az4");
  EXPECT_EQ(zone_of("a--b--apne1-az1--x-s3"), "apne1-az1");
  EXPECT_EQ(zone_of("bucket"), "");
  EXPECT_EQ(zone_of("--x-s3"), "");
  EXPECT_EQ(zone_of("--use1-az4--x-s3"), "");
  EXPECT_EQ(region_of_zone("use1-az4"), "us-east-1");
  EXPECT_EQ(region_of_zone("apne1-az1"), "ap-northeast-1");
  EXPECT_EQ(region_of_zone("xyz1-az1"), "");
}

TEST(S3Dialect, Names) {
  S3Place place = aws("bucket");
  EXPECT_EQ(place.name(), "s3://bucket");
  place.prefix = "ci/main/";
  EXPECT_EQ(place.name(), "s3://bucket/ci/main");
}

std::string header(const Draft& draft, std::string_view name) {
  return std::string(net::find_header(draft.request.headers, name));
}

TEST(S3Dialect, GetsAndRanges) {
  const auto dialect = make_s3_dialect(aws("bucket"));
  const Draft whole = dialect->request_for({.key = "k"});
  EXPECT_EQ(whole.request.method, "GET");
  EXPECT_TRUE(whole.request.headers.empty());
  const Draft part = dialect->request_for({.key = "k", .range = Range{100, 50}});
  EXPECT_EQ(header(part, "Range"), "bytes=100-149");
  EXPECT_EQ(dialect->request_for({.op = Op::kHead, .key = "k"}).request.method, "HEAD");
}

TEST(S3Dialect, Puts) {
  S3Place place = aws("bucket");
  Operation put{.op = Op::kPut, .key = "k"};
  EXPECT_TRUE(make_s3_dialect(place)->request_for(put).request.headers.empty());

  place.storage_class = "STANDARD_IA";
  place.tags = *encode_tags(std::vector<std::string>{"team=go & co", "x="});
  put.put = {.if_absent = true, .sha256 = std::string(32, '\0')};
  Draft draft = make_s3_dialect(place)->request_for(put);
  EXPECT_EQ(draft.request.method, "PUT");
  EXPECT_EQ(header(draft, "x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(header(draft, "x-amz-tagging"), "team=go%20%26%20co&x=");
  EXPECT_EQ(header(draft, "If-None-Match"), "*");
  EXPECT_EQ(header(draft, "x-amz-checksum-sha256"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  put.put = {.if_version = "\"abc\""};
  EXPECT_EQ(header(make_s3_dialect(place)->request_for(put), "If-Match"), "\"abc\"");

  place.preconditions = place.checksums = false;
  put.put = {.if_absent = true, .if_version = "v", .sha256 = std::string(32, 'x')};
  draft = make_s3_dialect(place)->request_for(put);
  EXPECT_EQ(draft.request.headers.size(), 2);  // storage class and tags
}

TEST(S3Dialect, EncodesTags) {
  EXPECT_EQ(encode_tags({}), "");
  EXPECT_FALSE(encode_tags(std::vector<std::string>{"team"}));
  EXPECT_FALSE(encode_tags(std::vector<std::string>{"=go"}));
}

TEST(S3Dialect, Lists) {
  S3Place place = aws("bucket");
  EXPECT_EQ(url_of(place, {.op = Op::kList}),
            "https://bucket.s3.eu-west-1.amazonaws.com/?list-type=2&encoding-type=url");
  place.prefix = "ci/";
  EXPECT_EQ(url_of(place, {.op = Op::kList, .key = "v1/e/00", .page = "a+b/="}),
            "https://bucket.s3.eu-west-1.amazonaws.com/?list-type=2&encoding-type=url"
            "&prefix=ci%2Fv1%2Fe%2F00&continuation-token=a%2Bb%2F%3D");
  S3Place zone = aws("go--use1-az4--x-s3", "us-east-1");
  zone.prefix = "ci/";
  EXPECT_TRUE(
      url_of(zone, {.op = Op::kList, .key = "v1/e/00"}).ends_with("&prefix=ci%2Fv1%2Fe%2F"));
  zone.prefix = "";
  EXPECT_EQ(url_of(zone, {.op = Op::kList, .key = "v1"}).find("prefix"), std::string::npos);
}

TEST(S3Dialect, DropsFromAPageWhatWasNotAskedFor) {
  S3Place place = aws("bucket");
  place.prefix = "ci/";
  const auto page = make_s3_dialect(place)->read_page(
      {.op = Op::kList, .key = "v1/"},
      "<ListBucketResult>"
      "<Contents><Key>ci/v1/a</Key><Size>1</Size></Contents>"
      "<Contents><Key>ci/v2/a</Key><Size>1</Size></Contents>"
      "<Contents><Key>other/v1/a</Key><Size>1</Size></Contents></ListBucketResult>");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1);
  EXPECT_EQ(page->objects[0].key, "v1/a");
  EXPECT_EQ(page->next, "");
}

TEST(S3Dialect, RemovesManyWithBothChecksums) {
  S3Place place = aws("bucket");
  place.prefix = "ci/";
  const std::vector<Key> keys{"a", "b"};
  const Draft draft = make_s3_dialect(place)->request_for({.op = Op::kRemoveAll, .keys = keys});
  EXPECT_EQ(draft.request.method, "POST");
  EXPECT_EQ(draft.request.url.text(), "https://bucket.s3.eu-west-1.amazonaws.com/?delete=");
  EXPECT_NE(draft.text.find("<Key>ci/a</Key></Object><Object><Key>ci/b</Key>"), std::string::npos);
  // Of that very text, by the openssl command.
  EXPECT_EQ(header(draft, "Content-MD5"), "IsB7uzk0QqrnP6S6FEBv8A==");
  EXPECT_EQ(header(draft, "x-amz-checksum-sha256"), "WJxod2sc7o2hWjIIKstfoXnSQA2yNCT/PjCYgmzFD9Y=");
  EXPECT_EQ(make_s3_dialect(place)->removal_size(), 1000);
  place.remove_all = false;
  EXPECT_EQ(make_s3_dialect(place)->removal_size(), 0);
}

TEST(S3Dialect, SendsParts) {
  S3Place place = aws("bucket");
  place.tags = "a=b";
  const auto dialect = make_s3_dialect(place);
  const std::string root = "https://bucket.s3.eu-west-1.amazonaws.com/k?";
  const Draft begin = dialect->request_for(
      {.op = Op::kBeginParts, .key = "k", .put = {.metadata = {{"time", "17"}}}});
  EXPECT_EQ(begin.request.method + " " + begin.request.url.text(), "POST " + root + "uploads=");
  EXPECT_EQ(header(begin, "x-amz-tagging"), "a=b");
  EXPECT_EQ(header(begin, "x-amz-meta-time"), "17");
  EXPECT_EQ(url_of(place, {.op = Op::kPutPart, .key = "k", .upload = "u+/=", .part = 3}),
            root + "partNumber=3&uploadId=u%2B%2F%3D");
  const std::vector<std::string> etags{"\"e\""};
  const Draft join = dialect->request_for({.op = Op::kJoinParts,
                                           .key = "k",
                                           .put = {.if_absent = true},
                                           .upload = "u",
                                           .etags = etags});
  EXPECT_EQ(join.request.method + " " + join.request.url.text(), "POST " + root + "uploadId=u");
  EXPECT_EQ(header(join, "If-None-Match"), "*");
  const Draft drop = dialect->request_for({.op = Op::kDropParts, .key = "k", .upload = "u"});
  EXPECT_EQ(drop.request.method + " " + drop.request.url.text(), "DELETE " + root + "uploadId=u");
}

// ---- replies

std::string error_xml(std::string_view code, std::string_view more = {}) {
  return fmt::format(
      "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>Words</Message>{}</Error>", code,
      more);
}

struct Reply {
  int status = 200;
  std::string body = {};
  std::vector<net::Header> headers = {};
};

Judgement judge(const Operation& operation, Reply reply, const S3Place& place = aws("bucket")) {
  net::Reply made;
  made.status = reply.status;
  made.body = std::move(reply.body);
  made.headers = std::move(reply.headers);
  return judge_s3(place, operation, made);
}

TEST(S3Judge, TellsAbsentFromFailed) {
  const Operation get{.key = "k"};
  EXPECT_EQ(judge(get, {200}).verdict, Verdict::kDone);
  EXPECT_EQ(judge(get, {404, error_xml("NoSuchKey")}).verdict, Verdict::kAbsent);
  EXPECT_EQ(judge(get, {404}).verdict, Verdict::kAbsent);
  EXPECT_EQ(judge({.op = Op::kHead}, {404}).verdict, Verdict::kAbsent);
  EXPECT_EQ(judge({.op = Op::kRemove}, {204}).verdict, Verdict::kDone);
  EXPECT_EQ(judge({.op = Op::kRemove}, {404}).verdict, Verdict::kAbsent);
  EXPECT_EQ(judge({.op = Op::kPut}, {404}).verdict, Verdict::kFailed);
  EXPECT_EQ(judge({.op = Op::kList}, {404}).verdict, Verdict::kFailed);
  const Judgement bucket = judge(get, {404, error_xml("NoSuchBucket")});
  EXPECT_EQ(bucket.verdict, Verdict::kFailed);
  EXPECT_EQ(bucket.error.fault, Fault::kInvalid);
  EXPECT_EQ(bucket.error.message, "s3://bucket: GET: 404 NoSuchBucket: Words");
}

TEST(S3Judge, KnowsTheFaults) {
  struct Row {
    int status;
    std::string code;
    Fault fault;
    Remedy remedy = Remedy::kNone;
  };
  const std::vector<Row> rows{
      {403, "AccessDenied", Fault::kDenied},
      {403, "", Fault::kDenied},
      {401, "", Fault::kDenied},
      {403, "SignatureDoesNotMatch", Fault::kDenied},
      {403, "RequestTimeTooSkewed", Fault::kDenied, Remedy::kClock},
      {400, "ExpiredToken", Fault::kDenied, Remedy::kCredentials},
      {400, "InvalidToken", Fault::kDenied, Remedy::kCredentials},
      {403, "InvalidAccessKeyId", Fault::kDenied, Remedy::kCredentials},
      {429, "", Fault::kUnavailable},
      {500, "InternalError", Fault::kUnavailable},
      {502, "", Fault::kUnavailable},
      {503, "SlowDown", Fault::kUnavailable},
      {504, "", Fault::kUnavailable},
      {507, "XMinioStorageFull", Fault::kUnavailable},
      {400, "RequestTimeout", Fault::kUnavailable},
      {409, "OperationAborted", Fault::kUnavailable},
      {400, "InvalidBucketName", Fault::kInvalid},
      {405, "MethodNotAllowed", Fault::kInvalid},
      {501, "NotImplemented", Fault::kInvalid},
      {301, "PermanentRedirect", Fault::kInvalid},
      {416, "InvalidRange", Fault::kCorrupt},
      {403, "InvalidObjectState", Fault::kCorrupt},
  };
  for (const Row& row : rows) {
    const Judgement got =
        judge({.key = "k"}, {row.status, row.code.empty() ? "" : error_xml(row.code)});
    EXPECT_EQ(got.verdict, Verdict::kFailed) << row.status << row.code;
    EXPECT_EQ(got.error.fault, row.fault) << row.status << row.code;
    EXPECT_EQ(got.remedy, row.remedy) << row.status << row.code;
  }
}

TEST(S3Judge, ReadsRetryAfter) {
  const Judgement seconds = judge({}, {503, error_xml("SlowDown"), {{"Retry-After", "7"}}});
  EXPECT_EQ(seconds.error.retry_after, std::chrono::seconds(7));
  const Judgement date = judge({}, {429,
                                    "",
                                    {{"retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"},
                                     {"date", "Sun, 06 Nov 1994 08:49:37 GMT"}}});
  EXPECT_EQ(date.error.retry_after, std::chrono::seconds(3));
  EXPECT_EQ(judge({}, {403, "", {{"Retry-After", "7"}}}).error.retry_after.count(), 0);
}

TEST(S3Judge, LearnsTheRegion) {
  const std::vector<net::Header> header{{"x-amz-bucket-region", "us-west-2"}};
  for (const Op op : {Op::kGet, Op::kHead, Op::kPut, Op::kList}) {
    for (const int status : {301, 307, 400}) {
      const Judgement got = judge({.op = op}, {status, "", header});
      EXPECT_EQ(got.remedy, Remedy::kRegion);
      EXPECT_EQ(got.hint, "us-west-2");
    }
  }
  const std::string xml = error_xml("AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>");
  EXPECT_EQ(judge({}, {400, xml}).hint, "ap-south-1");
  // No news, and nothing that may become a part of a host's name.
  EXPECT_EQ(judge({}, {400, xml}, aws("bucket", "ap-south-1")).remedy, Remedy::kNone);
  EXPECT_EQ(judge({}, {301, "", {{"x-amz-bucket-region", "evil.example/"}}}).remedy, Remedy::kNone);
  // Every reply of AWS carries it; only some ask for it.
  EXPECT_EQ(judge({}, {403, error_xml("AccessDenied"), header}).remedy, Remedy::kNone);
}

TEST(S3Judge, HeadErrorsComeWithoutCode) {
  EXPECT_EQ(judge({.op = Op::kHead}, {400}).remedy, Remedy::kCredentials);
  EXPECT_EQ(judge({.op = Op::kHead}, {403}).remedy, Remedy::kClock);
}

TEST(S3Judge, KnowsConflicts) {
  const Operation absent{.op = Op::kPut, .put = {.if_absent = true}};
  const Operation version{.op = Op::kPut, .put = {.if_version = "v"}};
  const Operation plain{.op = Op::kPut};
  for (const Operation& put : {absent, version}) {
    EXPECT_EQ(judge(put, {412, error_xml("PreconditionFailed")}).verdict, Verdict::kConflict);
    EXPECT_EQ(judge(put, {409, error_xml("ConditionalRequestConflict")}).verdict,
              Verdict::kConflict);
    EXPECT_EQ(judge(put, {409, error_xml("OperationAborted")}).verdict, Verdict::kFailed);
  }
  EXPECT_EQ(judge(version, {404, error_xml("NoSuchKey")}).verdict, Verdict::kConflict);
  EXPECT_EQ(judge(absent, {404, error_xml("NoSuchKey")}).verdict, Verdict::kFailed);
  EXPECT_EQ(judge(plain, {412}).verdict, Verdict::kFailed);
  Operation join = absent;
  join.op = Op::kJoinParts;
  EXPECT_EQ(judge(join, {412}).verdict, Verdict::kConflict);
}

TEST(S3Judge, LeavesOutWhatTheStoreDoesNotKnow) {
  const std::string sha(32, 'x');
  const Operation plain{.op = Op::kPut};
  const Operation sum{.op = Op::kPut, .put = {.sha256 = sha}};
  const Operation condition{.op = Op::kPut, .put = {.if_absent = true}};
  const Operation both{.op = Op::kPut, .put = {.if_absent = true, .sha256 = sha}};
  const Reply any{501, error_xml("NotImplemented")};
  const Reply named{400, error_xml("NotImplemented", "<Header>If-None-Match</Header>")};
  EXPECT_EQ(judge(plain, any).remedy, Remedy::kNone);
  EXPECT_EQ(judge(sum, any).hint, kWithoutChecksum);
  EXPECT_EQ(judge(sum, {501}).hint, kWithoutChecksum);
  EXPECT_EQ(judge(condition, any).hint, kWithoutPrecondition);
  EXPECT_EQ(judge(both, any).hint, kWithoutChecksum);
  EXPECT_EQ(judge(both, named).hint, kWithoutPrecondition);
  EXPECT_EQ(judge({.op = Op::kRemoveAll}, any).hint, kWithoutRemoveAll);
  S3Place place = aws("bucket");
  place.checksums = false;
  EXPECT_EQ(judge(both, any, place).hint, kWithoutPrecondition);
  place.preconditions = false;
  EXPECT_EQ(judge(both, any, place).remedy, Remedy::kNone);
}

TEST(S3Judge, ChecksRanges) {
  const Operation part{.key = "k", .range = Range{100, 50}};
  const Operation front{.key = "k", .range = Range{0, 50}};
  EXPECT_EQ(judge(part, {206, "", {{"Content-Range", "bytes 100-149/1000"}}}).verdict,
            Verdict::kDone);
  EXPECT_EQ(judge(part, {206, "", {{"Content-Range", "bytes 10-149/1000"}}}).error.fault,
            Fault::kCorrupt);
  EXPECT_EQ(judge(part, {206}).error.fault, Fault::kCorrupt);
  EXPECT_EQ(judge(part, {200}).error.fault, Fault::kCorrupt);
  EXPECT_EQ(judge(front, {200}).verdict, Verdict::kDone);
}

TEST(S3Judge, ReportsWhatARemovalLeft) {
  const std::vector<Key> keys(7, "k");
  const Operation remove{.op = Op::kRemoveAll, .keys = keys};
  EXPECT_EQ(judge(remove, {200, "<DeleteResult/>"}).verdict, Verdict::kDone);
  EXPECT_EQ(
      judge(remove, {200, "<DeleteResult><Error><Code>NoSuchKey</Code></Error></DeleteResult>"})
          .verdict,
      Verdict::kDone);
  const Judgement left =
      judge(remove, {200,
                     "<DeleteResult><Error><Key>ci/a</Key><Code>AccessDenied</Code><Message>No"
                     "</Message></Error></DeleteResult>"});
  EXPECT_EQ(left.error.fault, Fault::kDenied);
  EXPECT_EQ(left.error.message,
            "s3://bucket: remove: 1 of 7 objects are still there; ci/a: AccessDenied: No");
  EXPECT_EQ(judge(remove, {200, "<html/>"}).error.fault, Fault::kCorrupt);
}

TEST(S3Judge, FindsErrorsInJoinsOfStatus200) {
  const Operation join{.op = Op::kJoinParts};
  EXPECT_EQ(judge(join, {200, "<CompleteMultipartUploadResult/>"}).verdict, Verdict::kDone);
  const Judgement got = judge(join, {200, error_xml("InternalError")});
  EXPECT_EQ(got.verdict, Verdict::kFailed);
  EXPECT_EQ(got.error.fault, Fault::kUnavailable);
}

TEST(S3Judge, MessagesAreOneBoundedLine) {
  const Judgement got = judge({}, {403, "<Error><Code>A\nB</Code><Message>\x1b[31m\x7f" +
                                            std::string(5000, 'x') + "</Message></Error>"});
  EXPECT_LT(got.error.message.size(), 400);
  for (const char letter : got.error.message) EXPECT_GE(letter, ' ');
}

}  // namespace
}  // namespace gopouch::object
