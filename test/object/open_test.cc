// What open() makes of URLs and options, whatever the store.
#include <gtest/gtest.h>

#include "test/object/scripted_store.h"
#include "test/support/temp_dir.h"

namespace gopouch::object {
namespace {

using base::Fault;
using namespace test;

std::string refusal(std::string_view url, const Options& options = {}) {
  const auto opened = open(url, options);
  if (opened) return "opened";
  EXPECT_EQ(opened.error().fault, Fault::kInvalid);
  return opened.error().message;
}

TEST(Open, NamesTheStoresThatThereAre) {
  EXPECT_EQ(schemes(), "s3, gs, redis, rediss, file, http, https, go-cacher+http, go-cacher+https");
  EXPECT_EQ(refusal("ftp://host/x"), "no store has the scheme ftp://; there are " + schemes());
  EXPECT_NE(refusal("bucket").find("no scheme://"), std::string::npos);
  for (const Backend* const backend : backends()) {
    EXPECT_EQ(find_backend(backend->scheme), backend);
    EXPECT_TRUE(backend->doc.starts_with(backend->scheme)) << backend->doc;
  }
}

TEST(Open, KnowsItsParameters) {
  EXPECT_EQ(refusal("file:///tmp/x?mode=rw"), "opened");
  EXPECT_EQ(refusal("file:///tmp/x?"), "opened");
  EXPECT_EQ(refusal("file:///tmp/x?mode=read"), "?mode= is ro or rw");
  EXPECT_EQ(refusal("file:///tmp/x?mode"), "?mode= has no value");
  EXPECT_EQ(refusal("file:///tmp/x?colour=red"), "file:// has no parameter colour; there are mode");
  EXPECT_EQ(refusal("file:///tmp/x?mode=ro&AKIAEXAMPLE=1"),
            "file:// has no parameter of that name; there are mode");
  EXPECT_NE(refusal("s3://bucket/x?regoin=eu")
                .find("s3:// has no parameter regoin; there are mode, region, "),
            std::string::npos);
}

TEST(Open, ReadsParameters) {
  net::Url url;
  url.query = "tag=a%3Db%26c&path-style=true&tag=d&region=eu&region=us&endpoint=https://h/";
  const auto read = read_parameters(url, s3);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->all("tag"), (std::vector<std::string>{"a=b&c", "d"}));
  EXPECT_EQ(read->find("region"), "us");
  EXPECT_EQ(read->find("endpoint"), "https://h/");
  EXPECT_EQ(read->find("mode"), std::nullopt);
  EXPECT_EQ(*read->flag("path-style"), true);
  EXPECT_EQ(*read->flag("mode"), std::nullopt);
  EXPECT_EQ(fault_of(read->flag("region")), Fault::kInvalid);
}

TEST(Open, ChecksTheErrorRate) {
  Options options;
  for (const double rate : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    options.error_rate = rate;
    EXPECT_EQ(refusal("memory://", options), "the error rate is a number from 0 to 1");
  }
  options.error_rate = 1;
  auto remote = open("memory://", options);
  ASSERT_TRUE(remote);
  EXPECT_EQ(fault_of(remote->store(), "k"), Fault::kUnavailable);
}

TEST(Open, TouchesNothing) {
  const test::TempDir dir;
  auto remote = open("file://" + (dir / "shared").string(), {});
  ASSERT_TRUE(remote);
  EXPECT_FALSE(std::filesystem::exists(dir / "shared"));
  EXPECT_EQ(remote->name(), "file://" + (dir / "shared").string());
  EXPECT_TRUE(remote->has_prefix());
  EXPECT_FALSE(remote->features().remote);
  EXPECT_EQ(*remote->who(in_time()), "");
  EXPECT_EQ(remote->clock_offset(), std::nullopt);
  EXPECT_EQ(remote->moved(), 0);
  EXPECT_FALSE(remote->counts().open);
}

TEST(Open, CanBeMoved) {
  auto first = open("memory://", {});
  ASSERT_TRUE(first);
  ASSERT_TRUE(put(first->store(), "k", "x"));
  Remote second = *std::move(first);
  EXPECT_EQ(text_of(second.store(), "k"), "x");
  EXPECT_EQ(second.counts().hits, 1);
}

}  // namespace
}  // namespace gopouch::object
