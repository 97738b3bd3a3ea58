#include "scope/toolchain.h"

#include <sys/stat.h>

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::environment;
using test::TempDir;
using test::Vars;
using test::write;

TEST(Toolchain, IsTheOneThatTheModuleAsksFor) {
  struct Case {
    const char* local;
    const char* setting;
    const char* go;
    const char* toolchain;
    const char* version;
  };
  for (const auto& [local, setting, go, toolchain, version] : {
           Case{"go1.26.8", "auto", "1.24", "", "go1.26.8"},
           {"go1.26.8", "auto", "", "", "go1.26.8"},
           {"go1.24.3", "auto", "1.24.3", "", "go1.24.3"},
           {"go1.24.3", "auto", "1.24.11", "", "go1.24.11"},
           {"go1.24.3", "path", "1.26.0", "", "go1.26.0"},
           {"go1.24.3", "auto", "1.26", "", "go1.26.0"},
           {"go1.24.3", "auto", "1.26rc2", "", "go1.26rc2"},
           {"go1.26rc2", "auto", "1.26", "", "go1.26rc2"},
           {"go1.26rc2", "auto", "1.26.0", "", "go1.26.0"},
           {"go1.26rc2", "auto", "1.26rc10", "", "go1.26rc10"},
           {"go1.26rc1", "auto", "1.26beta2", "", "go1.26rc1"},
           {"go1.24.3", "auto", "1.24", "go1.25.5", "go1.25.5"},
           {"go1.26.8", "auto", "1.24", "go1.25.5", "go1.26.8"},
           {"go1.24.3", "auto", "1.26.1", "go1.25.5", "go1.26.1"},
           {"go1.24.3", "auto", "1.24", "go1.25.5-custom", "go1.25.5-custom"},
           {"go1.24.3", "auto", "1.24", "default", "go1.24.3"},
           {"go1.24.3", "auto", "1.26.1", "default", "go1.24.3"},
           {"go1.24.3", "local", "1.26.1", "go1.26.2", "go1.24.3"},
           {"go1.24.3", "", "1.26.1", "go1.26.2", "go1.24.3"},
           {"go1.26.8", "go1.24.11", "1.25", "", "go1.24.11"},
           {"go1.24.3", "go1.25.0+auto", "1.24", "", "go1.25.0"},
           {"go1.24.3", "go1.25.0+auto", "1.26.1", "", "go1.26.1"},
           {"go1.24.3", "go1.25.0+path", "1.24", "go1.25.5", "go1.25.5"},
           {"go1.24.3", "local+auto", "1.26.1", "", "go1.26.1"},
           {"go1.24.3", "local+path", "1.24", "", "go1.24.3"},
           {"go1.24.3", "nonsense", "1.26.1", "go1.26.2", "go1.24.3"},
           {"go1.24.3", "auto", "1.x", "go1.", "go1.24.3"},
           {"go1.24.3", "auto", "99999999999", "gopher", "go1.24.3"},
           {"go1.20", "auto", "1.20.0", "", "go1.20"},
           {"devel go1.27-abc", "auto", "1.99", "go1.99.0", "devel go1.27-abc"},
       }) {
    EXPECT_EQ(selected_version(local, setting, go, toolchain), version)
        << local << " " << setting << " " << go << " " << toolchain;
  }
}

TEST(Toolchain, IsFoundInPathThroughLinks) {
  const TempDir dir;
  write(dir / "sdk/bin/go", "");
  write(dir / "sdk/VERSION", "go1.25.5\ntime 2025-11-26T02:34:45Z\n");
  write(dir / "sdk/go.env", "# a comment\nGOTOOLCHAIN=auto\n");
  ::chmod((dir / "sdk/bin/go").c_str(), 0755);
  std::filesystem::create_directories(dir / "bin");
  std::filesystem::create_symlink("../sdk/bin/go", dir / "bin/go");
  write(dir / "plain/go", "");  // not executable
  write(dir / "shim/bin/go", "#!/bin/sh\n");
  ::chmod((dir / "shim/bin/go").c_str(), 0755);
  write(dir / "module/go.mod", "module m\ngo 1.26.1\n");

  const auto version = [&](const std::string& path, Vars vars = {}) {
    vars.emplace("GOENV", "off");
    vars.emplace("PATH", path);
    return version_from_shell(environment(vars), dir / "module/sub");
  };
  const std::string linked = (dir / "bin").string();
  const Vars local{{"GOTOOLCHAIN", "local"}};
  EXPECT_EQ(version(linked, local), "go1.25.5");
  EXPECT_EQ(version((dir / "sdk/bin").string(), local), "go1.25.5");
  EXPECT_EQ(version("/nonexistent:" + (dir / "plain").string() + ":" + linked, local), "go1.25.5");
  EXPECT_EQ(version(linked), "go1.26.1");  // as go.env says
  EXPECT_EQ(version(linked, {{"GOTOOLCHAIN", "go1.24.0"}}), "go1.24.0");
  EXPECT_EQ(version((dir / "shim/bin").string(), local), "");
  EXPECT_EQ(version("/nonexistent", local), "");
  EXPECT_EQ(version("", local), "");

  write(dir / "shim/VERSION", "8.5\n");  // of something else
  EXPECT_EQ(version((dir / "shim/bin").string(), local), "");
}

}  // namespace
}  // namespace gopouch::scope
