#include "serve/metrics.h"

#include <fmt/format.h>

namespace gopouch::serve {

void MetricsPage::begin(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       kind == Kind::kCounter ? "counter" : "gauge");
}

void MetricsPage::add(double value, std::string_view labels) {
  const std::string number = value == static_cast<double>(static_cast<std::int64_t>(value))
                                 ? fmt::format("{}", static_cast<std::int64_t>(value))
                                 : fmt::format("{:.6f}", value);
  if (labels.empty()) {
    text_ += fmt::format("{} {}\n", name_, number);
  } else {
    text_ += fmt::format("{}{{{}}} {}\n", name_, labels, number);
  }
}

void MetricsPage::add(std::string_view name, Kind kind, std::string_view help, std::int64_t value) {
  begin(name, kind, help);
  add(static_cast<double>(value));
}

std::string label_value(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace gopouch::serve
