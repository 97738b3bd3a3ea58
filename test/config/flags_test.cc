#include "config/flags.h"

#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::Args;
using test::has;

// The command line as it was understood: "--cache-dir=/x | clear".
std::string parsed(const Args& args) {
  const CommandLine line = parse_command_line(args);
  std::string out;
  for (const Flag& flag : line.flags) out += flag.shown + "=" + flag.value + " ";
  out += "|";
  for (const auto& word : line.words) out += " " + word;
  return out + (line.help ? " help" : "");
}

TEST(Flags, ComeInGosFourForms) {
  for (const Args& args : {Args{"-cache-dir", "/x"}, {"-cache-dir=/x"}})
    EXPECT_EQ(parsed(args), "-cache-dir=/x |");
  for (const Args& args : {Args{"--cache-dir", "/x"}, {"--cache-dir=/x"}})
    EXPECT_EQ(parsed(args), "--cache-dir=/x |");
  EXPECT_EQ(parsed({"-cache-dir=a=b"}), "-cache-dir=a=b |");
  EXPECT_EQ(parsed({"-c", "4", "-u=5"}), "-c=4 -u=5 |");
}

TEST(Flags, ABoolTakesNoSeparateWord) {
  EXPECT_EQ(parsed({"-stats", "clear"}), "-stats=true | clear");
  EXPECT_EQ(parsed({"--stats=false", "false"}), "--stats=false | false");
  EXPECT_EQ(parsed({"-async-backend", "clear"}), "-async-backend=true | clear");
}

TEST(Flags, ASwitchOfTwoProgramsTakesAWordThatFits) {
  EXPECT_EQ(parsed({"-debug", "clear"}), "-debug=true | clear");
  EXPECT_EQ(parsed({"--debug", "3", "clear"}), "--debug=3 | clear");
  EXPECT_EQ(parsed({"connect", "-debug", "5930"}), "-debug=true | connect 5930");
  EXPECT_EQ(parsed({"-compression", "clear"}), "-compression=true | clear");
  EXPECT_EQ(parsed({"--compression", "none", "clear"}), "--compression=none | clear");
  EXPECT_EQ(parsed({"-v"}), "-v=true |");
}

TEST(Flags, StandBeforeAndBehindTheCommand) {
  EXPECT_EQ(parsed({"-stats", "clear", "-cache-dir", "/x"}), "-stats=true -cache-dir=/x | clear");
}

TEST(Flags, EndAtTwoDashes) {
  EXPECT_EQ(parsed({"-stats", "--", "clear", "-nothing"}), "-stats=true | clear -nothing");
  EXPECT_EQ(parsed({"-", ""}), "| - ");
}

TEST(Flags, HelpHasThreeNames) {
  for (const char* flag : {"-h", "-help", "--help"})
    EXPECT_EQ(parsed({"clear", flag}), "| clear help");
}

std::string refused(const Args& args) {
  try {
    return parsed(args);
  } catch (const ConfigError& error) {
    return std::string("refused: ") + error.what();
  }
}

TEST(Flags, WhatNobodyKnowsIsRefusedWithTheNearestName) {
  EXPECT_EQ(refused({"--cach-limit=1"}),
            "refused: unknown flag \"--cach-limit\"; did you mean --cache-limit?");
  EXPECT_EQ(refused({"-log-rsp"}), "refused: unknown flag \"-log-rsp\"; did you mean --log-resp?");
  EXPECT_EQ(refused({"-x"}), "refused: unknown flag \"-x\"");
  EXPECT_EQ(refused({"---stats"}), "refused: unknown flag \"---stats\"; did you mean --stats?");
  EXPECT_EQ(refused({"-=x"}), "refused: unknown flag \"-\"");
  EXPECT_FALSE(has(refused({"--tokn=hunter2"}), "hunter2"));
}

TEST(Flags, AForgottenValueIsNotTheNextFlag) {
  EXPECT_EQ(refused({"--cache-dir"}), "refused: flag --cache-dir needs a value: --cache-dir=VALUE");
  EXPECT_TRUE(has(refused({"--cache-dir", "--stats"}), "needs a value"));
  EXPECT_TRUE(has(refused({"-lock-type"}), "needs a value"));
  EXPECT_EQ(refused({"--cache-dir=-x"}), "--cache-dir=-x |");
}

}  // namespace
}  // namespace gopouch::config
