// Redis behind sentinels: they name the master, also when it is another one.
#include "test/object/redis_fixture.h"

namespace gopouch::object {
namespace {

class RedisSentinel : public RedisTest {
 protected:
  // A master, a replica, and three sentinels that give a silent master up after half a second.
  void SetUp() override {
    RedisTest::SetUp();
    if (IsSkipped()) return;
    master_ = std::make_unique<Redis>(std::vector<std::string>{"--repl-diskless-sync-delay", "0"});
    replica_ = std::make_unique<Redis>(std::vector<std::string>{"--replicaof", "127.0.0.1",
                                                                std::to_string(master_->port()),
                                                                "--repl-diskless-sync-delay", "0"});
    for (int i = 0; i < 3; ++i) sentinels_.push_back(std::make_unique<Redis>(sentinel_words()));
    ASSERT_TRUE(wait_for([&] {
      for (const auto& sentinel : sentinels_) {
        const std::string state = sentinel->command({"INFO", "sentinel"});
        if (state.find("slaves=1,sentinels=3") == std::string::npos) return false;
      }
      return replica_->command({"INFO", "replication"}).find("master_link_status:up") !=
             std::string::npos;
    }));
  }

  // Sentinels want a file that they may write to.
  std::vector<std::string> sentinel_words() {
    const std::string file = dir_ / fmt::format("sentinel-{}.conf", sentinels_.size());
    test::write(file, fmt::format("sentinel monitor ours 127.0.0.1 {} 2\n"
                                  "sentinel down-after-milliseconds ours 500\n"
                                  "sentinel failover-timeout ours 3000\n",
                                  master_->port()));
    return {"<file>", file, "--sentinel"};
  }

  std::string url(const std::string& rest = "/ci?master=ours") const {
    std::string hosts;
    for (const auto& sentinel : sentinels_) {
      hosts += (hosts.empty() ? "" : ",") + sentinel->address();
    }
    return "redis://" + hosts + rest;
  }

  TempDir dir_;
  std::unique_ptr<Redis> master_, replica_;
  std::vector<std::unique_ptr<Redis>> sentinels_;
};

TEST_F(RedisSentinel, NamesTheMaster) {
  const auto store = bare(url("/ci?master=ours&db=2"));
  ASSERT_TRUE(put(*store, "k", "x"));
  EXPECT_NE(master_->command({"INFO", "keyspace"}).find("db2:keys=1"), std::string::npos);
  EXPECT_EQ(text_of(*store, "k"), "x");
  const auto none = bare(url("/ci?master=theirs"));
  EXPECT_EQ(fault_of(*none, "k"), Fault::kInvalid);
  EXPECT_NE(message_of(*none, "k").find("theirs"), std::string::npos) << message_of(*none, "k");
  // A password that sentinels do not ask for is for the master.
  master_->command({"CONFIG", "SET", "requirepass", "hunter2"});
  const auto with_password = [&] {
    std::string text = url();
    text.insert(text.find("//") + 2, ":hunter2@");
    return text;
  }();
  EXPECT_EQ(text_of(*bare(with_password), "k"), "absent");
  EXPECT_EQ(fault_of(*bare(url()), "k"), Fault::kDenied);
}

TEST_F(RedisSentinel, OneIsEnough) {
  sentinels_[0]->kill();
  sentinels_[1]->signal(SIGSTOP);
  const auto store = bare(url(), quick());
  const auto start = Clock::now();
  EXPECT_EQ(text_of(*store, "k"), "absent");
  EXPECT_LT(Clock::now() - start, milliseconds(1500));
  sentinels_[2]->kill();
  EXPECT_EQ(text_of(*store, "k"), "absent") << "who knows the master asks nobody";
  sentinels_[1]->signal(SIGCONT);
}

TEST_F(RedisSentinel, TheReplicaTakesOver) {
  const auto store = bare(url(), quick());
  ASSERT_TRUE(put(*store, "k", "x"));
  ASSERT_EQ(master_->command({"WAIT", "1", "2000"}), "1");
  master_->kill();
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
  ASSERT_TRUE(wait_for([&] { return put(*store, "k", "y").ok(); }));
  EXPECT_EQ(replica_->command({"GET", "ci:k"}), "y");
  // The old one comes back, is made a replica, and is not written to.
  ASSERT_TRUE(master_->start());
  EXPECT_TRUE(put(*store, "k", "z"));
  EXPECT_EQ(replica_->command({"GET", "ci:k"}), "z");
}

// Told by the sentinels while nobody was lost.
TEST_F(RedisSentinel, TheMasterGivesWay) {
  const auto store = bare(url(), quick());
  ASSERT_TRUE(put(*store, "k", "x"));
  ASSERT_TRUE(wait_for([&] {
    return sentinels_[0]->command({"SENTINEL", "FAILOVER", "ours"}) == "OK";
  }));
  ASSERT_TRUE(wait_for([&] {
    return replica_->command({"INFO", "replication"}).find("role:master") != std::string::npos &&
           master_->command({"INFO", "replication"}).find("role:slave") != std::string::npos;
  }));
  EXPECT_TRUE(wait_for([&] { return put(*store, "k", "y").ok(); }, seconds(3)));
  EXPECT_EQ(replica_->command({"GET", "ci:k"}), "y");
}

}  // namespace
}  // namespace gopouch::object
