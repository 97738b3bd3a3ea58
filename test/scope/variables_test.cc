#include "scope/variables.h"

#include <sys/stat.h>

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::environment;
using test::TempDir;
using test::text_of;
using test::Vars;
using test::Words;
using test::write;

std::string target(const Vars& vars) {
  const Environment env = environment(vars);
  std::vector<Fact> facts;
  add_target(facts, Variables(env));
  return text_of(facts);
}

Vars with(Vars more) {
  Vars vars{{"GOENV", "off"}, {"GOOS", "linux"}, {"GOARCH", "amd64"}, {"CGO_ENABLED", "0"}};
  for (auto& [name, value] : more) vars[name] = value;
  return vars;
}

TEST(Variables, TellTheTargetOfABuild) {
  struct Case {
    Vars vars;
    const char* facts;
  };
  const std::string plain = "GOOS=linux; GOARCH=amd64; GOAMD64=v1; ";
  for (const auto& [vars, facts] : {
           Case{{}, "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=0"},
           {{{"GOAMD64", "v3"}}, "GOOS=linux; GOARCH=amd64; GOAMD64=v3; CGO_ENABLED=0"},
           {{{"GOARM64", "v9.0"}}, "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=0"},
           {{{"GOOS", "darwin"}, {"GOARCH", "arm64"}},
            "GOOS=darwin; GOARCH=arm64; GOARM64=v8.0; CGO_ENABLED=0"},
           {{{"GOOS", "js"}, {"GOARCH", "wasm"}}, "GOOS=js; GOARCH=wasm; CGO_ENABLED=0"},
           {{{"GOARCH", "mipsle"}, {"GOMIPS", "softfloat"}},
            "GOOS=linux; GOARCH=mipsle; GOMIPS=softfloat; CGO_ENABLED=0"},
           {{{"GOARCH", "s390x"}}, "GOOS=linux; GOARCH=s390x; CGO_ENABLED=0"},
           {{{"GOEXPERIMENT", "jsonv2"}, {"GOFIPS140", "latest"}},
            "GOOS=linux; GOARCH=amd64; GOAMD64=v1; GOEXPERIMENT=jsonv2; GOFIPS140=latest; "
            "CGO_ENABLED=0"},
           {{{"GOFIPS140", "off"}}, "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=0"},
           // A C compiler counts where there is use for one.
           {{{"CC", "clang"}, {"CGO_CFLAGS", "-O3"}},
            "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=0"},
           {{{"CGO_ENABLED", "1"}, {"CC", "clang"}, {"CXX", "g++"}, {"CGO_LDFLAGS", "-s"}},
            "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=1; CC=clang; CGO_LDFLAGS=-s"},
           {{{"CGO_ENABLED", "1"}, {"CC", "gcc"}, {"GOOS", "freebsd"}},
            "GOOS=freebsd; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=1; CC=gcc"},
       }) {
    EXPECT_EQ(target(with(vars)), facts);
  }
}

TEST(Variables, AreFilledInAsGoFillsThemIn) {
  // What a go command hands to its children, and what a shell has where that go was started.
  const TempDir dir;
  write(dir / "bin/gcc", "");
  ::chmod((dir / "bin/gcc").c_str(), 0755);
  const std::string path = "/nonexistent::" + (dir / "bin").string();
  const std::string by_go = target({{"GOENV", "off"},
                                    {"GOOS", "linux"},
                                    {"GOARCH", "amd64"},
                                    {"GOAMD64", "v1"},
                                    {"GOFIPS140", "off"},
                                    {"CC", "gcc"},
                                    {"CXX", "g++"},
                                    {"AR", "ar"},
                                    {"CGO_ENABLED", "1"}});
  EXPECT_EQ(by_go, "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=1");
#if defined(__linux__) && defined(__x86_64__)
  EXPECT_EQ(target({{"GOENV", "off"}, {"PATH", path}}), by_go);
  EXPECT_EQ(target({{"GOENV", "off"}, {"PATH", path}, {"CGO_ENABLED", "maybe"}}), by_go);
  EXPECT_NE(target({{"GOENV", "off"}, {"PATH", "/nonexistent"}}), by_go);  // no compiler, no cgo
  EXPECT_EQ(target({{"GOENV", "off"}, {"CC", "cc"}}),
            "GOOS=linux; GOARCH=amd64; GOAMD64=v1; CGO_ENABLED=1; CC=cc");
  EXPECT_EQ(target({{"GOENV", "off"}, {"PATH", path}, {"GOARCH", "386"}}),
            "GOOS=linux; GOARCH=386; GO386=sse2; CGO_ENABLED=0");  // nor where one crosses
#endif
}

TEST(Variables, MayStandInTheUsersFile) {
  const TempDir dir;
  const std::string file = (dir / "env").string();
  write(file, "# GOOS=plan9\nlower=1\n=2\nGOOS\nCC=clang\nCC=tcc\nGOFLAGS=-mod=mod -v\nGOWORK=");
  const Environment env = environment({{"GOENV", file}, {"GOWORK", "off"}, {"GOFLAGS", ""}});
  const Variables go(env);
  EXPECT_EQ(go.get("CC"), "tcc");
  EXPECT_EQ(go.get("GOFLAGS"), "-mod=mod -v");  // an empty variable is none
  EXPECT_EQ(go.get("GOWORK"), "off");
  EXPECT_EQ(go.get("GOOS"), "");
  EXPECT_EQ(go.get("lower"), "");
  EXPECT_EQ(go.outer("CC"), "");
}

TEST(Variables, FileIsWhereGoLooksForIt) {
  const TempDir dir;
  write(dir / "xdg/go/env", "CC=from-xdg\n");
  write(dir / "home/.config/go/env", "CC=from-home\n");
  write(dir / "named", "CC=from-named\n");
  const std::string xdg = (dir / "xdg").string();
  const std::string home = (dir / "home").string();
  struct Case {
    Vars vars;
    const char* cc;
  };
  for (const auto& [vars, cc] : {
           Case{{{"HOME", home}, {"XDG_CONFIG_HOME", xdg}}, "from-xdg"},
           {{{"HOME", home}}, "from-home"},
           {{{"HOME", home}, {"XDG_CONFIG_HOME", ""}}, "from-home"},
           {{{"HOME", home}, {"XDG_CONFIG_HOME", std::filesystem::relative(xdg)}}, ""},
           {{{"HOME", home}, {"GOENV", (dir / "named").string()}}, "from-named"},
           {{{"HOME", home}, {"GOENV", "off"}}, ""},
           {{{"HOME", home}, {"GOENV", ""}}, "from-home"},
           {{{"HOME", home}, {"GOENV", (dir / "nothing").string()}}, ""},
           {{{"HOME", home}, {"GOENV", dir.path().string()}}, ""},
           {{}, ""},
           // go with GOENV=off hands on an empty one.
           {{{"HOME", home}, {"GOENV", ""}, {"GOVERSION", "go1.26.8"}}, ""},
           {{{"HOME", home}, {"GOVERSION", "go1.26.8"}}, "from-home"},
       }) {
#ifdef __linux__
    const Environment env = environment(vars);
    EXPECT_EQ(Variables(env).get("CC"), cc) << ::testing::PrintToString(vars);
#endif
  }
}

TEST(Variables, QuotedWordsStayWhole) {
  EXPECT_EQ(split_quoted(" -v\t'-ldflags=-s -w' \"-tags=a b\"\n-x=' "),
            (Words{"-v", "-ldflags=-s -w", "-tags=a b", "-x='"}));
  EXPECT_EQ(split_quoted("'not ended"), Words{"not ended"});
  EXPECT_EQ(split_quoted("''-v"), (Words{"", "-v"}));
  EXPECT_EQ(split_quoted("  "), Words{});
}

}  // namespace
}  // namespace gopouch::scope
