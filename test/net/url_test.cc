#include <gtest/gtest.h>

#include "net/net.h"

namespace gopouch::net {
namespace {

struct Parts {
  const char *text, *scheme, *user, *password, *host;
  int port;
  const char *path, *query;
};

TEST(ParseUrl, TakesItApart) {
  const Parts cases[] = {
      {"http://host", "http", "", "", "host", 0, "", ""},
      {"HTTPS://Host.Example:8443/a/b?x=1&y", "https", "", "", "host.example", 8443, "/a/b",
       "x=1&y"},
      {"s3://bucket/a/prefix?region=x", "s3", "", "", "bucket", 0, "/a/prefix", "region=x"},
      {"s3://name--use1-az4--x-s3", "s3", "", "", "name--use1-az4--x-s3", 0, "", ""},
      {"http://[::1]:9000/", "http", "", "", "::1", 9000, "/", ""},
      {"http://[2001:DB8::1]", "http", "", "", "2001:db8::1", 0, "", ""},
      {"redis://:p%40ss@h:6379/0", "redis", "", "p@ss", "h", 6379, "/0", ""},
      {"redis://me:a@b:c@h", "redis", "me", "a@b:c", "h", 0, "", ""},
      {"file:///shared/a%20b", "file", "", "", "", 0, "/shared/a%20b", ""},
      {"file:///gr\xc3\xb6\xc3\x9f", "file", "", "", "", 0, "/gr\xc3\xb6\xc3\x9f", ""},
      {"http://host:/x", "http", "", "", "host", 0, "/x", ""},
      {"http://host?q", "http", "", "", "host", 0, "", "q"},
      {"http://host/a:b@c", "http", "", "", "host", 0, "/a:b@c", ""},
      {"http://host/../a//b/.", "http", "", "", "host", 0, "/../a//b/.", ""},
      {"http://host/?a?b", "http", "", "", "host", 0, "/", "a?b"},
  };
  for (const Parts& parts : cases) {
    const auto url = parse_url(parts.text);
    ASSERT_TRUE(url.ok()) << parts.text << ": " << url.error().message;
    EXPECT_EQ(url->scheme, parts.scheme) << parts.text;
    EXPECT_EQ(url->user, parts.user) << parts.text;
    EXPECT_EQ(url->password, parts.password) << parts.text;
    EXPECT_EQ(url->host, parts.host) << parts.text;
    EXPECT_EQ(url->port, parts.port) << parts.text;
    EXPECT_EQ(url->path, parts.path) << parts.text;
    EXPECT_EQ(url->query, parts.query) << parts.text;
  }
}

TEST(ParseUrl, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "host",
                           "host/path",
                           "://host",
                           "1http://host",
                           "ht tp://host",
                           "http:/host",
                           "http://host:0",
                           "http://host:65536",
                           "http://host:80x",
                           "http://host:-1",
                           "http://host:+1",
                           "http://:80",
                           "http://ho st",
                           "http://host/a b",
                           "http://host/a\nb",
                           "http://host/\x7f",
                           "http://host/#part",
                           "http://host/%",
                           "http://host/%4",
                           "http://host/%zz",
                           "http://host?%g0",
                           "http://h%41st",
                           "http://ho\"st",
                           "http://[::1",
                           "http://[::g]",
                           "http://[::1]x",
                           "http://[v1.x]",
                           "http://user@",
                           "http://u%:p@host"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().fault, base::Fault::kInvalid);
    EXPECT_EQ(url.error().message.find('\n'), std::string::npos);
  }
}

TEST(ParseUrl, TakesSeveralHostsWhereTheyAreAskedFor) {
  const auto url = parse_url("redis://u:a,b@One:1,two,[::1]:3/x", Hosts::kSeveral);
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_EQ(url->password, "a,b");
  EXPECT_EQ(url->authority(), "one:1");
  ASSERT_EQ(url->more_hosts.size(), 2U);
  EXPECT_EQ(url->more_hosts[0].name, "two");
  EXPECT_EQ(url->more_hosts[0].port, 0);
  EXPECT_EQ(url->more_hosts[1].name, "::1");
  EXPECT_EQ(url->more_hosts[1].port, 3);
  EXPECT_FALSE(parse_url("redis://one:1,two").ok());
  for (const char* const text : {"redis://one,", "redis://,two", "redis://one,,two",
                                 "redis://one,:2", "redis://one,two:0", "redis://one,t wo"}) {
    EXPECT_FALSE(parse_url(text, Hosts::kSeveral).ok()) << text;
  }
}

TEST(ParseUrl, ShowsNoSecretInItsError) {
  for (const char* text :
       {"http://me:hidden@host:0/", "redis://:hid/hidden@host", "redis://:hidden@ho st",
        "me:hidden@host", "http://u:hidden@[::1", "http://host:0/?token=hidden",
        "http://u:p?hidden@host", "https://hidden%@host", "http://a:hidden@b:x//c"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().message.find("hidden"), std::string::npos) << url.error().message;
  }
}

TEST(Url, WritesItself) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://me:secret@host/x?y=%20", "http://host/x?y=%20"},
      {"http://HOST:80", "http://host"},
      {"https://host:443/", "https://host/"},
      {"https://host:80/", "https://host:80/"},
      {"http://[::1]:9000/a", "http://[::1]:9000/a"},
      {"s3://bucket", "s3://bucket"},
  };
  for (const auto& [text, written] : cases) EXPECT_EQ(parse_url(text)->text(), written);
  EXPECT_EQ(parse_url("http://u:p@[::1]:9000/a")->authority(), "[::1]:9000");
}

TEST(PercentEncode, KeepsTheUnreserved) {
  const std::string plain = "ABCXYZabcxyz019-._~";
  EXPECT_EQ(percent_encode(plain), plain);
  EXPECT_EQ(percent_encode("a b/c+d%=&\xc3\xa4"), "a%20b%2Fc%2Bd%25%3D%26%C3%A4");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(percent_encode(std::string_view("\0\xff", 2)), "%00%FF");
}

TEST(PercentDecode, UndoesIt) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode("a+b%2fc%2F"), "a+b/c/");
  for (const char* text : {"%", "%2", "a%", "%g0", "%0g", "%-1", "% 1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(FindHeader, ComparesNamesWithoutCase) {
  const Header headers[] = {{"Content-Type", "a"}, {"ETag", "b"}, {"etag", "c"}};
  EXPECT_EQ(find_header(headers, "content-TYPE"), "a");
  EXPECT_EQ(find_header(headers, "ETAG"), "b");
  EXPECT_EQ(find_header(headers, "ETa"), "");
  EXPECT_EQ(find_header({}, "x"), "");
}

}  // namespace
}  // namespace gopouch::net
