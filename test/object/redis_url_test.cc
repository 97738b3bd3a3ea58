// What a redis:// URL and the options come to, before anything is asked.
#include <gtest/gtest.h>

#include "object/redis.h"

namespace gopouch::object {
namespace {

using std::chrono::seconds;

base::Result<RedisSettings> read(const std::string& text, const Options& options = {}) {
  const auto url = net::parse_url(text, net::Hosts::kSeveral);
  if (!url) return url.error();
  const auto parameters = read_parameters(*url, *find_backend(url->scheme));
  if (!parameters) return parameters.error();
  return read_redis_settings(*url, *parameters, options);
}

std::string hosts_of(const RedisSettings& settings) {
  std::string all;
  for (const RedisAddress& host : settings.place.hosts) all += host.text() + " ";
  return all;
}

TEST(RedisUrl, HasHostsAndPrefix) {
  struct Row {
    std::string url, hosts, prefix, name;
  };
  const std::vector<Row> rows{
      {"redis://h", "h:6379 ", "", "redis://h:6379"},
      {"redis://h/", "h:6379 ", "", "redis://h:6379"},
      {"redis:///ci", "localhost:6379 ", "ci:", "redis://localhost:6379/ci"},
      {"redis://h:7000/ci", "h:7000 ", "ci:", "redis://h:7000/ci"},
      {"redis://me:pa%40ss@H//team/ci//", "h:6379 ", "team:ci:", "redis://h:6379/team:ci"},
      {"redis://a:1,b,[::1]:3/p", "a:1 b:6379 [::1]:3 ", "p:", "redis://a:1,b:6379,[::1]:3/p"},
      {"redis://h/a%20b", "h:6379 ", "a b:", "redis://h:6379/a b"},
      {"redis://h/%7Bteam%7D", "h:6379 ", "{team}:", "redis://h:6379/{team}"},
      {"rediss://h?master=m", "h:26379 ", "", "rediss://h:26379"},
      {"redis://a,b:1?master=m", "a:26379 b:1 ", "", "redis://a:26379,b:1"},
  };
  for (const Row& row : rows) {
    const auto settings = read(row.url);
    ASSERT_TRUE(settings) << row.url << ": " << settings.error().message;
    EXPECT_EQ(hosts_of(*settings), row.hosts);
    EXPECT_EQ(settings->prefix, row.prefix);
    EXPECT_EQ(settings->name, row.name);
  }
}

TEST(RedisUrl, ParametersGoBeforeOptions) {
  Options options;
  options.net.ca_file = "/option.pem";
  auto settings = read("redis://u:p%3As@h", options);
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->connections.tls);
  EXPECT_EQ(settings->connections.login.user, "u");
  EXPECT_EQ(settings->connections.login.password.reveal(), "p:s");
  EXPECT_EQ(settings->connections.login.db, 0);
  EXPECT_EQ(settings->ttl, seconds(7 * 24 * 3600));
  EXPECT_EQ(settings->place.cluster, std::nullopt);
  EXPECT_EQ(settings->connections.net.ca_file, "/option.pem");
  options.redis_ttl = seconds(60);
  EXPECT_EQ(read("redis://h", options)->ttl, seconds(60));

  settings = read("rediss://:pw@h?db=3&ttl=1d12h&cluster=false&ca-file=%2Fx.pem&mode=ro", options);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_TRUE(settings->connections.tls);
  EXPECT_EQ(settings->connections.login.user, "");
  EXPECT_EQ(settings->connections.login.password.reveal(), "pw");
  EXPECT_EQ(settings->connections.login.db, 3);
  EXPECT_EQ(settings->ttl, seconds(36 * 3600));
  EXPECT_EQ(settings->place.cluster, false);
  EXPECT_EQ(settings->connections.net.ca_file, "/x.pem");
  for (const auto& [text, ttl] : std::vector<std::pair<const char*, int>>{
           {"0", 0}, {"0s", 0}, {"90s", 90}, {"1500ms", 2}, {"1h30m", 5400}, {"7d", 604800}}) {
    EXPECT_EQ(read(std::string("redis://h?ttl=") + text)->ttl, seconds(ttl));
  }
}

TEST(RedisUrl, KeepsSlashesWhereALayoutWantsThem) {
  Options options;
  options.redis_plain = true;
  const auto settings = read("redis://h/gocacheprog/x/", options);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->prefix, "gocacheprog/x/");
  EXPECT_EQ(settings->separator, '/');
}

TEST(RedisUrl, RefusesWhatCanNeverWork) {
  for (const char* url : {"redis://secret:secret@h:0",
                          "redis://u:secret@h/%0a",
                          "redis://h?db=x",
                          "redis://h?db=-1",
                          "redis://h?ttl=7",
                          "redis://h?ttl=d",
                          "redis://h?ttl=7x",
                          "redis://h?ttl=-1s",
                          "redis://h?ttl=99999999999999999999d",
                          "redis://h?ttl=4000000d",
                          "redis://h?cluster=maybe",
                          "redis://h?cluster=true&master=m",
                          "redis://h?cluster=true&db=1",
                          "redis://h?ca-file=x",
                          "redis://h/a%7Bb",
                          "redis://h/a%7B%7Db",
                          "redis://h/a%7Db",
                          "redis://h?password=secret",
                          "redis://h,/x",
                          "redis://,h/x",
                          "redis://a,,b",
                          "redis://a,b:x",
                          "redis://h?secret=1"}) {
    const auto settings = read(url);
    ASSERT_FALSE(settings) << url;
    EXPECT_EQ(settings.error().fault, base::Fault::kInvalid) << url;
    EXPECT_EQ(settings.error().message.find("=secret"), std::string::npos);
    EXPECT_EQ(settings.error().message.find(":secret"), std::string::npos);
    EXPECT_EQ(settings.error().message.find('\n'), std::string::npos);
  }
}

TEST(RedisUrl, OpensWithoutAskingAnybody) {
  const auto opened = open("redis://u:secret@no-such-host.invalid,b:1/ci", {});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->name(), "redis://no-such-host.invalid:6379,b:1/ci");
  EXPECT_TRUE(opened->has_prefix());
  EXPECT_TRUE(opened->features().ranges && opened->features().preconditions);
  EXPECT_FALSE(open("redis://h", {})->has_prefix());
  const auto who = const_cast<Remote&>(*opened).who({});
  EXPECT_EQ(*who, "the URL's user and password");
  const auto other = open("s3://a,b/ci", {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "s3:// has one host");
}

}  // namespace
}  // namespace gopouch::object
