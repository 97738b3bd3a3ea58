#include "scope/variables.h"

#include <algorithm>
#include <array>

#include "scope/small_file.h"

namespace gopouch::scope {

namespace {

#if defined(__APPLE__)
constexpr std::string_view kHostOs = "darwin";
#elif defined(__FreeBSD__)
constexpr std::string_view kHostOs = "freebsd";
#else
constexpr std::string_view kHostOs = "linux";
#endif

#if defined(__x86_64__)
constexpr std::string_view kHostArch = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kHostArch = "arm64";
#elif defined(__i386__)
constexpr std::string_view kHostArch = "386";
#elif defined(__arm__)
constexpr std::string_view kHostArch = "arm";
#elif defined(__riscv)
constexpr std::string_view kHostArch = "riscv64";
#elif defined(__s390x__)
constexpr std::string_view kHostArch = "s390x";
#elif defined(__loongarch64)
constexpr std::string_view kHostArch = "loong64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
constexpr std::string_view kHostArch = "ppc64le";
#else
constexpr std::string_view kHostArch = "";
#endif

// Which variable refines an architecture, and what go takes it for where it is not set.
struct Refinement {
  std::string_view arch;
  std::string_view variable;
  std::string_view initial;
};

constexpr std::array kRefinements{
    Refinement{"386", "GO386", "sse2"},
    Refinement{"amd64", "GOAMD64", "v1"},
    Refinement{"arm", "GOARM", "7"},
    Refinement{"arm64", "GOARM64", "v8.0"},
    Refinement{"mips", "GOMIPS", "hardfloat"},
    Refinement{"mipsle", "GOMIPS", "hardfloat"},
    Refinement{"mips64", "GOMIPS64", "hardfloat"},
    Refinement{"mips64le", "GOMIPS64", "hardfloat"},
    Refinement{"ppc64", "GOPPC64", "power8"},
    Refinement{"ppc64le", "GOPPC64", "power8"},
    Refinement{"riscv64", "GORISCV64", "rva20u64"},
    Refinement{"wasm", "GOWASM", ""},
};

constexpr std::array<std::string_view, 6> kCgoFlags{
    "FC", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS",
};

std::string or_else(const std::string& value, std::string_view otherwise) {
  return value.empty() ? std::string(otherwise) : value;
}

bool uses_clang(std::string_view os) {
  return os == "darwin" || os == "ios" || os == "freebsd" || os == "openbsd";
}

// os.UserConfigDir()
std::filesystem::path config_folder(const Environment& env) {
  const std::filesystem::path home = env("HOME").value_or("");
  if (kHostOs == "darwin") return home.empty() ? home : home / "Library/Application Support";
  const std::filesystem::path xdg = env("XDG_CONFIG_HOME").value_or("");
  if (!xdg.empty()) return xdg.is_absolute() ? xdg : std::filesystem::path();
  return home.empty() ? home : home / ".config";
}

// The file that `go env -w` writes; empty: none.
std::filesystem::path user_file(const Environment& env) {
  const auto named = env("GOENV");
  if (named == "off") return {};
  if (named && !named->empty()) return *named;
  // A go command always tells its children GOVERSION, and an empty GOENV where it reads no file.
  if (named && env("GOVERSION")) return {};
  const std::filesystem::path folder = config_folder(env);
  return folder.empty() ? folder : folder / "go/env";
}

// Off when cross-compiling or without a C compiler, unless the user says more.
bool cgo_is_on(const Variables& go, std::string_view os, std::string_view arch) {
  const std::string said = go.get("CGO_ENABLED");
  if (said == "0" || said == "1") return said == "1";
  if (os != kHostOs || arch != kHostArch) return false;
  if (!go.outer("CC").empty()) return true;
  return !find_program(uses_clang(os) ? "clang" : "gcc", go.outer("PATH")).empty();
}

void add(std::vector<Fact>& facts, std::string_view name, std::string value) {
  if (!value.empty()) facts.push_back({std::string(name), std::move(value), false});
}

void add_unless(std::vector<Fact>& facts, std::string_view name, std::string value,
                std::string_view initial) {
  if (value != initial) add(facts, name, std::move(value));
}

}  // namespace

EnvFile read_env_file(const std::filesystem::path& path) {
  EnvFile lines;
  const std::string text = read_small_file(path);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.front() < 'A' || line.front() > 'Z') continue;
    lines.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return lines;
}

std::string value_in(const EnvFile& file, std::string_view name) {
  const auto found = std::find_if(file.rbegin(), file.rend(),
                                  [&](const auto& line) { return line.first == name; });
  return found == file.rend() ? std::string() : found->second;
}

Variables::Variables(const Environment& env) : env_(env) {
  const std::filesystem::path path = user_file(env);
  if (!path.empty()) file_ = read_env_file(path);
}

std::string Variables::get(std::string_view name) const {
  std::string value = outer(name);
  return value.empty() ? value_in(file_, name) : value;
}

std::string Variables::outer(std::string_view name) const { return env_(name).value_or(""); }

void add_target(std::vector<Fact>& facts, const Variables& go) {
  const std::string os = or_else(go.get("GOOS"), kHostOs);
  const std::string arch = or_else(go.get("GOARCH"), kHostArch);
  add(facts, "GOOS", os);
  add(facts, "GOARCH", arch);
  for (const Refinement& one : kRefinements) {
    if (one.arch == arch) add(facts, one.variable, or_else(go.get(one.variable), one.initial));
  }
  add(facts, "GOEXPERIMENT", go.get("GOEXPERIMENT"));
  add_unless(facts, "GOFIPS140", go.get("GOFIPS140"), "off");

  const bool cgo = cgo_is_on(go, os, arch);
  add(facts, "CGO_ENABLED", cgo ? "1" : "0");
  if (!cgo) return;
  add_unless(facts, "CC", go.get("CC"), uses_clang(os) ? "clang" : "gcc");
  add_unless(facts, "CXX", go.get("CXX"), uses_clang(os) ? "clang++" : "g++");
  for (const std::string_view name : kCgoFlags) add(facts, name, go.get(name));
}

std::vector<std::string> split_quoted(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r";
  std::vector<std::string> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    if (text.empty()) return words;
    const bool quoted = text.front() == '"' || text.front() == '\'';
    const std::size_t start = quoted ? 1 : 0;
    const std::size_t end =
        std::min(quoted ? text.find(text.front(), 1) : text.find_first_of(kSpace), text.size());
    words.emplace_back(text.substr(start, end - start));
    text.remove_prefix(std::min(end + start, text.size()));
  }
}

}  // namespace gopouch::scope
