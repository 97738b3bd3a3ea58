#include "scope/main_module.h"

#include <algorithm>

#include "scope/mod_file.h"
#include "scope/small_file.h"

namespace gopouch::scope {

namespace {

// `name` in `folder` or in the nearest folder above that has it; empty: none has.
std::filesystem::path find_above(std::filesystem::path folder, std::string_view name) {
  if (!folder.is_absolute()) return {};
  while (true) {
    std::filesystem::path file = folder / name;
    if (is_file(file)) return file;
    std::filesystem::path parent = folder.parent_path();
    if (parent == folder) return {};
    folder = std::move(parent);
  }
}

std::filesystem::path find_go_work(const std::filesystem::path& cwd, const Variables& go) {
  const std::string said = go.get("GOWORK");
  if (said == "off") return {};
  if (said.empty() || said == "auto") return find_above(cwd, "go.work");
  return said;
}

std::string below(const std::filesystem::path& root, const std::filesystem::path& path) {
  if (root.empty()) return {};
  std::string relative = path.lexically_relative(root).native();
  return relative == ".." || relative.starts_with("../") ? std::string() : relative;
}

// go ignores a go.mod that somebody left in the folder of all temporary files.
std::filesystem::path find_go_mod(const std::filesystem::path& cwd, const Variables& go) {
  std::filesystem::path file = find_above(cwd, "go.mod");
  const std::string temporary = go.outer("TMPDIR");
  if (below(temporary.empty() ? "/tmp" : temporary, file.parent_path()) == ".") return {};
  return file;
}

MainModule workspace(std::filesystem::path file, const std::filesystem::path& cwd,
                     const Variables& go) {
  MainModule module;
  module.workspace = true;
  const std::filesystem::path folder = file.parent_path();
  for (const std::string& used : words_of(read_small_file(file), "use")) {
    std::string path = word_of(read_small_file(folder / used / "go.mod"), "module");
    if (!path.empty()) module.paths.push_back(std::move(path));
  }
  std::sort(module.paths.begin(), module.paths.end());
  module.paths.erase(std::unique(module.paths.begin(), module.paths.end()), module.paths.end());
  // GOWORK may name a file that lies elsewhere.
  module.root = below(folder, cwd).empty() ? find_go_mod(cwd, go).parent_path() : folder;
  module.file = std::move(file);
  return module;
}

}  // namespace

MainModule find_main_module(const std::filesystem::path& cwd, const Variables& go) {
  if (go.get("GO111MODULE") == "off") return {};
  std::filesystem::path go_work = find_go_work(cwd, go);
  if (!go_work.empty()) return workspace(std::move(go_work), cwd, go);

  MainModule module;
  module.file = find_go_mod(cwd, go);
  if (module.file.empty()) return module;
  module.root = module.file.parent_path();
  std::string path = word_of(read_small_file(module.file), "module");
  if (!path.empty()) module.paths.push_back(std::move(path));
  return module;
}

void add_module(std::vector<Fact>& facts, const MainModule& module) {
  const std::string_view name = module.workspace ? "workspace" : "module";
  for (const std::string& path : module.paths) facts.push_back({std::string(name), path, false});
}

std::string below_root(const MainModule& module, const std::filesystem::path& path) {
  return below(module.root, path);
}

}  // namespace gopouch::scope
