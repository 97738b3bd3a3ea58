#include "auth/ini.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace gopouch::auth {

namespace {

class Reader {
 public:
  // Why the line is wrong; empty: it is not.
  std::string_view take(std::string_view line) {
    const std::string_view text = base::trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return {};
    const auto indent = static_cast<std::size_t>(text.data() - line.data());
    if (setting_ != nullptr && indent > indent_) return take_deeper(text);
    indent_ = indent;
    return text.front() == '[' ? take_section(text) : take_setting(text);
  }

  Sections& sections() { return sections_; }

 private:
  std::string_view take_section(std::string_view text) {
    setting_ = nullptr;
    const std::size_t end = text.rfind(']');
    if (end == std::string_view::npos) return "a section without its bracket";
    const std::string_view name = base::trim(text.substr(1, end - 1));
    if (name.empty()) return "a section without a name";
    section_ = &sections_[std::string(name)];
    return {};
  }

  std::string_view take_setting(std::string_view text) {
    if (section_ == nullptr) return "a setting outside of any section";
    const std::size_t sign = text.find_first_of("=:");
    if (sign == std::string_view::npos) return "neither a section nor a setting";
    name_ = base::lower(base::trim(text.substr(0, sign)));
    if (name_.empty()) return "a setting without a name";
    setting_ = &(*section_)[name_];
    *setting_ = base::trim(text.substr(sign + 1));
    return {};
  }

  // Below a setting without a value: settings of its own. Below one with a value: more of it.
  std::string_view take_deeper(std::string_view text) {
    if (!setting_->empty()) {
      *setting_ += '\n';
      *setting_ += text;
      return {};
    }
    const std::size_t sign = text.find('=');
    if (sign == std::string_view::npos) return "a setting without a value";
    const std::string name = base::lower(base::trim(text.substr(0, sign)));
    if (name.empty()) return "a setting without a name";
    (*section_)[name_ + "." + name] = base::trim(text.substr(sign + 1));
    return {};
  }

  Sections sections_;
  Section* section_ = nullptr;
  std::string name_;                // of the setting last seen
  std::string* setting_ = nullptr;  // its value
  std::size_t indent_ = 0;          // of that setting's line
};

}  // namespace

base::Result<Sections> parse_ini(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // what some editors begin with
  Reader reader;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const std::string_view why = reader.take(line); !why.empty()) {
      return base::Error{base::Fault::kInvalid, fmt::format("line {}: {}", number, why)};
    }
  }
  return std::move(reader.sections());
}

}  // namespace gopouch::auth
