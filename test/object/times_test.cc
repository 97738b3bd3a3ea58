#include "object/times.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Times, ReadsIsosForm) {
  for (const char* text :
       {"1994-11-06T08:49:37Z", "1994-11-06T08:49:37.000Z", "1994-11-06T08:49:37.999999999Z"}) {
    EXPECT_EQ(parse_iso_time(text)->time_since_epoch(), seconds(784111777)) << text;
  }
  for (const char* text : {"", "1994-11-06", "1994-11-06T08:49:37", "1994-11-06T08:49:37.000",
                           "1994-11-06T08:49:37+01:00", "1994-13-06T08:49:37Z"}) {
    EXPECT_FALSE(parse_iso_time(text)) << text;
  }
}

TEST(Times, ReadsRetryAfter) {
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(parse_retry_after("3", date), seconds(3));
  EXPECT_EQ(parse_retry_after("0", date), seconds(0));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", date), seconds(10));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:27 GMT", date), seconds(0));
  EXPECT_EQ(parse_retry_after("9223372036854775807", date), std::chrono::hours(24));
  EXPECT_EQ(parse_retry_after("99999999999999999999", date), seconds(0));
  EXPECT_EQ(parse_retry_after("-5", date), seconds(0));
  EXPECT_EQ(parse_retry_after("soon", date), seconds(0));
  EXPECT_EQ(parse_retry_after("", date), seconds(0));
}

}  // namespace
}  // namespace gopouch::object
