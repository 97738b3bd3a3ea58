// Servers that do not do what a Redis does, and what that costs.
#include "test/object/redis_fixture.h"

namespace gopouch::object {
namespace {

FakeRedis::Handler always(FakeAnswer answer) {
  return [answer = std::move(answer)](const FakeRedis::Words&) { return answer; };
}

// Answers right, but for one key.
FakeRedis::Handler but_for(std::string key, FakeAnswer answer) {
  return [key = std::move(key), answer = std::move(answer)](const FakeRedis::Words& words) {
    if (words.size() > 1 && words[1] == key) return answer;
    return FakeAnswer{.bytes = FakeRedis::bulk("right")};
  };
}

TEST(RedisFaults, SaysWhatIsWrong) {
  struct Row {
    const char* what;
    FakeAnswer answer;
    Fault fault;
  };
  const std::string half = "$100000\r\n" + std::string(50'000, 'x');
  const std::vector<Row> rows{
      {"closes", {.bytes = "", .close = true}, Fault::kUnavailable},
      {"closes in a value", {.bytes = half, .close = true}, Fault::kUnavailable},
      {"closes in a line", {.bytes = "$10", .close = true}, Fault::kUnavailable},
      {"hangs", {.bytes = "", .hang = true}, Fault::kTimeout},
      {"hangs in a value", {.bytes = half, .hang = true}, Fault::kTimeout},
      {"hangs in a line", {.bytes = "$10", .hang = true}, Fault::kTimeout},
      {"drips", {.bytes = half, .drip = milliseconds(20), .drip_from = 10}, Fault::kTimeout},
      {"is no Redis", {.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n"}, Fault::kCorrupt},
      {"bytes without an end", {.bytes = "$2\r\nokay\r\n"}, Fault::kCorrupt},
      {"an endless value", {.bytes = "$9999999999999\r\n"}, Fault::kCorrupt},
      {"a list", {.bytes = "*1\r\n$1\r\nx\r\n"}, Fault::kCorrupt},
      {"a number", {.bytes = ":1\r\n"}, Fault::kCorrupt},
      {"a status", {.bytes = "+OK\r\n"}, Fault::kCorrupt},
      {"an error", {.bytes = "-ERR something\r\n"}, Fault::kInvalid},
      {"loads", {.bytes = "-LOADING soon\r\n"}, Fault::kUnavailable},
      {"more than it was asked", {.bytes = "$-1\r\n+OK\r\n"}, Fault::kFull},
      {"points at itself", {.bytes = "-MOVED 1 :0\r\n"}, Fault::kUnavailable},
      {"points nowhere", {.bytes = "-MOVED 99999 x:1\r\n"}, Fault::kUnavailable},
  };
  for (const Row& row : rows) {
    FakeRedis server(but_for("ci:k", row.answer));
    const auto store = bare(server.url(), quick());
    EXPECT_EQ(text_of(*store, "other"), "right") << row.what;
    Collector sink;
    const auto start = Clock::now();
    const auto got = get_one(*store, {.key = "k", .sink = &sink}, in_time());
    EXPECT_EQ(fault_of(got), row.fault) << row.what << ": " << text_of(got);
    EXPECT_LT(Clock::now() - start, seconds(2)) << row.what;
    if (!got) {
      EXPECT_EQ(got.error().message.find(fmt::format("redis://{}/ci: GET: ", server.address())), 0U)
          << got.error().message;
    }
    EXPECT_EQ(text_of(*store, "other"), "right") << "after " << row.what;
  }
}

TEST(RedisFaults, KnowsWhatIsNoRedisFromTheBeginning) {
  for (const char* greeting :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "\x15\x03\x01\x02", "SSH-2.0-x\r\n"}) {
    FakeRedis server(always({.bytes = greeting}), true);
    const auto store = bare(server.url(), quick());
    EXPECT_EQ(fault_of(*store, "k"), Fault::kInvalid);
    EXPECT_NE(message_of(*store, "k").find("no Redis"), std::string::npos)
        << message_of(*store, "k");
  }
}

TEST(RedisFaults, IsTurnedAwayAtTheDoor) {
  const std::vector<std::pair<const char*, Fault>> rows{
      {"-ERR max number of clients reached\r\n", Fault::kUnavailable},
      {"-DENIED Redis is running in protected mode.\r\n", Fault::kDenied},
      {"-NOAUTH Authentication required.\r\n", Fault::kDenied},
  };
  for (const auto& [line, fault] : rows) {
    FakeRedis server(always({.bytes = line, .close = true}), true);
    const auto store = bare(server.url("/ci?cluster=false"), quick());
    EXPECT_EQ(fault_of(*store, "k"), fault) << message_of(*store, "k");
  }
}

TEST(RedisFaults, NobodyConnects) {
  // A queue that is full lets nobody in.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<int> queue;
  for (int i = 0; i < 3; ++i) {
    queue.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(queue.back(), reinterpret_cast<const sockaddr*>(&address), size);
  }
  const auto store = bare(fmt::format("redis://127.0.0.1:{}", ntohs(address.sin_port)), quick());
  const auto start = Clock::now();
  EXPECT_EQ(fault_of(*store, "k"), Fault::kTimeout);
  EXPECT_GE(Clock::now() - start, milliseconds(450));
  EXPECT_LT(Clock::now() - start, milliseconds(900));
  for (const int socket : queue) ::close(socket);
  ::close(listener);
}

TEST(RedisFaults, NoSuchHost) {
  const auto store = bare("redis://no-such-host.invalid", quick());
  const auto start = Clock::now();
  const auto got = get_one(*store, {.key = "k"}, in_time());
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().fault == Fault::kUnavailable || got.error().fault == Fault::kTimeout);
  EXPECT_LT(Clock::now() - start, seconds(2));
}

// What is slow but moves is waited for.
TEST(RedisFaults, SlowIsNotDead) {
  const std::string value(20'000, 'x');
  FakeRedis server([&](const FakeRedis::Words& words) {
    if (words[0] == "GET") {
      return FakeAnswer{
          .bytes = FakeRedis::bulk(value), .drip = milliseconds(1), .drip_from = 19'000};
    }
    return FakeAnswer{.delay = milliseconds(200)};
  });
  Options options = quick();
  options.net.stall_bytes = 10;
  const auto store = bare(server.url(), options);
  EXPECT_EQ(text_of(*store, "k"), value);
  ASSERT_TRUE(store->remove(std::vector<Key>{"a"}, in_time()));
}

// One that nobody wants to hear out is not heard out, and its neighbours do not suffer.
TEST(RedisFaults, ALargeReplyIsNotWaitedFor) {
  const std::string large(8 << 20, 'x');
  FakeRedis server(but_for("ci:k1", {.bytes = FakeRedis::bulk(large)}));
  const auto store = bare(server.url(), quick());
  const std::vector<Get> gets{{.key = "k0"}, {.key = "k1", .limit = 100}, {.key = "k2"}};
  std::vector<std::string> replies(3);
  store->get(gets, in_time(),
             [&](std::size_t index, const auto& reply) { replies[index] = text_of(reply); });
  EXPECT_EQ(replies[0], "right");
  EXPECT_EQ(replies[1].find("fault 1: "), 0U) << replies[1];
  EXPECT_EQ(replies[2], "right");
  EXPECT_EQ(server.connections(), 2);
}

TEST(RedisFaults, OneOfManyRepliesIsNotTakenForAnother) {
  FakeRedis server([](const FakeRedis::Words& words) {
    return FakeAnswer{.bytes = FakeRedis::bulk(words.back())};
  });
  const auto store = bare(server.url(), quick());
  std::vector<Get> gets;
  for (int i = 0; i < 500; ++i) gets.push_back({.key = fmt::format("k{}", i)});
  int good = 0;
  store->get(gets, in_time(), [&](std::size_t index, const auto& reply) {
    good += text_of(reply) == "ci:" + gets[index].key ? 1 : 0;
  });
  EXPECT_EQ(good, 500);
  EXPECT_LE(server.connections(), 4);
}

// A Cluster whose nodes send everybody to each other.
TEST(RedisFaults, CirclesEnd) {
  std::atomic<int> port = 0;
  FakeRedis server([&](const FakeRedis::Words& words) {
    if (words[0] == "ASKING") return FakeAnswer{};
    return FakeAnswer{.bytes = fmt::format("-{} 1 127.0.0.1:{}\r\n",
                                           words[1] == "ci:a" ? "ASK" : "MOVED", port.load())};
  });
  port = server.port();
  const auto store = bare(server.url(), quick());
  for (const char* key : {"a", "b"}) {
    const auto got = get_one(*store, {.key = key}, in_time());
    EXPECT_EQ(fault_of(got), Fault::kUnavailable);
    EXPECT_NE(text_of(got).find("point at each other"), std::string::npos) << text_of(got);
  }
  EXPECT_LT(server.count(), 30);
}

struct Way {
  const char* name;
  FakeAnswer answer;
  seconds bar;
  bool all = false;
};

class DeadRedis : public testing::TestWithParam<Way> {};

// As test/object/dead_remote_test.cc has it for HTTP.
TEST_P(DeadRedis, CostsLittle) {
  FakeRedis server(always(GetParam().answer), GetParam().all);
  auto remote = open(server.url(), {});
  ASSERT_TRUE(remote);
  EXPECT_LT(time_failing_gets(remote->store()), GetParam().bar);
  EXPECT_TRUE(remote->counts().open);
  EXPECT_LT(server.count(), 60);
  EXPECT_EQ(remote->counts().faults, 400);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, DeadRedis,
    testing::Values(Way{"closes", {.bytes = "", .close = true}, seconds(3)},
                    Way{"hangs", {.bytes = "", .hang = true}, seconds(5)},
                    Way{"hangs_at_the_door", {.bytes = "", .hang = true}, seconds(5), true},
                    Way{"hangs_in_a_value", {.bytes = "$100\r\nxx", .hang = true}, seconds(5)},
                    Way{"drips",
                        {.bytes = FakeRedis::bulk(std::string(100'000, 'x')),
                         .drip = seconds(1),
                         .drip_from = 100},
                        seconds(5)},
                    Way{"loads", {.bytes = "-LOADING\r\n"}, seconds(5)},
                    Way{"denies", {.bytes = "-NOPERM no\r\n"}, seconds(3)},
                    Way{"is_no_redis", {.bytes = "HTTP/1.1 400 x\r\n\r\n"}, seconds(3), true}),
    [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace gopouch::object
