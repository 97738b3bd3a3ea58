// Where we stand: the go command that started us, or the one that a shell would start.
//
// A go command tells its children its version (GOVERSION), so the VERSION file beside it is only
// asked where that is not so. Its working folder is already that of -C, which its command line may
// or may not still have. What /proc says of processes: proc(5).
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "scope/command.h"
#include "scope/scope.h"
#include "scope/small_file.h"
#include "scope/toolchain.h"

namespace gopouch::scope {

namespace {

// A shell or two may stand between go and us.
constexpr int kMostAncestors = 4;

using Path = std::filesystem::path;

Path of_process(int pid, std::string_view name) { return fmt::format("/proc/{}/{}", pid, name); }

// Where the link points to; empty where it cannot be read.
Path target_of(const Path& link) {
  std::error_code error;
  return std::filesystem::read_symlink(link, error);
}

std::vector<std::string> command_line(int pid) {
  const std::string text = read_small_file(of_process(pid, "cmdline"));
  std::vector<std::string> words;
  for (std::string_view rest = text; !rest.empty();) {
    words.emplace_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(words.back().size() + 1, rest.size()));
  }
  return words;
}

// 0 where there is none or it is not known. The second field, a name in parentheses, may hold
// anything.
int parent_of(int pid) {
  const std::string text = read_small_file(of_process(pid, "stat"));
  const std::size_t name_end = text.rfind(") ");
  int parent = 0;
  if (name_end == std::string::npos || name_end + 4 > text.size()) return 0;
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
  return parent;
}

// The program that was started is still the same file, or was replaced under it.
Path program_of(int pid) {
  constexpr std::string_view kReplaced = " (deleted)";
  std::string program = target_of(of_process(pid, "exe")).native();
  if (program.ends_with(kReplaced)) program.resize(program.size() - kReplaced.size());
  return program;
}

bool same_folder(const Path& one, const Path& other) {
  struct stat a {};
  struct stat b {};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// The name of the folder `real` as Go's os.Getwd has it: that of PWD, where it is one.
Path named_by_pwd(Path real, const Environment& env) {
  const Path said = env("PWD").value_or("");
  if (!said.is_absolute() || !same_folder(said, real)) return real;
  Path clean = said.lexically_normal();
  return clean.has_filename() ? clean : clean.parent_path();
}

Path our_folder(const Environment& env) {
  std::error_code error;
  return named_by_pwd(std::filesystem::current_path(error), env);
}

}  // namespace

Input surroundings(Environment env) {
  Input input;
  input.go_version = env("GOVERSION").value_or("");
  int pid = ::getppid();
  for (int i = 0; i < kMostAncestors && pid > 0; ++i, pid = parent_of(pid)) {
    const Path program = program_of(pid);
    std::vector<std::string> words;
    if (program.empty()) words = command_line(pid);  // not ours to look at, but this is for all
    if (!is_go(program.empty() && !words.empty() ? words.front() : program.native())) continue;
    input.command = words.empty() ? command_line(pid) : std::move(words);
    take_chdir(input.command, {});
    input.cwd = named_by_pwd(target_of(of_process(pid, "cwd")), env);
    if (input.go_version.empty()) input.go_version = version_beside(program);
    break;
  }
  if (input.cwd.empty()) input.cwd = our_folder(env);
  input.env = std::move(env);
  return input;
}

Input from_shell(Environment env, std::vector<std::string> command) {
  Input input;
  input.cwd = take_chdir(command, our_folder(env));
  input.command = std::move(command);
  input.go_version = env("GOVERSION").value_or("");
  if (input.go_version.empty()) input.go_version = version_from_shell(env, input.cwd);
  input.env = std::move(env);
  return input;
}

}  // namespace gopouch::scope
