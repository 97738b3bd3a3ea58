#include "scope/command.h"

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::split;
using test::TempDir;
using test::text_of;
using test::Words;
using test::write;

std::string facts_of(const Words& words, const Place& place = {}) {
  std::vector<Fact> facts;
  add_command(facts, words, place);
  for (const Fact& fact : facts) EXPECT_TRUE(fact.of_command);
  return text_of(facts);
}

struct Case {
  const char* command;
  const char* facts;
};

void expect(std::initializer_list<Case> cases) {
  for (const auto& [command, facts] : cases) EXPECT_EQ(facts_of(split(command)), facts) << command;
}

TEST(Command, IsItsNameAndItsPackagesInOrder) {
  expect({
      {"go build ./...", "command=build; package=./..."},
      {"/usr/local/go/bin/go build ./...", "command=build; package=./..."},
      {"go vet ./b ./a", "command=vet; package=./b; package=./a"},
      {"go build", "command=build"},
      {"go build .", "command=build"},
      {"go build . ./a", "command=build; package=.; package=./a"},
      {"go install example.com/tool@latest", "command=install; package=example.com/tool@latest"},
      {"go generate ./...", "command=generate; package=./..."},
      {"go mod tidy -v", "command=mod tidy"},
      {"go work sync", "command=work sync"},
      {"go mod", "command=mod"},
      {"go env GOROOT", "command=env; package=GOROOT"},
      {"go", ""},
      {"go -x build", ""},
      {"", ""},
  });
}

TEST(Command, FlagsCountInOneFormHoweverTheyAreWritten) {
  expect({
      {"go build -race", "command=build; -race=true"},
      {"go build --race", "command=build; -race=true"},
      {"go build -race=1", "command=build; -race=true"},
      {"go build -race=T", "command=build; -race=true"},
      {"go build -race=false", "command=build"},
      {"go build -race -race=0", "command=build"},
      {"go build -race=0 -race", "command=build; -race=true"},
      {"go build -race=perhaps", "command=build; -race=perhaps"},
      {"go build -tags a", "command=build; -tags=a"},
      {"go build --tags a", "command=build; -tags=a"},
      {"go build -tags=a", "command=build; -tags=a"},
      {"go build --tags=a", "command=build; -tags=a"},
      {"go build -tags=b,a,,b", "command=build; -tags=a,b"},
      {"go build -tags=b -tags=a", "command=build; -tags=a"},
      {"go build -tags=b -tags=", "command=build"},
      {"go build -trimpath -mod=mod -race", "command=build; -mod=mod; -race=true; -trimpath=true"},
      {"go build -mod=mod -mod vendor", "command=build; -mod=vendor"},
      {"go build -buildmode=default -pgo=auto -compiler gc", "command=build"},
      {"go build -pgo=auto -pgo=off", "command=build; -pgo=off"},
      {"go build -pgo=off -pgo=auto", "command=build"},
      {"go build -tags", "command=build"},
      {"go build -tags -race ./...", "command=build; -tags=-race; package=./..."},
  });
  EXPECT_EQ(facts_of({"go", "build", "-tags", "'b' a\tc"}), "command=build; -tags=a,b,c");
}

TEST(Command, FlagsForPatternsAddUp) {
  expect({
      {"go build -gcflags=-l -gcflags=all=-N", "command=build; -gcflags=-l all=-N"},
      {"go build -gcflags=all=-N -gcflags=-l", "command=build; -gcflags=all=-N -l"},
      {"go build -asmflags -D -gccgoflags=-O", "command=build; -asmflags=-D; -gccgoflags=-O"},
  });
}

TEST(Command, CoverageIsOnHoweverItIsAskedFor) {
  expect({
      {"go test -cover", "command=test; -cover=true"},
      {"go test -coverprofile=c.out", "command=test; -cover=true"},
      {"go test -coverprofile c.out ./...", "command=test; -cover=true; package=./..."},
      {"go test -covermode=atomic", "command=test; -cover=true; -covermode=atomic"},
      {"go test -coverpkg ./...", "command=test; -cover=true; -coverpkg=./..."},
      {"go test -fuzz=FuzzOne", "command=test; -fuzz=true"},
      {"go test -fuzz FuzzTwo", "command=test; -fuzz=true"},
  });
}

TEST(Command, WhatChangesNoLookupIsLeftOut) {
  expect({
      {"go build -v -x -n -a -work -json -modcacherw -o out -p 4 ./...",
       "command=build; package=./..."},
      {"go build -o=out -p=4 ./...", "command=build; package=./..."},
      {"go build -ldflags -X=main.version=v1 ./...", "command=build; package=./..."},
      {"go build -buildvcs ./...", "command=build; package=./..."},
      {"go build -buildvcs=false -debug-trace t ./...", "command=build; package=./..."},
      {"go test -v -json -short -failfast -benchmem -fullpath ./...",
       "command=test; package=./..."},
      {"go test -run A -bench . -count 1 -timeout 1m -parallel 4 -cpu 1,2 -skip B -list C "
       "-benchtime 1s -shuffle on -exec sudo ./...",
       "command=test; package=./..."},
      {"go test -cpuprofile a -memprofile b -memprofilerate 1 -blockprofile c "
       "-blockprofilerate 1 -mutexprofile d -mutexprofilefraction 1 -trace e -outputdir f "
       "-fuzztime 1s -fuzzminimizetime 1s ./...",
       "command=test; package=./..."},
      {"go test -test.run A -test.v ./...", "command=test; package=./..."},
      {"go test -run=A ./...", "command=test; package=./..."},
      {"go generate -run x -skip y ./...", "command=generate; package=./..."},
      {"go vet -c 3 -json ./...", "command=vet; package=./..."},
      {"go list -e -reuse old ./...", "command=list; package=./..."},
  });
}

TEST(Command, FlagsOfOneCommandMeanWhatTheyMeanThere) {
  expect({
      {"go test -c ./a", "command=test; -c=true; package=./a"},
      {"go test -vet off", "command=test; -vet=off"},
      {"go vet -fix ./...", "command=vet; -fix=true; package=./..."},
      {"go list -json ./...", "command=list; -json=true; package=./..."},
      {"go list -json=Dir,Stale ./...", "command=list; -json=Dir,Stale; package=./..."},
      {"go list -f {{.Stale}} ./...", "command=list; -f={{.Stale}}; package=./..."},
      {"go list -deps -test -export -compiled -find ./...",
       "command=list; -compiled=true; -deps=true; -export=true; -find=true; -test=true; "
       "package=./..."},
      {"go list -m all", "command=list; -m=true; package=all"},
      {"go get -u -t example.com/a", "command=get; -t=true; -u=true; package=example.com/a"},
      {"go get -u=patch example.com/a", "command=get; -u=patch; package=example.com/a"},
  });
}

TEST(Command, UnknownFlagsCountAsTheyStand) {
  expect({
      {"go build -new ./...", "command=build; -new=true; package=./..."},
      {"go build -new=2 -new=1 ./...", "command=build; -new=2 1; package=./..."},
      {"go vet -printf=false ./...", "command=vet; -printf=false; package=./..."},
      {"go test -new ./...", "command=test; -new=true; package=./..."},
  });
}

TEST(Command, FlagsEndWhereGoEndsThem) {
  expect({
      {"go build ./a -race", "command=build; package=./a; package=-race"},
      {"go build -- -race", "command=build; package=-race"},
      {"go build -race -- ./a", "command=build; -race=true; package=./a"},
      {"go list - ---x -=y", "command=list; package=-; package=---x; package=-=y"},
      // Tests take go's flags behind the packages, and their own.
      {"go test ./a ./b -race", "command=test; -race=true; package=./a; package=./b"},
      {"go test ./a -run x -race", "command=test; -race=true; package=./a"},
      {"go test ./a -update -race", "command=test; -race=true; package=./a"},
      {"go test ./a -update yes -race", "command=test; -race=true; package=./a"},
      {"go test ./a -update yes no -race", "command=test; package=./a"},
      {"go test ./a -update=yes no -race", "command=test; package=./a"},
      {"go test ./a -v no -race", "command=test; package=./a"},
      {"go test -v ./a -args -race", "command=test; package=./a"},
      {"go test -v ./a --args -race", "command=test; package=./a"},
      {"go test -args ./a", "command=test"},
      {"go test ./a -- -race", "command=test; package=./a"},
      // What is run has words of its own.
      {"go run -race ./a -race b", "command=run; -race=true; package=./a"},
      {"go run a.go b.go c -v", "command=run; package=a.go; package=b.go"},
      {"go run . a.go", "command=run"},
      {"go run -exec sudo ./a", "command=run; package=./a"},
      {"go tool -n stringer -type X", "command=tool; package=stringer"},
      {"go tool x.go y.go", "command=tool; package=x.go"},
  });
}

TEST(Command, PathsAreThoseOfAnyMachine) {
  const Place place{.root = "/home/me/work", .folder = "cmd/tool", .goflags = ""};
  const std::string in = "command=build; ";
  const std::string folder = "folder=cmd/tool";
  EXPECT_EQ(facts_of(split("go build ./..."), place), in + folder + "; package=./...");
  EXPECT_EQ(facts_of(split("go build /home/me/work/a/..."), place),
            in + folder + "; package=<module>/a/...");
  EXPECT_EQ(facts_of(split("go build /home/me/worker/a"), place), in + folder + "; package=a");
  EXPECT_EQ(facts_of(split("go build -modfile=/home/me/work/x.mod"), place),
            in + "-modfile=<module>/x.mod; " + folder);
  EXPECT_EQ(facts_of(split("go build -modfile=/tmp/1234/go.mod"), place),
            in + "-modfile=go.mod; " + folder);
  EXPECT_EQ(facts_of(split("go build -modfile x.mod"), place), in + "-modfile=x.mod; " + folder);
  EXPECT_EQ(facts_of(split("go build -overlay /tmp/1/o.json"), place),
            in + "-overlay=true; " + folder);
  EXPECT_EQ(facts_of(split("go vet -vettool=/opt/bin/check"), place),
            "command=vet; -vettool=check; " + folder);
  EXPECT_EQ(facts_of(split("go build /a/b"), {}), in + "package=b");
  EXPECT_EQ(facts_of(split("go build"), {.root = "/r", .folder = ".", .goflags = ""}),
            "command=build");
}

TEST(Command, GoflagsComeFirst) {
  const auto with = [](const char* goflags, const char* command) {
    return facts_of(split(command), {.root = "", .folder = "", .goflags = goflags});
  };
  EXPECT_EQ(with("-race -v", "go build"), "command=build; -race=true");
  EXPECT_EQ(with("-race", "go build -race=false"), "command=build");
  EXPECT_EQ(with("-tags=a", "go build -tags=b"), "command=build; -tags=b");
  EXPECT_EQ(with("-pgo=off", "go build -pgo=auto"), "command=build");
  EXPECT_EQ(with("'-gcflags=-N -l'", "go build -gcflags=-m"), "command=build; -gcflags=-N -l -m");
}

TEST(Command, GoflagsHaveOneForm) {
  for (const auto& [text, form] : {
           std::pair{"", ""},
           {"-v -x -p=4 '-ldflags=-s -w'", ""},
           {"-trimpath  -mod=mod", "-mod=mod -trimpath=true"},
           {"--mod=mod\t--trimpath=1", "-mod=mod -trimpath=true"},
           {"-tags=b,a -tags=c,b", "-tags=b,c"},
           {"-new", "-new=true"},
           {"mod", ""},
           {"-modfile=/r/tools.mod", "-modfile=<module>/tools.mod"},
       }) {
    EXPECT_EQ(canonical_goflags(text, "/r"), form) << text;
  }
}

TEST(Command, FolderMayBeSaidByAFlag) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "a/b");
  std::filesystem::create_directory_symlink(dir / "a/b", dir / "link");
  const auto real = std::filesystem::canonical(dir.path());
  struct Example {
    const char* command;
    std::filesystem::path folder;
    const char* left;
  };
  for (const auto& [command, folder, left] : {
           Example{"go build -C a/b ./...", real / "a/b", "go build ./..."},
           {"go -C a/b build ./...", real / "a/b", "go build ./..."},
           {"go build --C=a/b -race", real / "a/b", "go build -race"},
           {"go mod tidy -C=a", real / "a", "go mod tidy"},
           {"go build -C a/../link", real / "a/b", "go build"},
           {"go build -C link", real / "a/b", "go build"},
           {"go build -C none/../a", real / "a", "go build"},
           {"go build -race -C a", real, "go build -race -C a"},
           {"go build", real, "go build"},
           {"go build -C", real, "go build"},
           {"go", real, "go"},
       }) {
    Words words = split(command);
    std::filesystem::path entered = take_chdir(words, real);
    if (!entered.has_filename()) entered = entered.parent_path();
    EXPECT_EQ(entered, folder) << command;
    EXPECT_EQ(words, split(left)) << command;
  }
  Words absolute{"go", "-C", (dir / "a").string(), "build"};
  EXPECT_EQ(take_chdir(absolute, "/nonexistent"), real / "a");
}

TEST(Command, KnowsAGoCommandByItsName) {
  for (const char* name : {"go", "/usr/local/go/bin/go", "go1.26.8", "/x/sdk/go1.27rc1", "./go"})
    EXPECT_TRUE(is_go(name)) << name;
  for (const char* name : {"", "gofmt", "gopls", "go2", "go-build", "/go/", "golangci-lint", "bash",
                           "ago", "go1/sh", "go1 x"})
    EXPECT_FALSE(is_go(name)) << name;
}

}  // namespace
}  // namespace gopouch::scope
