#include <array>

#include <gtest/gtest.h>

#include "http/http.h"

namespace gopouch::http {
namespace {

TEST(ViaName, KnowsItselfAmongOthersAndNoOther) {
  const ViaName ours, other;
  const std::array headers{net::Header{"via", "1.1 first, " + ours.header().value + ", 1.0 last"}};
  EXPECT_TRUE(ours.is_in(headers));
  EXPECT_FALSE(other.is_in(headers));
  EXPECT_FALSE(ours.is_in({}));
}

TEST(Gateway, TellsSlowFromStoppedFromBroken) {
  EXPECT_EQ(gateway_status({base::Fault::kTimeout, "slow"}), 504);
  EXPECT_EQ(gateway_status({base::Fault::kStopped, "stopped"}), 503);
  EXPECT_EQ(gateway_status({base::Fault::kUnavailable, "refused"}), 502);
  EXPECT_EQ(gateway_text({base::Fault::kUnavailable, "refused"}), "upstream: refused\n");
}

}  // namespace
}  // namespace gopouch::http
