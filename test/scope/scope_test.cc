#include "scope/scope.h"

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::environment;
using test::split;
using test::TempDir;
using test::text_of;
using test::Vars;
using test::write;

class ScopeTest : public ::testing::Test {
 protected:
  ScopeTest() {
    write(dir_ / "m/go.mod", "module example.com/m\n");
    write(dir_ / "n/go.mod", "module example.com/n\n");
    std::filesystem::create_directories(dir_ / "m/sub");
  }

  Input input(std::string_view command, Vars more = {}) const {
    Vars vars{{"GOENV", "off"}, {"GOOS", "linux"}, {"GOARCH", "amd64"}, {"CGO_ENABLED", "0"}};
    for (auto& [name, value] : more) vars[name] = value;
    return {environment(vars), dir_ / "m", split(command), "go1.26.8"};
  }

  TempDir dir_;
};

TEST_F(ScopeTest, IsMadeOfItsFacts) {
  const Scope scope = find(input("go build -race -v ./...", {{"GOFLAGS", "-mod=mod"}}));
  EXPECT_EQ(text_of(scope.facts),
            "GOVERSION=go1.26.8; GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=0; "
            "GOFLAGS=-mod=mod; module=example.com/m; command=build; -mod=mod; -race=true; "
            "package=./...");
  EXPECT_NE(scope.exact, scope.module);
}

// These bytes name what machines have stored: a change of them is a new version.
TEST_F(ScopeTest, HashesAreTheSameForEver) {
  const std::string module =
      "gopouch scope 1\n9:GOVERSION\n8:go1.26.8\n4:GOOS\n5:linux\n6:GOARCH\n5:amd64\n7:GOAMD64\n"
      "2:v1\n11:CGO_ENABLED\n1:0\n6:module\n13:example.com/m\n";
  const std::string exact = module + "7:command\n5:build\n7:package\n5:./...\n";
  const auto hash = [](const std::string& text) {
    return base::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  const Scope scope = find(input("go build ./..."));
  EXPECT_EQ(scope.module, hash(module));
  EXPECT_EQ(scope.exact, hash(exact));
  EXPECT_EQ(base::to_hex(scope.exact),
            "4449f79726bcc87cee03770e7703d1bea6cee85c9e87e92b2dfeb5c803a1674d");
  EXPECT_EQ(base::to_hex(scope.module),
            "9161b3692037f0b7269a95d42de9f2163713147a33eccfec571678e57531823e");
}

TEST_F(ScopeTest, IsTheModulesWhereNoCommandIsKnown) {
  const Scope of_build = find(input("go build ./..."));
  for (const char* command : {"", "go"}) {
    const Scope scope = find(input(command));
    EXPECT_EQ(scope.exact, scope.module) << command;
    EXPECT_EQ(scope.module, of_build.module) << command;
  }
}

TEST_F(ScopeTest, OfTheModuleIsTheSameForAllCommands) {
  const Scope build = find(input("go build ./..."));
  for (const char* command : {"go vet ./...", "go test -race ./sub", "go build", "go run . -x"}) {
    const Scope other = find(input(command));
    EXPECT_EQ(other.module, build.module) << command;
    EXPECT_NE(other.exact, build.exact) << command;
  }
  for (const char* command : {"/x/bin/go build ./...", "go build -v ./...", "go build -o=x ./..."})
    EXPECT_EQ(find(input(command)).exact, build.exact) << command;
}

TEST_F(ScopeTest, DiffersWhereActionsDoWholesale) {
  const Scope plain = find(input("go build ./..."));
  for (const Vars& vars : std::initializer_list<Vars>{{{"GOOS", "windows"}},
                                                      {{"GOARCH", "arm64"}},
                                                      {{"GOAMD64", "v3"}},
                                                      {{"GOFLAGS", "-race"}},
                                                      {{"GOEXPERIMENT", "jsonv2"}},
                                                      {{"GOFIPS140", "latest"}},
                                                      {{"CGO_ENABLED", "1"}},
                                                      {{"GO111MODULE", "off"}}}) {
    const Scope other = find(input("go build ./...", vars));
    EXPECT_NE(other.module, plain.module) << ::testing::PrintToString(vars);
    EXPECT_NE(other.exact, plain.exact) << ::testing::PrintToString(vars);
  }
  Input other = input("go build ./...");
  other.go_version = "go1.26.9";
  EXPECT_NE(find(other).module, plain.module);
  other = input("go build ./...");
  other.cwd = dir_ / "n";
  EXPECT_NE(find(other).module, plain.module);
}

TEST_F(ScopeTest, OfAFolderIsExactlyItsOwn) {
  const Scope root = find(input("go build ./..."));
  Input sub = input("go build ./...");
  sub.cwd = dir_ / "m/sub";
  EXPECT_EQ(find(sub).module, root.module);
  EXPECT_NE(find(sub).exact, root.exact);
  EXPECT_EQ(find(input("go build -C sub ./...")).exact, find(sub).exact);
  EXPECT_EQ(find(input("go -C ../n build ./...")).facts[5].value, "example.com/n");
}

TEST_F(ScopeTest, IsTheSameWhereverTheModuleLies) {
  Input moved = input("go build -modfile=" + (dir_ / "copy/m/x.mod").string() + " " +
                      (dir_ / "copy/m/sub").string());
  write(dir_ / "copy/m/go.mod", "module example.com/m\n");
  moved.cwd = dir_ / "copy/m";
  const Scope here = find(
      input("go build -modfile=" + (dir_ / "m/x.mod").string() + " " + (dir_ / "m/sub").string()));
  EXPECT_EQ(find(moved).exact, here.exact);
}

TEST_F(ScopeTest, MayHaveAName) {
  const Scope named = find(input("go build ./..."), "nightly");
  EXPECT_EQ(named.exact, named.module);
  EXPECT_EQ(text_of(named.facts), "scope=nightly");
  EXPECT_EQ(find(input("go vet", {{"GOOS", "windows"}}), "nightly").exact, named.exact);
  EXPECT_NE(find(input("go build ./..."), "weekly").exact, named.exact);
  EXPECT_EQ(find(Input{}, "nightly").exact, named.exact);
}

TEST_F(ScopeTest, NeedsNothingToBeThere) {
  Input bare;
  bare.env = environment({});
  const Scope scope = find(bare);
  EXPECT_EQ(scope.exact, scope.module);
  EXPECT_FALSE(scope.facts.empty());  // the host's
}

}  // namespace
}  // namespace gopouch::scope
