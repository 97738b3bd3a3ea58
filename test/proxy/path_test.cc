#include "proxy/path.h"

#include <gtest/gtest.h>

namespace gopouch::proxy {
namespace {

// "kind module version", or "sumdb: name below"; empty: nothing.
std::string told(std::string_view raw) {
  const auto path = parse_path(raw);
  if (!path) return "";
  if (path->module.empty()) return "sumdb: " + path->sumdb + " " + path->below;
  switch (path->kind) {
    case Kind::kInfo:
      return "info " + path->module + " " + path->version;
    case Kind::kMod:
      return "mod " + path->module + " " + path->version;
    case Kind::kZip:
      return "zip " + path->module + " " + path->version;
    case Kind::kQuery:
      return "query " + path->module + " " + path->version;
    case Kind::kList:
      return "list " + path->module;
    case Kind::kLatest:
      return "latest " + path->module;
    default:
      return "?";
  }
}

TEST(Path, NamesOneOfAFewThings) {
  EXPECT_EQ(told("example.com/a/@v/list"), "list example.com/a");
  EXPECT_EQ(told("example.com/a/@latest"), "latest example.com/a");
  EXPECT_EQ(told("example.com/a/@v/v1.2.3.info"), "info example.com/a v1.2.3");
  EXPECT_EQ(told("example.com/a/@v/v1.2.3.mod"), "mod example.com/a v1.2.3");
  EXPECT_EQ(told("example.com/a/@v/v2.0.0+incompatible.zip"),
            "zip example.com/a v2.0.0+incompatible");
  EXPECT_EQ(told("github.com/%21burnt%21sushi/toml/@v/v1.0.0-!r!c1.mod"),
            "mod github.com/!burnt!sushi/toml v1.0.0-!r!c1");
  EXPECT_EQ(told("example.com/a/@v/main.info"), "query example.com/a main");
  EXPECT_EQ(told("example.com/a/@v/v1.2.info"), "query example.com/a v1.2");
  EXPECT_EQ(told("redirect/2/example.com/a/@v/list"), "list redirect/2/example.com/a");
}

TEST(Path, OfADatabaseMayHaveSlashesInItsName) {
  EXPECT_EQ(told("sumdb/sum.example/latest"), "sumdb: sum.example latest");
  EXPECT_EQ(told("sumdb/sum.example/x/y/supported"), "sumdb: sum.example/x/y supported");
  EXPECT_EQ(told("sumdb/sum.example/x/tile/8/0/x001/234.p/56"),
            "sumdb: sum.example/x tile/8/0/x001/234.p/56");
  EXPECT_EQ(told("sumdb/sum.example/lookup/example.com/tile/lookup/a@v1.0.0"),
            "sumdb: sum.example lookup/example.com/tile/lookup/a@v1.0.0");
  EXPECT_EQ(told("folder/sumdb/sum.example/supported"), "sumdb:  supported");
  EXPECT_EQ(told("folder/tile/8/0/001"), "sumdb:  tile/8/0/001");
}

TEST(Path, IsNothingWhereNothingCanBe) {
  for (const char* const raw : {"",
                                "/",
                                "x",
                                "@v/list",
                                "/@v/list",
                                "a/@v/",
                                "a/@v/.info",
                                "a/@v/v1.0.0",
                                "a//b/@v/list",
                                "a/../b/@v/list",
                                "a/%2e%2e/b/@v/list",
                                "a/./@v/list",
                                "a/B/@v/list",
                                "a/!/@v/list",
                                "a/!B/@v/list",
                                "a/b%00/@v/list",
                                "a/b%zz/@v/list",
                                "a\\b/@v/list",
                                "a/@v/main.mod",
                                "a/@v/v1.0.zip",
                                "a/@v/list/",

                                "sumdb/x/lookup/y",
                                "sumdb/x/other",
                                "a%0a/@v/list",
                                "%252e%252e/!/@v/list"}) {
    EXPECT_EQ(told(raw), "") << raw;
  }
}

TEST(Path, LastsWhereAVersionIsNamed) {
  for (const char* const raw :
       {"a/@v/v1.0.0.info", "a/@v/v1.0.0.zip", "sumdb/s/lookup/a@v1", "sumdb/s/tile/8/0/001"}) {
    EXPECT_TRUE(parse_path(raw)->lasting()) << raw;
  }
  for (const char* const raw :
       {"a/@v/v1.info", "a/@v/list", "a/@latest", "sumdb/s/latest", "sumdb/s/supported"}) {
    EXPECT_FALSE(parse_path(raw)->lasting()) << raw;
  }
}

TEST(Version, IsWhatGoWouldChoose) {
  for (const char* const text :
       {"v0.0.0", "v1.2.3", "v10.20.30", "v1.2.3-pre.1", "v1.2.3-0.20200101000000-abcdef123456",
        "v2.0.0+incompatible", "v2.0.0-rc1+incompatible", "v0.0.1-go1.21.0.linux-amd64"}) {
    EXPECT_TRUE(is_version(text)) << text;
  }
  for (const char* const text :
       {"", "v", "1.2.3", "v1", "v1.2", "v1.2.3.4", "v01.2.3", "v1.2.3-", "v1.2.3-a..b",
        "v1.2.3-01", "v1.2.3+meta", "vx.y.z", "v1.2.3-a_b"}) {
    EXPECT_FALSE(is_version(text)) << text;
  }
}

TEST(Tile, APartIsOfTheWholeOne) {
  const auto part = partial_tile(*parse_path("sumdb/s/tile/8/0/x001/234.p/56"));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->whole, "sumdb/s/tile/8/0/x001/234");
  EXPECT_EQ(part->size, 56 * 32);
  for (const char* const raw :
       {"sumdb/s/tile/8/0/001", "sumdb/s/tile/8/data/001.p/5", "sumdb/s/tile/8/0/001.p/0",
        "sumdb/s/tile/8/0/001.p/256", "sumdb/s/tile/8/0/001.p/x", "a/@v/list"}) {
    EXPECT_FALSE(partial_tile(*parse_path(raw))) << raw;
  }
}

TEST(Pattern, MatchesAsGoPrivateDoes) {
  EXPECT_TRUE(matches("example.com/a", "example.com/a"));
  EXPECT_TRUE(matches("example.com/a", "example.com/a/b/c"));
  EXPECT_TRUE(matches("*.example.com", "x.example.com/a"));
  EXPECT_TRUE(matches("example.com/*/b", "example.com/a/b"));
  EXPECT_FALSE(matches("example.com/a", "example.com/ab"));
  EXPECT_FALSE(matches("example.com/a", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com/x"));
}

}  // namespace
}  // namespace gopouch::proxy
