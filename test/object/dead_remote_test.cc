// What a remote that does not work costs: little, however it fails, and however long the build is.
//
// A real HTTP server fails in each way; two threads ask for objects as go does, each waiting for
// its answer. The bars are those for a whole build.
#include <thread>

#include <gtest/gtest.h>

#include "test/object/scripted_store.h"
#include "test/support/http_server.h"

namespace gopouch::object {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;

using Clock = base::Call::Clock;
using Mode = HttpReply::Mode;

struct Way {
  const char* name;
  HttpReply reply;
  seconds bar;
};

class DeadRemote : public testing::TestWithParam<Way> {
 protected:
  static Remote open_at(const std::string& endpoint, Options options = {}) {
    options.env = [](std::string_view name) -> std::optional<std::string> {
      if (name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY") return "example";
      return std::nullopt;
    };
    return *open("s3://bucket/ci?region=eu-west-1&endpoint=" + net::percent_encode(endpoint),
                 options);
  }
};

TEST_P(DeadRemote, CostsLittle) {
  HttpServer server([](const HttpRequest&) { return GetParam().reply; });
  Remote remote = open_at(server.url());
  const auto time = time_failing_gets(remote.store());
  EXPECT_LT(time, GetParam().bar);
  EXPECT_TRUE(remote.counts().open);
  EXPECT_LT(server.count(), 40);
  EXPECT_EQ(remote.counts().faults, 400);
  RecordProperty("ms", static_cast<int>(time.count()));
  RecordProperty("requests", static_cast<int>(server.count()));
}

TEST_F(DeadRemote, CostsLittleWhereItRefuses) {
  HttpServer server([](const HttpRequest&) { return HttpReply(); });
  server.stop();
  Remote remote = open_at(server.url());
  EXPECT_LT(time_failing_gets(remote.store()), seconds(3));
  EXPECT_TRUE(remote.counts().open);
  const auto said = get_one(open_at(server.url()).store(), {.key = "k"}, in_time());
  EXPECT_TRUE(said.error().message.starts_with("s3://bucket: GET " + server.url() + "/"))
      << said.error().message;
}

TEST_F(DeadRemote, IsUsedAgainWhenItIsBack) {
  std::atomic<bool> back = false;
  HttpServer server([&](const HttpRequest& request) {
    if (!back) return HttpReply{.mode = Mode::kHang};
    return HttpReply{.body = request.method == "HEAD" ? "" : "bytes"};
  });
  Options options;
  options.breaker_pause = milliseconds(300);
  options.net.first_byte_timeout = milliseconds(300);
  Remote remote = open_at(server.url(), options);
  EXPECT_FALSE(get_one(remote.store(), {.key = "k"}, in_time()));
  EXPECT_TRUE(remote.counts().open);
  back = true;
  const auto start = Clock::now();
  while (text_of(remote.store(), "k") != "bytes" && Clock::now() - start < seconds(10)) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_LT(Clock::now() - start, seconds(5));
  EXPECT_FALSE(remote.counts().open);
}

const std::string kBody(100'000, 'x');

INSTANTIATE_TEST_SUITE_P(
    Ways, DeadRemote,
    testing::Values(
        Way{"closes", {.mode = Mode::kClose}, seconds(3)},
        Way{"hangs", {.mode = Mode::kHang}, seconds(5)},
        Way{"resets", {.body = kBody, .mode = Mode::kReset}, seconds(5)},
        Way{"hangs_in_body", {.body = kBody, .mode = Mode::kHangInBody}, seconds(5)},
        Way{"drips", {.body = kBody, .mode = Mode::kDrip, .drip = seconds(1)}, seconds(5)},
        Way{"answers_503", {.status = 503}, seconds(5)},
        Way{"answers_503_slowly", {.status = 503, .delay = milliseconds(1500)}, seconds(5)},
        Way{"answers_403", {.status = 403}, seconds(3)},
        Way{"answers_429", {.status = 429, .headers = {{"Retry-After", "1"}}}, seconds(5)},
        Way{"answers_429_for_long",
            {.status = 429, .headers = {{"Retry-After", "30"}}},
            seconds(5)},
        Way{"lost_its_bucket",
            {.status = 404, .body = "<Error><Code>NoSuchBucket</Code></Error>"},
            seconds(3)}),
    [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace gopouch::object
