// The Redis store against a real server: what it writes there, and what it makes of what is there.
#include <fcntl.h>

#include "base/files.h"
#include "test/object/redis_fixture.h"

namespace gopouch::object {
namespace {

TEST_F(RedisTest, WritesPlainNamesWithATimeToLive) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/team/ci?ttl=1h");
  ASSERT_TRUE(put(*store, "v1/e/00ff", "hello"));
  EXPECT_EQ(redis.command({"KEYS", "*"}), "team:ci:v1:e:00ff");
  EXPECT_EQ(redis.command({"GET", "team:ci:v1:e:00ff"}), "hello");
  const int left = std::stoi(redis.command({"TTL", "team:ci:v1:e:00ff"}));
  EXPECT_TRUE(left > 3590 && left <= 3600) << left;

  // The next put renews it, whatever its condition.
  const auto renewed = [&](const PutOptions& options) {
    redis.command({"EXPIRE", "team:ci:v1:e:00ff", "10"});
    EXPECT_EQ(*put(*store, "v1/e/00ff", "again", options), PutOutcome::kStored);
    return std::stoi(redis.command({"TTL", "team:ci:v1:e:00ff"})) > 3590;
  };
  EXPECT_TRUE(renewed({}));
  const std::string version = (*get_one(*store, {.key = "v1/e/00ff"}, in_time()))->version;
  EXPECT_TRUE(renewed({.if_version = version}));

  const auto for_good = bare("redis://" + redis.address() + "/team/ci?ttl=0");
  ASSERT_TRUE(put(*for_good, "v1/e/00ff", "hello"));
  EXPECT_EQ(redis.command({"TTL", "team:ci:v1:e:00ff"}), "-1");
  EXPECT_TRUE((*for_good->head("v1/e/00ff", in_time())).has_value());
}

TEST_F(RedisTest, TellsTheAgeByTheTimeToLive) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci?ttl=1h");
  ASSERT_TRUE(put(*store, "k", "hello"));
  redis.command({"EXPIRE", "ci:k", "3000"});  // as ten minutes later
  const auto info = *store->head("k", in_time());
  ASSERT_TRUE(info);
  const auto age = std::chrono::system_clock::now() - info->modified;
  EXPECT_GE(age, seconds(599));
  EXPECT_LE(age, seconds(620));
}

TEST_F(RedisTest, KeepsLargeObjectsInParts) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci?ttl=1h");
  const std::string large = large_text((9 << 20) + 17);
  std::atomic<std::int64_t> sent = 0;
  ASSERT_EQ(*store->put("v1/p/00", {.bytes = bytes_of(large), .sent = &sent}, {}, in_time()),
            PutOutcome::kStored);
  EXPECT_EQ(sent, std::ssize(large));
  EXPECT_EQ(redis.command({"DBSIZE"}), "11") << "a header and ten parts";
  EXPECT_EQ(redis.command({"STRLEN", "ci:v1:p:00"}), std::to_string(kRedisHeader));

  const auto got = get_one(*store, {.key = "v1/p/00"}, in_time());
  ASSERT_TRUE(got && *got);
  EXPECT_TRUE((*got)->bytes == large);
  EXPECT_NE((*got)->version, "");
  Collector sink;
  ASSERT_TRUE(*get_one(*store, {.key = "v1/p/00", .sink = &sink}, in_time()));
  EXPECT_EQ(sink.begun, 1);
  EXPECT_TRUE(sink.text == large);
  EXPECT_EQ((*store->head("v1/p/00", in_time()))->size, std::ssize(large));
  EXPECT_EQ(keys_of(*store), std::vector<std::string>{"v1/p/00"});
  EXPECT_EQ(keys_of(*store, "v1/p/"), std::vector<std::string>{"v1/p/00"});

  const auto part = [&](std::int64_t offset, std::int64_t size) {
    const auto reply = get_one(*store, {.key = "v1/p/00", .range = Range{offset, size}}, in_time());
    return reply && *reply ? (*reply)->bytes : "failed";
  };
  for (const Range& range : {Range{0, 10}, Range{(1 << 20) - 5, 10}, Range{(1 << 20) - 5, 3 << 20},
                             Range{9 << 20, 17}, Range{5, 1}}) {
    EXPECT_TRUE(
        part(range.offset, range.size) ==
        large.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.size)))
        << range.offset;
  }
  EXPECT_EQ(part((9 << 20) + 10, 100), large.substr((9 << 20) + 10));
  EXPECT_EQ(fault_of(get_one(*store, {.key = "v1/p/00", .range = Range{10 << 20, 1}}, in_time())),
            Fault::kCorrupt);
  EXPECT_EQ(fault_of(get_one(*store, {.key = "v1/p/00", .limit = 1000}, in_time())),
            Fault::kCorrupt);
  Collector few;
  few.enough = 100;
  EXPECT_EQ(fault_of(get_one(*store, {.key = "v1/p/00", .sink = &few}, in_time())),
            Fault::kStopped);

  // What takes its place takes its parts, too.
  ASSERT_TRUE(put(*store, "v1/p/00", "small"));
  EXPECT_EQ(redis.command({"DBSIZE"}), "1");
  ASSERT_TRUE(put(*store, "v1/p/00", large));
  ASSERT_TRUE(put(*store, "v1/p/00", large));
  EXPECT_EQ(redis.command({"DBSIZE"}), "11");
  const Key key = "v1/p/00";
  ASSERT_TRUE(store->remove(std::span(&key, 1), in_time()));
  EXPECT_EQ(redis.command({"DBSIZE"}), "0");
}

TEST_F(RedisTest, PreconditionsHoldForParts) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  const std::string large = large_text((8 << 20) + 1), other = large_text(9 << 20, 2);
  EXPECT_EQ(*put(*store, "k", large, {.if_absent = true}), PutOutcome::kStored);
  EXPECT_EQ(*put(*store, "k", other, {.if_absent = true}), PutOutcome::kConflict);
  EXPECT_EQ(*put(*store, "k", "x", {.if_absent = true}), PutOutcome::kConflict);
  const std::string version = (*get_one(*store, {.key = "k"}, in_time()))->version;
  EXPECT_EQ(*put(*store, "k", other, {.if_version = version}), PutOutcome::kStored);
  EXPECT_EQ(*put(*store, "k", large, {.if_version = version}), PutOutcome::kConflict);
  EXPECT_EQ(redis.command({"DBSIZE"}), "10") << "nothing is left of what was replaced or refused";
  EXPECT_TRUE(text_of(*store, "k") == other);
  EXPECT_EQ(*put(*store, "k", "x", {.if_absent = true, .if_version = version}),
            PutOutcome::kConflict);
}

// As where memory ran short, and Redis took one of them.
TEST_F(RedisTest, AnObjectThatHasLostAPartIsAbsent) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  const std::string large = large_text((9 << 20) + 17);
  const auto lose = [&] {
    ASSERT_TRUE(put(*store, "k", large));
    const auto header = parse_redis_header(redis.command({"GET", "ci:k"}));
    ASSERT_TRUE(header);
    ASSERT_EQ(redis.command({"DEL", header->part_name("ci:", "ci:k", 4)}), "1");
  };
  lose();
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_EQ(text_of(get_one(*store, {.key = "k", .range = Range{(4 << 20) + 5, 5}}, in_time())),
            "absent");
  EXPECT_TRUE(text_of(get_one(*store, {.key = "k", .range = Range{5, 5}}, in_time())) ==
              large.substr(5, 5));
  EXPECT_FALSE(*store->head("k", in_time()));
  EXPECT_EQ(keys_of(*store), std::vector<std::string>());
  EXPECT_EQ(*put(*store, "k", "small", {.if_absent = true}), PutOutcome::kStored);
  EXPECT_EQ(text_of(*store, "k"), "small");
  EXPECT_EQ(redis.command({"DBSIZE"}), "1");
  lose();
  EXPECT_EQ(*put(*store, "k", large, {.if_absent = true}), PutOutcome::kStored);
  EXPECT_TRUE(text_of(*store, "k") == large);
  lose();
  const Key key = "k";
  ASSERT_TRUE(store->remove(std::span(&key, 1), in_time()));
  EXPECT_EQ(redis.command({"DBSIZE"}), "0");
}

TEST_F(RedisTest, PartsThatDoNotFitAreNotBelieved) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  ASSERT_TRUE(put(*store, "k", large_text(9 << 20)));
  const auto header = parse_redis_header(redis.command({"GET", "ci:k"}));
  ASSERT_TRUE(header);
  const std::string part = header->part_name("ci:", "ci:k", 3);
  redis.command({"SETRANGE", part, "100", "X"});
  EXPECT_EQ(fault_of(*store, "k"), Fault::kCorrupt);
  redis.command({"SET", part, "short"});
  EXPECT_EQ(text_of(*store, "k"), "absent");
}

TEST_F(RedisTest, AValueThatLooksLikeAHeaderIsNone) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  const RedisParts lie{.size = 5, .id = 1};
  for (const std::string& text :
       {lie.header(), "gopouch/parts/1 x" + std::string(kRedisHeader - 17, 'x'),
        std::string("gopouch/parts/1 "), lie.header() + "more"}) {
    ASSERT_TRUE(put(*store, "k", text));
    EXPECT_EQ(text_of(*store, "k"), text);
    EXPECT_EQ((*store->head("k", in_time()))->size, std::ssize(text));
  }
  // One of just a header's size is a value like others.
  const std::string same(kRedisHeader, 'x');
  ASSERT_TRUE(put(*store, "k", same));
  EXPECT_EQ(redis.command({"GET", "ci:k"}), same);
  Collector sink;
  ASSERT_TRUE(*get_one(*store, {.key = "k", .sink = &sink}, in_time()));
  EXPECT_EQ(sink.text, same);
  EXPECT_EQ(fault_of(get_one(*store, {.key = "k", .limit = 10}, in_time())), Fault::kCorrupt);
}

TEST_F(RedisTest, ReadersOfPartsThatAreReplacedSeeOneWhole) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  const std::string a = large_text((9 << 20) + 17), b = large_text(10 << 20, 2);
  ASSERT_TRUE(put(*store, "k", a));
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(put(*store, "k", i % 2 == 0 ? b : a));
    done = true;
  });
  int whole = 0;
  while (!done) {
    Collector sink;
    const auto got = get_one(*store, {.key = "k", .sink = &sink}, in_time());
    if (!got) {
      EXPECT_EQ(got.error().fault, Fault::kUnavailable) << got.error().message;
    } else if (*got) {
      EXPECT_TRUE(sink.text == a || sink.text == b) << sink.text.size();
      ++whole;
    }
  }
  EXPECT_GT(whole, 0);
}

TEST_F(RedisTest, LeavesWhatIsOfOthers) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/c*i");
  const std::vector<std::string> others{"cxi:v1:e:1", "c*i",    "c*i:", "c*i:a/b",
                                        "c*i:a b",    "c*i::a", "v1",   "c*i2:a"};
  for (const std::string& name : others) redis.command({"SET", name, "precious"});
  redis.command({"SADD", "c*i:set", "member"});
  ASSERT_TRUE(put(*store, "v1/e/1", "ours"));
  EXPECT_EQ(keys_of(*store, "v1/"), std::vector<std::string>{"v1/e/1"});
  for (const std::string& key : keys_of(*store, "v1/")) {
    ASSERT_TRUE(store->remove(std::span(&key, 1), in_time()));
  }
  EXPECT_EQ(redis.command({"DBSIZE"}), std::to_string(others.size() + 1));
  EXPECT_EQ(fault_of(*store, "set"), Fault::kCorrupt) << "no value";
  ASSERT_TRUE(put(*store, "set", "a value"));
  EXPECT_EQ(text_of(*store, "set"), "a value");
}

TEST_F(RedisTest, ListsWhatIsNoValueOfOthersWithoutFailing) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  ASSERT_TRUE(put(*store, "a", "x"));
  redis.command({"SADD", "ci:set", "member"});
  EXPECT_EQ(keys_of(*store), std::vector<std::string>{"a"});
  const std::vector<Key> keys{"a", "set"};
  ASSERT_TRUE(store->remove(keys, in_time()));
}

TEST_F(RedisTest, KeepsTheSlashesOfALayout) {
  const Redis redis;
  Options options;
  options.redis_plain = true;
  const auto store = bare("redis://" + redis.address() + "/gocacheprog/x", options);
  ASSERT_TRUE(put(*store, "00ff-o", "body"));
  ASSERT_TRUE(put(*store, "a/b", "body"));
  EXPECT_EQ(redis.command({"GET", "gocacheprog/x/00ff-o"}), "body");
  EXPECT_EQ(redis.command({"GET", "gocacheprog/x/a/b"}), "body");
  EXPECT_EQ(keys_of(*store), (std::vector<std::string>{"00ff-o", "a/b"}));

  // Others know of no parts, and what looks like a header to us is a value to them.
  const std::string large = large_text(9 << 20), header = RedisParts{.size = 5, .id = 1}.header();
  ASSERT_TRUE(put(*store, "large", large));
  EXPECT_EQ(redis.command({"GET", "gocacheprog/x/large"}), large);
  EXPECT_EQ(text_of(*store, "large"), large);
  ASSERT_TRUE(put(*store, "large", header));
  EXPECT_EQ(redis.command({"GET", "gocacheprog/x/large"}), header);
  EXPECT_EQ(text_of(*store, "large"), header);
  EXPECT_EQ(keys_of(*store), (std::vector<std::string>{"00ff-o", "a/b", "large"}));
}

TEST_F(RedisTest, SaysWhoWeAre) {
  const Redis redis({"--requirepass", "hunter2"});
  const auto url = [&](const std::string& user) {
    return "redis://" + user + redis.address() + "/ci";
  };
  EXPECT_EQ(text_of(*bare(url(":hunter2@")), "k"), "absent");
  EXPECT_EQ(text_of(*bare(url("default:hunter2@")), "k"), "absent");
  for (const std::string user : {"", ":wrong@", "nobody:hunter2@"}) {
    const auto store = bare(url(user));
    EXPECT_EQ(fault_of(*store, "k"), Fault::kDenied) << user;
    EXPECT_EQ(fault_of(put(*store, "k", "x")), Fault::kDenied);
    EXPECT_EQ(message_of(*store, "k").find("wrong"), std::string::npos);
    EXPECT_EQ(message_of(*store, "k").find("hunter2"), std::string::npos);
  }
  const Redis open_one;
  EXPECT_EQ(fault_of(*bare("redis://:hunter2@" + open_one.address()), "k"), Fault::kDenied);
  // A server that does not know AUTH repeats what it was told.
  const Redis odd({"--rename-command", "AUTH", ""});
  const auto store = bare("redis://:hunter2@" + odd.address());
  EXPECT_EQ(fault_of(*store, "k"), Fault::kDenied);
  EXPECT_EQ(message_of(*store, "k").find("hunter2"), std::string::npos) << message_of(*store, "k");
}

TEST_F(RedisTest, AUserMayBeAllowedOnlyWhatWeNeed) {
  const Redis redis;
  redis.command({"ACL", "SETUSER", "reader", "on", ">pw", "~ci:*", "+get", "+getrange", "+strlen",
                 "+exists", "+pttl"});
  redis.command({"ACL", "SETUSER", "writer", "on", ">pw", "~ci:*", "+get", "+getrange", "+strlen",
                 "+exists", "+pttl", "+set", "+eval", "+unlink"});
  redis.command({"ACL", "SETUSER", "keeper", "on", ">pw", "~ci:*", "+get", "+getrange", "+strlen",
                 "+exists", "+pttl", "+scan", "+unlink"});
  const auto as = [&](const std::string& user) {
    return bare("redis://" + user + ":pw@" + redis.address() + "/ci");
  };
  const std::string large = large_text(9 << 20);
  ASSERT_TRUE(put(*as("writer"), "k", large));
  ASSERT_TRUE(put(*as("writer"), "k", "text"));
  const std::string version = (*get_one(*as("writer"), {.key = "k"}, in_time()))->version;
  EXPECT_EQ(*put(*as("writer"), "k", large, {.if_version = version}), PutOutcome::kStored);
  EXPECT_TRUE(text_of(*as("reader"), "k") == large);
  EXPECT_TRUE(*as("reader")->head("k", in_time()));
  EXPECT_EQ(text_of(get_one(*as("reader"), {.key = "k", .range = Range{1, 3}}, in_time())),
            large.substr(1, 3));
  EXPECT_EQ(fault_of(put(*as("reader"), "k", "x")), Fault::kDenied);
  EXPECT_EQ(keys_of(*as("keeper")), std::vector<std::string>{"k"});
  const auto elsewhere = bare("redis://reader:pw@" + redis.address() + "/other");
  EXPECT_EQ(fault_of(*elsewhere, "k"), Fault::kDenied);
}

TEST_F(RedisTest, UsesItsDatabase) {
  const Redis redis({"--databases", "4"});
  ASSERT_TRUE(put(*bare("redis://" + redis.address() + "/ci?db=3"), "k", "x"));
  EXPECT_EQ(redis.command({"DBSIZE"}), "0");
  EXPECT_EQ(redis.command({"INFO", "keyspace"}).find("db3:keys=1") != std::string::npos, true);
  const auto none = bare("redis://" + redis.address() + "/ci?db=7");
  EXPECT_EQ(fault_of(*none, "k"), Fault::kInvalid);
  EXPECT_NE(message_of(*none, "k").find("SELECT"), std::string::npos);
}

TEST_F(RedisTest, RemovesWithoutUnlink) {
  const Redis redis({"--rename-command", "UNLINK", ""});
  const auto store = bare("redis://" + redis.address() + "/ci");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(put(*store, "k", large_text(9 << 20)));
    const std::vector<Key> keys{"k", "none"};
    ASSERT_TRUE(store->remove(keys, in_time()));
    EXPECT_EQ(redis.command({"DBSIZE"}), "0");
  }
}

TEST_F(RedisTest, IsToldWhereItMayNotWrite) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  ASSERT_TRUE(put(*store, "k", "x"));
  redis.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto full = put(*store, "k", "y");
  EXPECT_EQ(fault_of(full), Fault::kUnavailable) << "OOM";
  EXPECT_EQ(text_of(*store, "k"), "x");
  redis.command({"CONFIG", "SET", "maxmemory", "0"});
  redis.command({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(fault_of(put(*store, "k", "y")), Fault::kDenied) << "READONLY";
  EXPECT_EQ(text_of(*store, "k"), "x");
}

TEST_F(RedisTest, UsesAnotherHostWhereOneFails) {
  Redis gone;
  const Redis redis({"--repl-diskless-sync-delay", "0"});
  gone.kill();
  const auto store = bare("redis://" + gone.address() + "," + redis.address() + "/ci");
  EXPECT_TRUE(put(*store, "k", "x"));
  // The first of two is a replica: it reads, but does not write.
  const Redis replica({"--replicaof", "127.0.0.1", std::to_string(redis.port())});
  const auto both = bare("redis://" + replica.address() + "," + redis.address() + "/ci");
  ASSERT_TRUE(wait_for([&] { return text_of(*both, "k") == "x"; }));
  EXPECT_EQ(fault_of(put(*both, "k", "y")), Fault::kDenied);
  EXPECT_TRUE(wait_for([&] { return put(*both, "k", "y").ok(); }));
}

TEST_F(RedisTest, FindsAServerThatWasAway) {
  Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  std::vector<Get> gets(100, Get{.key = "k"});
  const auto faults = [&] {
    int count = 0;
    store->get(gets, in_time(), [&](std::size_t, const auto& reply) { count += reply ? 0 : 1; });
    return count;
  };
  EXPECT_EQ(faults(), 0);
  redis.kill();
  EXPECT_EQ(faults(), 100);
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  EXPECT_NE(message_of(*store, "k").find("Connection refused"), std::string::npos)
      << message_of(*store, "k");
  ASSERT_TRUE(redis.start());
  EXPECT_EQ(faults(), 0);
}

TEST_F(RedisTest, KeepsFewConnections) {
  const Redis redis;
  Options options;
  options.net.connections_per_host = 3;
  const auto store = bare("redis://" + redis.address() + "/ci", options);
  ASSERT_TRUE(put(*store, "k", std::string(50'000, 'x')));
  {
    std::vector<std::jthread> threads;
    threads.reserve(16);
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 20; ++j) EXPECT_EQ(text_of(*store, "k").size(), 50'000U);
        std::vector<Get> gets(200, Get{.key = "k"});
        int good = 0;
        store->get(gets, in_time(), [&](std::size_t, const auto& reply) { good += reply ? 1 : 0; });
        EXPECT_EQ(good, 200);
      });
    }
  }
  const std::string clients = redis.command({"CLIENT", "LIST"});
  const auto count = [&](std::string_view what) {
    int found = 0;
    for (std::size_t at = clients.find(what); at != std::string::npos;
         at = clients.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("name=gopouch"), 3) << clients;
}

TEST_F(RedisTest, EndsWhenItIsCalledOff) {
  const Redis redis;
  const auto store = bare("redis://" + redis.address() + "/ci");
  ASSERT_TRUE(put(*store, "k", "x"));
  redis.signal(SIGSTOP);
  std::stop_source stop;
  base::Call call = in_time();
  call.stop = stop.get_token();
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const auto start = Clock::now();
  EXPECT_EQ(fault_of(get_one(*store, {.key = "k"}, call)), Fault::kStopped);
  EXPECT_LT(Clock::now() - start, milliseconds(400));
  const auto again = Clock::now();
  EXPECT_EQ(fault_of(get_one(*store, {.key = "k"}, base::Call::within(milliseconds(200)))),
            Fault::kTimeout);
  EXPECT_LT(Clock::now() - again, milliseconds(500));
  redis.signal(SIGCONT);
  EXPECT_EQ(text_of(*store, "k"), "x");
}

}  // namespace
}  // namespace gopouch::object
