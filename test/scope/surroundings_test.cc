// A go command is played by a copy of the shell, which runs a script named "build": to the system,
// its name is go and its words are those of a build.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::environment;
using test::split;
using test::TempDir;
using test::Words;
using test::write;

Environment real_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

// What the scripts run; by itself it does nothing.
TEST(Surroundings, AreWrittenDown) {
  const char* const file = std::getenv("SCOPE_TEST_OUT");
  if (file == nullptr) return;
  const Input input = surroundings(real_environment());
  std::string text = input.cwd.native() + "\n" + input.go_version + "\n";
  for (const std::string& word : input.command) text += word + "\n";
  write(file, text);
}

class PlayedGo : public ::testing::Test {
 protected:
  PlayedGo() : root_(std::filesystem::canonical(dir_.path())) {
    std::filesystem::create_directories(root_ / "sdk/bin");
    std::filesystem::copy_file(std::filesystem::canonical("/bin/sh"), root_ / "sdk/bin/go");
    write(root_ / "sdk/VERSION", "go1.25.5\ntime 2025-11-26T02:34:45Z\n");
    std::filesystem::create_directories(root_ / "m/sub");
    std::filesystem::create_directory_symlink(root_ / "m", root_ / "link");
  }

  // What the surroundings are where `command`, a go command in `folder`, runs `script`, in which
  // $PROBE is us. `before` is what the shell does before.
  std::string seen(const std::string& command, std::string script = "\"$PROBE\" $ARGS",
                   const std::string& before = "unset GOVERSION", std::string folder = "m") const {
    script += "; exit $?\n";  // no shell makes way for its last command then
    write(root_ / "m/build", script);
    write(root_ / "m/sub/build", script);
    const std::string out = (root_ / "out").string();
    std::filesystem::remove(out);
    const std::string line =
        "cd '" + (root_ / folder).string() + "' && " + before + "; export SCOPE_TEST_OUT='" + out +
        "' PROBE='" + std::filesystem::canonical("/proc/self/exe").string() +
        "' ARGS=--gtest_filter=Surroundings.AreWrittenDown; PATH='" + (root_ / "sdk/bin").string() +
        "':$PATH; " + command + " >/dev/null; exit $?";
    EXPECT_EQ(std::system(line.c_str()), 0) << line;
    return gopouch::test::read(out);
  }

  std::string at(const std::string& folder, const std::string& version,
                 const std::string& command) const {
    std::string text = (root_ / folder).string() + "\n" + version + "\n";
    for (const std::string& word : split(command)) text += word + "\n";
    return text;
  }

  TempDir dir_;
  std::filesystem::path root_;
};

TEST_F(PlayedGo, IsSeenByWhatItStarts) {
  EXPECT_EQ(seen("go build -race ./..."), at("m", "go1.25.5", "go build -race ./..."));
  EXPECT_EQ(seen(root_ / "sdk/bin/go build"),
            at("m", "go1.25.5", (root_ / "sdk/bin/go").string() + " build"));
}

TEST_F(PlayedGo, SaysItsVersionItself) {
  EXPECT_EQ(seen("go build", "\"$PROBE\" $ARGS", "export GOVERSION=go1.99"),
            at("m", "go1.99", "go build"));
  std::filesystem::remove(root_ / "sdk/VERSION");
  EXPECT_EQ(seen("go build"), at("m", "", "go build"));
}

TEST_F(PlayedGo, IsSeenThroughShells) {
  EXPECT_EQ(seen("go build -v", "sh -c '\"$PROBE\" $ARGS; exit $?'"),
            at("m", "go1.25.5", "go build -v"));
  EXPECT_EQ(seen("go build -v",
                 "sh -c 'sh -c '\\''sh -c \"\\$PROBE \\$ARGS; exit \\$?\"; exit "
                 "$?'\\''; exit $?'"),
            at("m", "go1.25.5", "go build -v"));
  // Whatever the shell's name is.
  std::filesystem::copy_file(root_ / "sdk/bin/go", root_ / "a) S 1 (b");
  EXPECT_EQ(seen("go build -v",
                 "'" + (root_ / "a) S 1 (b").string() + "' -c '\"$PROBE\" $ARGS; exit $?'"),
            at("m", "go1.25.5", "go build -v"));
  // The fifth ancestor is too far.
  write(root_ / "m/1", "sh ./2; exit $?\n");
  write(root_ / "m/2", "sh ./3; exit $?\n");
  write(root_ / "m/3", "sh ./4; exit $?\n");
  write(root_ / "m/4", "\"$PROBE\" $ARGS; exit $?\n");
  EXPECT_EQ(seen("go build -v", "sh ./2"), at("m", "go1.25.5", "go build -v"));
  EXPECT_EQ(seen("go build -v", "sh ./1"), at("m", "", ""));
}

TEST_F(PlayedGo, RunsWhereItWentAndNotWhereWeAre) {
  EXPECT_EQ(seen("go build -v", "sh -c 'cd /; \"$PROBE\" $ARGS; exit $?'"),
            at("m", "go1.25.5", "go build -v"));
}

TEST_F(PlayedGo, HasEnteredItsFolderAlready) {
  EXPECT_EQ(seen("go build -C sub ./...", "\"$PROBE\" $ARGS", "unset GOVERSION", "m/sub"),
            at("m/sub", "go1.25.5", "go build ./..."));
}

TEST_F(PlayedGo, NamesItsFolderAsGoDoes) {
  EXPECT_EQ(seen("go build", "PWD=" + (root_ / "link").string() + " \"$PROBE\" $ARGS"),
            at("link", "go1.25.5", "go build"));
  EXPECT_EQ(seen("go build", "PWD=" + (root_ / "m/./sub/..").string() + " \"$PROBE\" $ARGS"),
            at("m", "go1.25.5", "go build"));
  for (const char* pwd : {"/", "m", "/nonexistent", ""})
    EXPECT_EQ(seen("go build", "PWD=" + std::string(pwd) + " \"$PROBE\" $ARGS"),
              at("m", "go1.25.5", "go build"));
}

TEST_F(PlayedGo, MayBeReplacedMeanwhile) {
  EXPECT_EQ(seen("go build", "rm \"$(command -v go)\"; \"$PROBE\" $ARGS"),
            at("m", "go1.25.5", "go build"));
}

TEST(Surroundings, WithoutAGoAreOurOwn) {
  const Input input = surroundings(environment({}));
  EXPECT_EQ(input.cwd, std::filesystem::current_path());
  EXPECT_EQ(input.go_version, "");
  EXPECT_EQ(surroundings(environment({{"GOVERSION", "go1.26.8"}})).go_version, "go1.26.8");
}

TEST(Surroundings, OfAShellAreWhatWouldRun) {
  const TempDir dir;
  write(dir / "sdk/bin/go", "");
  ::chmod((dir / "sdk/bin/go").c_str(), 0755);
  write(dir / "sdk/VERSION", "go1.25.5\n");
  const std::string path = (dir / "sdk/bin").string();
  const Input input = from_shell(environment({{"GOENV", "off"}, {"PATH", path}}),
                                 {"go", "build", "-C", dir.path().string(), "./..."});
  EXPECT_EQ(input.cwd, std::filesystem::canonical(dir.path()));
  EXPECT_EQ(input.command, split("go build ./..."));
  EXPECT_EQ(input.go_version, "go1.25.5");
  const Input said = from_shell(environment({{"GOVERSION", "go1.99"}, {"PATH", path}}), {});
  EXPECT_EQ(said.go_version, "go1.99");
  EXPECT_EQ(said.cwd, std::filesystem::current_path());
}

}  // namespace
}  // namespace gopouch::scope
