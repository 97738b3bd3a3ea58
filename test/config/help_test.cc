#include <set>

#include "config/aliases.h"
#include "config/commands.h"
#include "config/value.h"
#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::has;

TEST(Help, FitsAHundredColumns) {
  for (const char* topic : {"", "environment", "cache-dir", "remote", "clear", "stats"}) {
    const auto text = help(topic);
    ASSERT_TRUE(text) << topic;
    EXPECT_TRUE(text->ends_with('\n'));
    for_each_piece(*text, '\n', [](std::string_view line) {
      EXPECT_LE(line.size(), 100U) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    });
  }
}

TEST(Help, NamesEveryCommandAndSetting) {
  const std::string text = *help("");
  for (const Command& command : commands()) EXPECT_TRUE(has(text, command.name)) << command.name;
  for (const Key& key : keys()) EXPECT_TRUE(has(text, "--" + std::string(key.name))) << key.name;
}

TEST(Help, NamesEveryVariable) {
  const std::string text = *help("environment");
  for (const Key& key : keys()) EXPECT_TRUE(has(text, variable_of(key)));
  for (const Name& name : aliases()) {
    EXPECT_TRUE(name.place == Place::kFlag || has(text, name.name)) << name.name;
  }
  for (const char* name : {"GOPOUCH_CONFIG", "GOCACHE", "TMPDIR", "XDG_CONFIG_HOME"})
    EXPECT_TRUE(has(text, name));
}

TEST(Help, KnowsASettingByAnyOfItsNames) {
  const auto expected = help("cache-dir");
  ASSERT_TRUE(expected);
  for (const char* name :
       {"--cache-dir", "-dir", "dir", "GOPOUCH_CACHE_DIR", "CACHE_DIR", "GOCACHE_DIR"})
    EXPECT_EQ(help(name), expected) << name;
  EXPECT_TRUE(has(*expected, "GOBUILDCACHE_CACHE_DIR"));
  EXPECT_TRUE(has(*help("sign-key"), "To come: this version has no signatures yet."));
  EXPECT_TRUE(has(*help("LOCK_DIR"), "accepted and ignored"));
}

TEST(Help, TellsACommandAndASettingOfOneName) {
  EXPECT_TRUE(has(*help("stats"), "GOPOUCH_STATS"));
  EXPECT_TRUE(has(*help("stats"), "gopouch stats"));
  EXPECT_TRUE(has(*help("clear"), "remove everything"));
}

TEST(Help, OfWhatNobodyKnowsIsNone) {
  for (const char* topic : {"nothing", "--", "GOPOUCH_NOTHING"})
    EXPECT_EQ(help(topic), std::nullopt) << topic;
}

TEST(SettingsPage, IsInStepWithTheTable) {
  EXPECT_EQ(test::read(GOPOUCH_SOURCE_DIR "/docs/settings.md"), settings_page())
      << "docs/settings.md must be what settings_page() says";
}

}  // namespace
}  // namespace gopouch::config
