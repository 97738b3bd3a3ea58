// The AWS tools' files: what parses is clean, and means the same when it is written out again.
#include <cstdlib>

#include "auth/ini.h"
#include "base/text.h"

namespace {

using gopouch::auth::Sections;

// As parse_ini would read it back; what has ":" in the name of a setting below a setting cannot be
// written flat.
std::string written(Sections& sections) {
  std::string text;
  for (auto& [name, section] : sections) {
    text += "[" + name + "]\n";
    std::erase_if(section,
                  [](const auto& item) { return item.first.find(':') != item.first.npos; });
    for (const auto& [key, value] : section) {
      text += key + " = ";
      for (const char c : value) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
      text += '\n';
    }
  }
  return text;
}

bool clean(const std::string& text) { return gopouch::base::trim(text) == text; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gopouch::auth::parse_ini;
  auto sections = parse_ini({reinterpret_cast<const char*>(data), size});
  if (!sections) {
    if (sections.error().message.starts_with("line ")) return 0;
    std::abort();
  }
  for (const auto& [name, section] : *sections) {
    if (name.empty() || !clean(name)) std::abort();
    for (const auto& [key, value] : section) {
      if (key.empty() || !clean(key) || !clean(value)) std::abort();
    }
  }
  const std::string text = written(*sections);
  const auto again = parse_ini(text);
  if (!again || *again != *sections) std::abort();
  return 0;
}
