#include "object/xml.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

// As AWS writes them.
constexpr std::string_view kPage = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>ci/</Prefix>
<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>2</KeyCount>
<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<Contents><Key>ci/a+b%2Bc/%C3%A4</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>
<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key>ci/v1/e/00</Key><LastModified>2009-10-12T17:50:31Z</LastModified><Size>0</Size></Contents>
</ListBucketResult>)";

std::string with(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Xml, ReadsAPage) {
  const auto page = parse_page(kPage);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
  ASSERT_EQ(page->objects.size(), 2);
  EXPECT_EQ(page->objects[0].key, "ci/a b+c/ä");
  EXPECT_EQ(page->objects[0].size, 434234);
  EXPECT_EQ(page->objects[0].modified.time_since_epoch().count(), 1255369830);
  EXPECT_EQ(page->objects[1].key, "ci/v1/e/00");
  EXPECT_EQ(page->objects[1].modified.time_since_epoch().count(), 1255369831);
}

TEST(Xml, DecodesKeysOnlyWhereTheyAreEncoded) {
  const auto page = parse_page(with(std::string(kPage), "<EncodingType>url</EncodingType>", ""));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects[0].key, "ci/a+b%2Bc/%C3%A4");
}

TEST(Xml, ReadsTheLastPage) {
  const auto page = parse_page(with(std::string(kPage), "true", "false"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "");
  EXPECT_TRUE(parse_page("<ListBucketResult/>"));
}

TEST(Xml, RefusesPagesThatAreNone) {
  const std::string page(kPage);
  for (const std::string& text :
       {std::string(), std::string("nonsense"), std::string("<html><body>Sign in</body></html>"),
        page.substr(0, page.size() - 10), with(page, "434234", "-1"), with(page, "434234", "4x"),
        with(page, "434234", ""), with(page, "434234", "99999999999999999999"),
        with(page, "ci/v1/e/00", ""), with(page, "a+b%2B", "a%ZZ"),
        with(page, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=", "")}) {
    const auto parsed = parse_page(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().fault, base::Fault::kCorrupt);
  }
}

TEST(Xml, LeavesOutKeysWithNul) {
  const auto page = parse_page(with(std::string(kPage), "ci/v1/e/00", "ci/v1/e/%00"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.size(), 1);
}

TEST(Xml, ReadsErrors) {
  const auto error = parse_error(
      "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
      "&apos;us-east-1&apos; is wrong &amp; old</Message><Region>eu-west-1</Region></Error>");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error->message, "the region 'us-east-1' is wrong & old");
  EXPECT_EQ(error->region, "eu-west-1");
  EXPECT_TRUE(parse_error("<Error/>"));
  EXPECT_FALSE(parse_error(""));
  EXPECT_FALSE(parse_error("<html>503</html>"));
  EXPECT_FALSE(parse_error("<Error><Code>cut"));
}

TEST(Xml, ExpandsNoEntitiesOfTheTextsOwn) {
  const auto error = parse_error(
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM "
      "\"file:///etc/passwd\">]><Error><Code>&b;&f;</Code></Error>");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "&b;&f;");
}

TEST(Xml, ReadsWhatARemovalLeft) {
  EXPECT_EQ(parse_removal("<DeleteResult xmlns=\"x\"></DeleteResult>")->size(), 0);
  const auto left = parse_removal(
      "<DeleteResult><Error><Key>a/b</Key><Code>AccessDenied</Code><Message>No</Message></Error>"
      "</DeleteResult>");
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1);
  EXPECT_EQ((*left)[0].key, "a/b");
  EXPECT_EQ((*left)[0].code, "AccessDenied");
  EXPECT_FALSE(parse_removal("<html/>"));
}

TEST(Xml, ReadsAnUploadId) {
  EXPECT_EQ(*parse_upload_id(
                "<InitiateMultipartUploadResult><Bucket>b</Bucket><UploadId>VXBs+/=</UploadId>"
                "</InitiateMultipartUploadResult>"),
            "VXBs+/=");
  EXPECT_FALSE(parse_upload_id("<InitiateMultipartUploadResult/>"));
}

TEST(Xml, WritesARemoval) {
  const std::vector<std::string> keys{"ci/v1/e/00", "a&b<c> \"d\" "};
  EXPECT_EQ(removal_request(keys),
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Object><Key>ci/v1/e/00</Key></Object>"
            "<Object><Key>a&amp;b&lt;c&gt; \"d\" </Key></Object>"
            "<Quiet>true</Quiet></Delete>");
}

TEST(Xml, WritesWhatJoinsParts) {
  const std::vector<std::string> etags{"\"aa\"", "\"bb\""};
  EXPECT_EQ(joining_request(etags),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>\"bb\"</ETag></Part>"
            "</CompleteMultipartUpload>");
}

}  // namespace
}  // namespace gopouch::object
