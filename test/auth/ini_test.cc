#include "auth/ini.h"

#include <gtest/gtest.h>

namespace gopouch::auth {
namespace {

std::string value(std::string_view text, const std::string& section, const std::string& key) {
  auto sections = parse_ini(text);
  if (!sections) return "error: " + sections.error().message;
  const auto at = sections->find(section);
  if (at == sections->end()) return "no such section";
  const auto found = at->second.find(key);
  return found == at->second.end() ? "no such setting" : found->second;
}

std::string error(std::string_view text) {
  const auto sections = parse_ini(text);
  return sections.ok() ? "" : sections.error().message;
}

TEST(Ini, ReadsSettingsOfSections) {
  constexpr std::string_view kText =
      "# a comment\n[default]\nregion=eu-west-1\n  ; another\nOutput : json\n\n[ profile a ]\n"
      "key = a = b:c\nempty =\nregion = first\nregion = last\n[default]\nmore = 1";
  EXPECT_EQ(value(kText, "default", "region"), "eu-west-1");
  EXPECT_EQ(value(kText, "default", "output"), "json");
  EXPECT_EQ(value(kText, "default", "more"), "1");
  EXPECT_EQ(value(kText, "profile a", "key"), "a = b:c");
  EXPECT_EQ(value(kText, "profile a", "empty"), "");
  EXPECT_EQ(value(kText, "profile a", "region"), "last");
}

TEST(Ini, ReadsSettingsOfSettings) {
  constexpr std::string_view kText =
      "[default]\ns3 =\n  endpoint_url = http://localhost:9000\n\n  # comment\n  Max = 10\nregion "
      "= "
      "x\n[services a]\n  s3 =\n    endpoint_url = u\n  sts =\n    endpoint_url = v\n";
  EXPECT_EQ(value(kText, "default", "s3.endpoint_url"), "http://localhost:9000");
  EXPECT_EQ(value(kText, "default", "s3.max"), "10");
  EXPECT_EQ(value(kText, "default", "region"), "x");
  EXPECT_EQ(value(kText, "services a", "s3.endpoint_url"), "u");
  EXPECT_EQ(value(kText, "services a", "sts.endpoint_url"), "v");
}

TEST(Ini, JoinsAValueOnSeveralLines) {
  EXPECT_EQ(value("[a]\nx = one\n  two\n  three\n", "a", "x"), "one\ntwo\nthree");
}

TEST(Ini, KeepsWhatLooksLikeACommentInsideAValue) {
  EXPECT_EQ(value("[a]\nx = a #b ;c\n", "a", "x"), "a #b ;c");
}

TEST(Ini, DoesNotMindWhoWroteTheFile) {
  EXPECT_EQ(value("\xEF\xBB\xBF[a]\r\nx = 1\r\n\r\ny = 2\r\n", "a", "x"), "1");
  EXPECT_EQ(value("[a]\r\nx =\r\n  y = 2\r\n", "a", "x.y"), "2");
  EXPECT_EQ(value("[a]   # said twice\nx = 1", "a", "x"), "1");
  EXPECT_EQ(error(""), "");
  EXPECT_EQ(error("\n\n# nothing\n"), "");
}

TEST(Ini, SaysWhereALineIsWrongAndNotWhatItHolds) {
  EXPECT_EQ(error("x = 1\n"), "line 1: a setting outside of any section");
  EXPECT_EQ(error("[a]\n\nwJalrXUtnFEMI\n"), "line 3: neither a section nor a setting");
  EXPECT_EQ(error("[a\n"), "line 1: a section without its bracket");
  EXPECT_EQ(error("[ ]\n"), "line 1: a section without a name");
  EXPECT_EQ(error("[a]\n= x\n"), "line 2: a setting without a name");
  EXPECT_EQ(error("[a]\ns3 =\n  nothing\n"), "line 3: a setting without a value");
}

}  // namespace
}  // namespace gopouch::auth
