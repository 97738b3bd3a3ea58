#include "config/commands.h"

#include "test/config/fixture.h"

namespace gopouch::config {
namespace {

using test::Args;
using test::load;
using test::refusal;

TEST(Commands, AreHereToComeOrUnknown) {
  for (const char* name :
       {"ca", "clear", "clear-local", "clear-remote", "config", "connect", "doctor", "help",
        "prefetch", "prune", "scope", "serve", "verify", "version"})
    EXPECT_EQ(command_state(name), CommandState::kHere) << name;
  for (const char* name : {"keygen", "stats"})
    EXPECT_EQ(command_state(name), CommandState::kToCome) << name;
  for (const char* name : {"", "Clear", "put"})
    EXPECT_EQ(command_state(name), CommandState::kUnknown) << name;
}

TEST(Commands, ThatAreNotHereAreRefused) {
  EXPECT_EQ(refusal({"claer"}), "unknown command \"claer\"; try gopouch help");
  EXPECT_EQ(refusal({"verfy"}), "unknown command \"verfy\"; did you mean verify?");
  EXPECT_EQ(refusal({""}), "unknown command \"\"; try gopouch help");
  EXPECT_EQ(refusal({"stats"}), "stats: this version has no statistics yet");
  EXPECT_EQ(refusal({"keygen", "x"}), "keygen: this version has no signatures yet");
}

TEST(Commands, TakeNoWordsButTheirOwn) {
  EXPECT_EQ(refusal({"clear", "all"}), "clear: what is \"all\" for? try gopouch help clear");
  EXPECT_EQ(refusal({"help", "a", "b"}), "help: what is \"b\" for? try gopouch help help");
  const Settings settings = load({"help", "cache-dir"});
  EXPECT_EQ(settings.command, "help");
  EXPECT_EQ(settings.operands, Args{"cache-dir"});
}

TEST(Commands, HelpAndVersionAnswerWhateverElseIsWrong) {
  for (const Args& args :
       {Args{"help"}, {"version"}, {"-h"}, {"clear", "--help"}, {"serve", "-help"}})
    EXPECT_EQ(refusal(args, {{"GOPOUCH_REMOTE", "s3://b"}, {"HOME", ""}}), "") << args.front();
  EXPECT_TRUE(load({"clear", "--help"}).help);
}

}  // namespace
}  // namespace gopouch::config
