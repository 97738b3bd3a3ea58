// Counters as text that Prometheus reads (its text format, version 0.0.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gopouch::serve {

// A page that grows: begin() a metric, then add its values.
class MetricsPage {
 public:
  enum class Kind { kCounter, kGauge };
  // `name` begins with "gopouch_"; that of a counter ends in "_total".
  void begin(std::string_view name, Kind kind, std::string_view help);
  // `labels` as they stand between the braces: `route="/mod",code="200"`.
  void add(double value, std::string_view labels = {});
  void add(std::string_view name, Kind kind, std::string_view help, std::int64_t value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string name_;
};

// The value of a label as it stands on the page.
std::string label_value(std::string_view value);

}  // namespace gopouch::serve
