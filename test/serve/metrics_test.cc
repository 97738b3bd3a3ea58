#include "serve/metrics.h"

#include <gtest/gtest.h>

namespace gopouch::serve {
namespace {

TEST(Metrics, AreAPageThatPrometheusReads) {
  MetricsPage page;
  page.begin("gopouch_x_total", MetricsPage::Kind::kCounter, "Things.");
  page.add(3, R"(way="up")");
  page.add(0.25, R"(way="down")");
  page.add("gopouch_y", MetricsPage::Kind::kGauge, "One.", std::int64_t{1} << 40);
  EXPECT_EQ(page.text(),
            "# HELP gopouch_x_total Things.\n# TYPE gopouch_x_total counter\n"
            "gopouch_x_total{way=\"up\"} 3\ngopouch_x_total{way=\"down\"} 0.250000\n"
            "# HELP gopouch_y One.\n# TYPE gopouch_y gauge\ngopouch_y 1099511627776\n");
}

TEST(Metrics, QuoteWhatALabelSays) {
  EXPECT_EQ(label_value("s3://b/p"), "\"s3://b/p\"");
  EXPECT_EQ(label_value("a\"b\\c\nd"), R"("a\"b\\c\nd")");
}

}  // namespace
}  // namespace gopouch::serve
