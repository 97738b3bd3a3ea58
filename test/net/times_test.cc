#include <gtest/gtest.h>

#include "net/net.h"

namespace gopouch::net {
namespace {

using std::chrono::seconds;

TEST(HttpTime, IsReadInThreeForms) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    ASSERT_TRUE(parse_http_time(text)) << text;
    EXPECT_EQ(parse_http_time(text)->time_since_epoch(), seconds(784111777)) << text;
  }
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT!",
                           "1994-11-06T08:49:37Z", "0"}) {
    EXPECT_FALSE(parse_http_time(text)) << text;
  }
}

TEST(HttpTime, IsWrittenInOne) {
  EXPECT_EQ(http_time(std::chrono::sys_seconds(seconds(784111777))),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace gopouch::net
