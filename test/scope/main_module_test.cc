#include "scope/main_module.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.h"
#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::environment;
using test::TempDir;
using test::text_of;
using test::Vars;
using test::write;

// What is found from `cwd`: its facts, and where that folder lies in it.
std::string found(const std::filesystem::path& cwd, Vars vars = {}) {
  vars.emplace("GOENV", "off");
  const Environment env = environment(vars);
  const MainModule module = find_main_module(cwd, Variables(env));
  std::vector<Fact> facts;
  add_module(facts, module);
  return text_of(facts) + " @" + below_root(module, cwd);
}

TEST(MainModule, IsTheNearestAbove) {
  const TempDir dir;
  write(dir / "go.mod", "module example.com/outer\n");
  write(dir / "a/b/go.mod", "module example.com/inner\n");
  std::filesystem::create_directories(dir / "a/b/c/d");
  std::filesystem::create_directories(dir / "x/go.mod");  // a folder is no module
  EXPECT_EQ(found(dir.path()), "module=example.com/outer @.");
  EXPECT_EQ(found(dir / "a"), "module=example.com/outer @a");
  EXPECT_EQ(found(dir / "a/b"), "module=example.com/inner @.");
  EXPECT_EQ(found(dir / "a/b/c/d"), "module=example.com/inner @c/d");
  EXPECT_EQ(found(dir / "x"), "module=example.com/outer @x");
  EXPECT_EQ(found(dir / "nonexistent"), "module=example.com/outer @nonexistent");
  EXPECT_EQ(found(dir / "a/b", {{"GO111MODULE", "off"}}), " @");
  EXPECT_EQ(found(dir / "a/b", {{"GO111MODULE", "auto"}}), "module=example.com/inner @.");
}

TEST(MainModule, MayBeAbsent) {
  const TempDir dir;
  EXPECT_EQ(found(dir.path()), " @");
  EXPECT_EQ(found("/"), " @");
  EXPECT_EQ(found(""), " @");
  EXPECT_EQ(found("relative/folder"), " @");
  // go leaves alone what lies in the folder of all temporary files, but not what is below it.
  write(dir / "go.mod", "module example.com/forgotten\n");
  write(dir / "a/go.mod", "module example.com/a\n");
  EXPECT_EQ(found(dir / "b", {{"TMPDIR", dir.path()}}), " @");
  EXPECT_EQ(found(dir / "b", {{"TMPDIR", dir.path().string() + "/"}}), " @");
  EXPECT_EQ(found(dir / "a", {{"TMPDIR", dir.path()}}), "module=example.com/a @.");
}

TEST(MainModule, MayBeAWorkspace) {
  const TempDir dir;
  write(dir / "go.work", "go 1.24\nuse (\n\t./b\n\t./a // first\n\t./none\n)\nuse ./a/again\n");
  write(dir / "a/go.mod", "module example.com/a\n");
  write(dir / "a/again/go.mod", "module example.com/a\n");
  write(dir / "b/go.mod", "module example.com/b\n");
  const std::string all = "workspace=example.com/a; workspace=example.com/b";
  EXPECT_EQ(found(dir.path()), all + " @.");
  EXPECT_EQ(found(dir / "b"), all + " @b");
  EXPECT_EQ(found(dir / "b", {{"GOWORK", "auto"}}), all + " @b");
  EXPECT_EQ(found(dir / "b", {{"GOWORK", ""}}), all + " @b");
  EXPECT_EQ(found(dir / "b", {{"GOWORK", "off"}}), "module=example.com/b @.");
  EXPECT_EQ(found(dir.path(), {{"GOWORK", "off"}}), " @");

  write(dir / "env", "GOWORK=off\n");
  EXPECT_EQ(found(dir / "b", {{"GOENV", dir / "env"}}), "module=example.com/b @.");
}

TEST(MainModule, WorkspaceMayLieElsewhere) {
  const TempDir dir;
  write(dir / "here/go.mod", "module example.com/here\n");
  std::filesystem::create_directories(dir / "here/sub");
  std::filesystem::create_directories(dir / "bare");
  write(dir / "elsewhere/my.work", "use ../here\nuse " + (dir / "there").string() + "\n");
  write(dir / "there/go.mod", "module example.com/there\n");
  const Vars vars{{"GOWORK", dir / "elsewhere/my.work"}};
  const std::string both = "workspace=example.com/here; workspace=example.com/there";
  EXPECT_EQ(found(dir / "here/sub", vars), both + " @sub");
  EXPECT_EQ(found(dir / "bare", vars), both + " @");
  EXPECT_EQ(found(dir / "here", {{"GOWORK", dir / "nonexistent"}}), " @here");
}

TEST(MainModule, FileMayBeNone) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "go.mod").c_str(), 0600), 0);
  const base::Fd writer(::open((dir / "go.mod").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(writer);  // a reader would wait for it
  EXPECT_EQ(found(dir.path()), " @.");
}

TEST(MainModule, FileMayBeALinkOrLong) {
  const TempDir dir;
  write(dir / "real.mod", "module example.com/linked\n");
  std::filesystem::create_directories(dir / "m");
  std::filesystem::create_symlink(dir / "real.mod", dir / "m/go.mod");
  EXPECT_EQ(found(dir / "m"), "module=example.com/linked @.");

  const std::string comment = "// " + std::string(100'000, 'x') + "\n";
  write(dir / "l/go.mod", comment + "module example.com/long\n");
  EXPECT_EQ(found(dir / "l"), "module=example.com/long @.");
  std::string endless;
  while (endless.size() < (2U << 20U)) endless += comment;
  write(dir / "e/go.mod", "module example.com/first\n" + endless);
  EXPECT_EQ(found(dir / "e"), "module=example.com/first @.");
  write(dir / "e/go.mod", endless + "module example.com/last\n");
  EXPECT_EQ(found(dir / "e"), " @.");
}

}  // namespace
}  // namespace gopouch::scope
