// A Redis Cluster: keys on all nodes, slots that move, nodes that go and come back.
#include <map>

#include "test/object/redis_fixture.h"

namespace gopouch::object {
namespace {

class RedisClusterTest : public RedisTest {
 protected:
  static constexpr int kKeys = 200;

  static std::string url(const Redis& node, const std::string& rest = "/ci") {
    return "redis://" + node.address() + rest;
  }
  static std::vector<Get> gets() {
    std::vector<Get> all;
    for (int i = 0; i < kKeys; ++i) all.push_back({.key = fmt::format("v1/e/{}", i)});
    return all;
  }
  static void fill(Store& store) {
    for (const Get& get : gets()) ASSERT_TRUE(put(store, get.key, get.key));
  }
  // How often each answer came.
  static std::map<std::string, int> get_all(Store& store) {
    std::map<std::string, int> answers;
    const auto all = gets();
    store.get(all, in_time(), [&](std::size_t index, const auto& reply) {
      if (!reply) {
        ++answers[fmt::format("fault {}", static_cast<int>(reply.error().fault))];
      } else if (!*reply) {
        ++answers["absent"];
      } else {
        ++answers[(*reply)->bytes == all[index].key ? "right" : "wrong"];
      }
    });
    return answers;
  }
  static const inline std::map<std::string, int> kAllRight{{"right", kKeys}};

  // Everything of a slot goes from one node to another, as `redis-cli --cluster reshard` does it.
  static void begin_move(RedisCluster& cluster, std::size_t slot, std::size_t from,
                         std::size_t to) {
    const std::string number = std::to_string(slot);
    ASSERT_EQ(
        cluster.node(to).command({"CLUSTER", "SETSLOT", number, "IMPORTING", cluster.id(from)}),
        "OK");
    ASSERT_EQ(
        cluster.node(from).command({"CLUSTER", "SETSLOT", number, "MIGRATING", cluster.id(to)}),
        "OK");
  }
  static void move_key(RedisCluster& cluster, const std::string& name, std::size_t from,
                       std::size_t to) {
    EXPECT_EQ(
        cluster.node(from).command(
            {"MIGRATE", "127.0.0.1", std::to_string(cluster.node(to).port()), name, "0", "5000"}),
        "OK");
  }
  static void end_move(RedisCluster& cluster, std::size_t slot, std::size_t to) {
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      cluster.node(i).command({"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", cluster.id(to)});
    }
  }
};

TEST_F(RedisClusterTest, UsesAllNodes) {
  RedisCluster cluster;
  const auto store = bare(url(cluster.node(1)));
  fill(*store);
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_GT(std::stoi(cluster.node(i).command({"DBSIZE"})), kKeys / 6) << i;
  }
  EXPECT_EQ(get_all(*store), kAllRight);
  EXPECT_EQ(keys_of(*store).size(), std::size_t{kKeys});
  ASSERT_TRUE(store->remove(keys_of(*store), in_time()));
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_EQ(cluster.node(i).command({"DBSIZE"}), "0");
  }

  // A tag in the prefix puts all on one node.
  const auto tagged = bare(url(cluster.node(0), "/%7Bteam%7D"));
  fill(*tagged);
  EXPECT_EQ(get_all(*tagged), kAllRight);
  EXPECT_EQ(cluster.node(cluster.owner(redis_slot("team"))).command({"DBSIZE"}),
            std::to_string(kKeys));

  // Large objects, whole on the node of their header.
  const std::string large = large_text(20 << 20);
  for (const char* key : {"a", "b", "c"}) {
    for (Store* one : {store.get(), tagged.get()}) {
      ASSERT_TRUE(put(*one, key, large));
      EXPECT_TRUE(text_of(*one, key) == large);
    }
  }
}

TEST_F(RedisClusterTest, SaysWhatDoesNotFit) {
  RedisCluster cluster;
  EXPECT_EQ(fault_of(*bare(url(cluster.node(0), "/ci?db=1")), "k"), Fault::kInvalid);
  const Redis alone;
  const auto store = bare(url(alone, "/ci?cluster=true"));
  EXPECT_EQ(fault_of(*store, "k"), Fault::kInvalid);
  EXPECT_NE(message_of(*store, "k").find("cluster support disabled"), std::string::npos);
}

// Who may not ask for the map learns it from the nodes' own words; so does who was told not to ask.
TEST_F(RedisClusterTest, LearnsWithoutAMap) {
  RedisCluster cluster;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    cluster.node(i).command(
        {"ACL", "SETUSER", "user", "on", ">pw", "~*", "+get", "+getrange", "+set"});
  }
  const auto limited = bare("redis://user:pw@" + cluster.node(0).address() + "/ci");
  fill(*limited);
  EXPECT_EQ(get_all(*limited), kAllRight);
  EXPECT_EQ(get_all(*bare(url(cluster.node(2), "/ci?cluster=false"))), kAllRight);
}

TEST_F(RedisClusterTest, FollowsASlotThatMoves) {
  RedisCluster cluster;
  const auto store = bare(url(cluster.node(0)));
  const std::string name = "ci:v1:e:7";
  const std::size_t slot = redis_slot(name), from = cluster.owner(slot), to = (from + 1) % 3;
  fill(*store);
  begin_move(cluster, slot, from, to);
  EXPECT_EQ(get_all(*store), kAllRight) << "not moved yet";
  move_key(cluster, name, from, to);
  EXPECT_EQ(get_all(*store), kAllRight) << "ASK";
  EXPECT_EQ(text_of(*store, "v1/e/7"), "v1/e/7");
  EXPECT_TRUE(*store->head("v1/e/7", in_time()));
  ASSERT_TRUE(put(*store, "v1/e/7", "again"));
  const std::string version = (*get_one(*store, {.key = "v1/e/7"}, in_time()))->version;
  EXPECT_EQ(*put(*store, "v1/e/7", "v1/e/7", {.if_version = version}), PutOutcome::kStored);
  EXPECT_EQ(*put(*store, "v1/e/7", "x", {.if_absent = true}), PutOutcome::kConflict);
  EXPECT_EQ(text_of(get_one(*store, {.key = "v1/e/7", .range = Range{1, 3}}, in_time())), "1/e");
  EXPECT_EQ(cluster.node(from).command({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}), "0");
  end_move(cluster, slot, to);
  EXPECT_EQ(get_all(*store), kAllRight) << "MOVED";
  ASSERT_TRUE(store->remove(std::vector<Key>{"v1/e/7"}, in_time()));
  EXPECT_EQ(cluster.node(to).command({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}), "0");
  EXPECT_EQ(text_of(*store, "v1/e/7"), "absent");
}

TEST_F(RedisClusterTest, ReadsPartsOfASlotThatMoves) {
  RedisCluster cluster;
  const auto store = bare(url(cluster.node(0)));
  const std::string large = large_text((10 << 20) + 5);
  ASSERT_TRUE(put(*store, "k", large));
  const std::string name = "ci:k";
  const std::size_t slot = redis_slot(name), from = cluster.owner(slot), to = (from + 1) % 3;
  const auto header = parse_redis_header(cluster.node(from).command({"GET", name}));
  ASSERT_TRUE(header);
  begin_move(cluster, slot, from, to);
  for (const std::int64_t part : {0, 3, 4, 9}) {
    move_key(cluster, header->part_name("ci:", name, part), from, to);
    Collector sink;
    const auto got = get_one(*store, {.key = "k", .sink = &sink}, in_time());
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(sink.text == large) << "with part " << part << " moved";
  }
  move_key(cluster, name, from, to);
  EXPECT_TRUE(text_of(*store, "k") == large);
  for (const std::int64_t part : {1, 2, 5, 6, 7, 8, 10}) {
    move_key(cluster, header->part_name("ci:", name, part), from, to);
  }
  end_move(cluster, slot, to);
  EXPECT_TRUE(text_of(*store, "k") == large);
}

TEST_F(RedisClusterTest, ANodeIsLostAndComesBack) {
  RedisCluster cluster;
  const auto store = bare(url(cluster.node(0)), quick());
  fill(*store);
  cluster.node(1).kill();
  auto answers = get_all(*store);
  const std::string unavailable = fmt::format("fault {}", static_cast<int>(Fault::kUnavailable));
  EXPECT_GT(answers["right"], kKeys / 3) << "the others serve on";
  EXPECT_EQ(answers["right"] + answers[unavailable], kKeys);
  // When the Cluster has noticed, it is down as a whole.
  ASSERT_TRUE(wait_for([&] {
    return cluster.node(0).command({"GET", "x"}).starts_with("CLUSTERDOWN") ||
           cluster.node(2).command({"GET", "x"}).starts_with("CLUSTERDOWN");
  }));
  answers = get_all(*store);
  EXPECT_GT(answers[unavailable], 0);
  ASSERT_TRUE(cluster.node(1).start());
  ASSERT_TRUE(wait_for([&] { return cluster.fine(); }));
  answers = get_all(*store);
  EXPECT_EQ(answers["right"] + answers["absent"], kKeys) << "what was in its memory is gone";
  fill(*store);
  EXPECT_EQ(get_all(*store), kAllRight);
}

// With the whole stack of decorators, as a session has it, while it goes on getting and putting.
TEST_F(RedisClusterTest, AReplicaTakesOver) {
  RedisCluster cluster(3, 1);
  auto remote = open(url(cluster.node(0)), {});
  ASSERT_TRUE(remote);
  fill(remote->store());
  cluster.node(1).command({"WAIT", "1", "2000"});
  cluster.node(1).kill();
  ASSERT_TRUE(wait_for([&] { return get_all(remote->store()) == kAllRight; }));
  fill(remote->store());
  EXPECT_EQ(get_all(remote->store()), kAllRight);

  // It comes back as a replica of the one that took over, which then gives way.
  ASSERT_TRUE(cluster.node(1).start());
  ASSERT_TRUE(wait_for([&] { return cluster.fine(); }));
  EXPECT_EQ(get_all(remote->store()), kAllRight);
  const auto gives_way = [&] {
    return cluster.node(1).command({"INFO", "replication"}).find("role:master") !=
           std::string::npos;
  };
  // On a busy machine the vote may come too late, and is given up after five seconds.
  for (int i = 0; i < 5 && !gives_way(); ++i) {
    ASSERT_EQ(cluster.node(1).command({"CLUSTER", "FAILOVER"}), "OK");
    wait_for(gives_way, seconds(6));
  }
  ASSERT_TRUE(gives_way());
  EXPECT_EQ(get_all(remote->store()), kAllRight);
  fill(remote->store());
}

TEST_F(RedisClusterTest, SpeaksTls) {
  const Certificate certificate;
  RedisCluster cluster(3, 0, &certificate);
  const auto store =
      bare(fmt::format("rediss://127.0.0.1:{}/ci?ca-file={}", cluster.node(0).tls_port(),
                       net::percent_encode(certificate.file())));
  fill(*store);
  EXPECT_EQ(get_all(*store), kAllRight);
}

}  // namespace
}  // namespace gopouch::object
