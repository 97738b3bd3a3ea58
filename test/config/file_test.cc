#include "config/file.h"

#include <filesystem>

#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::effective;
using test::has;
using test::load;
using test::refusal;

class File : public testing::Test {
 protected:
  // The settings with a config file of this text.
  Settings with(const std::string& text) {
    test::write(path(), text);
    return load({}, {{"GOPOUCH_CONFIG", path()}});
  }

  // What is said of a config file of this text, without the path.
  std::string refused(const std::string& text) {
    test::write(path(), text);
    const std::string said = refusal({}, {{"GOPOUCH_CONFIG", path()}});
    return said.starts_with(path()) ? said.substr(path().size()) : said;
  }

  std::string path() const { return (temp_ / "config.toml").native(); }

  test::TempDir temp_;
};

TEST_F(File, SetsEachKindOfSetting) {
  const Settings settings = with(
      "# all that is here\n"
      "cache-dir = '/pouch'\n"
      "fallback-dir = \"none\"\n"
      "verify = \"always\"\n"
      "max-age = \"36h\"\n"
      "cache-limit = 4096\n"
      "stats = true\n"
      "log-level = \"debug\"\n");
  EXPECT_EQ(settings.store.dir, "/pouch");
  EXPECT_EQ(settings.store.fallback_dir, "");
  EXPECT_EQ(settings.store.verify, store::Verify::kAlways);
  EXPECT_EQ(settings.store.max_age, std::chrono::hours(36));
  EXPECT_EQ(settings.store.limit, 4096);
  EXPECT_TRUE(settings.stats);
  EXPECT_EQ(settings.log_level, base::LogLevel::kDebug);
  EXPECT_EQ(effective(settings, "cache-limit"), "4096 | " + path() + ":6");
  EXPECT_EQ(effective(settings, "log-requests"), "false | default");
}

TEST_F(File, AnEmptyValueCountsAsNone) {
  EXPECT_EQ(effective(with("log-level = \"\"\n"), "log-level"), "warning | default");
  EXPECT_EQ(effective(with(""), "log-level"), "warning | default");
}

TEST_F(File, ErrorsNameTheLine) {
  EXPECT_EQ(refused("stats = true\n\ncache-limt = 1\n"),
            ":3: unknown key \"cache-limt\"; did you mean cache-limit?");
  EXPECT_EQ(refused("cache_limit = 1\n"),
            ":1: unknown key \"cache_limit\"; did you mean cache-limit?");
  EXPECT_EQ(refused("\n[store]\nstats = true\n"), ":2: unknown key \"store\"");
  EXPECT_EQ(refused("\ncache-limit = \"20XB\"\n"),
            ":2: cache-limit: \"20XB\" is no size (such as 20GB, 500MiB, 0)");
  EXPECT_EQ(refused("verify = \"maybe\"\n"),
            ":1: verify: \"maybe\" is none of auto, always, never");
  EXPECT_TRUE(refused("stats = true\nx =\n").starts_with(":2: this is no TOML: "));
  EXPECT_TRUE(refused("stats = true\nstats = true\n").starts_with(":2: this is no TOML: "));
}

TEST_F(File, ErrorsAreOneLine) {
  for (const char* text :
       {"x =\n", "\"a\\nb\" = 1\n", "cache-dir = \"a\\nb\"\n", "\x01\n", "a = \"\n"}) {
    EXPECT_FALSE(refused(text).empty());
    EXPECT_FALSE(has(refused(text), "\n")) << refused(text);
  }
}

TEST_F(File, AWrongTypeIsRefused) {
  EXPECT_EQ(refused("stats = \"true\"\n"), ":1: stats: write true or false, without quotes");
  EXPECT_EQ(refused("stats = 1\n"), ":1: stats: write true or false, without quotes");
  EXPECT_EQ(refused("cache-limit = 1.5\n"),
            ":1: cache-limit: write text such as \"20GB\", or a number of bytes");
  EXPECT_EQ(refused("cache-limit = -1\n"),
            ":1: cache-limit: \"-1\" is no size (such as 20GB, 500MiB, 0)");
  EXPECT_EQ(refused("max-age = 5\n"), ":1: max-age: write text such as \"5d\"");
  EXPECT_EQ(refused("cache-dir = [\"/x\"]\n"), ":1: cache-dir: write text, in quotes");
  EXPECT_EQ(refused("concurrency = \"4\"\n"), ":1: concurrency: write a number, without quotes");
  EXPECT_EQ(refused("remote = [1]\n"), ":1: remote: write text, or a list of texts");
}

TEST_F(File, WhatIsToComeIsRefusedUnlessItIsTheDefault) {
  EXPECT_EQ(refused("sign-key = \"hunter2\"\n"),
            ":1: sign-key: this version has no signatures yet; remove it");
  EXPECT_EQ(refused("remote = []\nmodproxy = false\nredis-ttl = \"168h\"\n"), "");
}

TEST_F(File, ThatIsNamedMustBeThere) {
  EXPECT_EQ(refusal({}, {{"GOPOUCH_CONFIG", path()}}),
            path() + ": GOPOUCH_CONFIG names it, and it is not there");
  EXPECT_EQ(refusal({}, {{"GOPOUCH_CONFIG", temp_.path()}}),
            temp_.path().native() + ": Is a directory");
}

TEST_F(File, ThatIsTooLargeIsRefused) {
  EXPECT_EQ(refused(std::string(3 << 20, '\n')), ": is larger than any config file");
}

TEST_F(File, IsFoundInXdgConfigHomeThenInHome) {
  const std::string home = (temp_ / "home").native();
  const std::string xdg = (temp_ / "xdg").native();
  const auto level = [&](const test::Variables& variables) {
    return effective(load({}, variables), "log-level");
  };
  EXPECT_EQ(level({{"HOME", home}}), "warning | default");
  test::write(home + "/.config/gopouch/config.toml", "log-level = \"info\"");
  EXPECT_EQ(level({{"HOME", home}}), "info | " + home + "/.config/gopouch/config.toml:1");
  EXPECT_EQ(level({{"HOME", home}, {"XDG_CONFIG_HOME", "relative"}}),
            "info | " + home + "/.config/gopouch/config.toml:1");
  EXPECT_EQ(level({{"HOME", home}, {"XDG_CONFIG_HOME", xdg}}), "warning | default");
  test::write(xdg + "/gopouch/config.toml", "log-level = \"error\"");
  EXPECT_EQ(level({{"HOME", home}, {"XDG_CONFIG_HOME", xdg}}),
            "error | " + xdg + "/gopouch/config.toml:1");
}

TEST_F(File, MayBeALink) {
  test::write(temp_ / "dotfiles", "stats = true");
  std::filesystem::create_symlink(temp_ / "dotfiles", path());
  EXPECT_TRUE(load({}, {{"GOPOUCH_CONFIG", path()}}).stats);
}

}  // namespace
}  // namespace gopouch::config
