// Real Redis servers for tests: one alone, a Cluster, sentinels; each on free loopback ports, with
// its data in a folder that goes away with it.
//
// They are Debian's redis-server; where it is missing, tests skip. Commands of the tests themselves
// go through hiredis' own client, not through ours.
#pragma once

#include <hiredis/hiredis.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "test/support/certificate.h"
#include "test/support/server_process.h"
#include "test/support/temp_dir.h"

namespace gopouch::test {

inline const char* const kRedisServer = "/usr/bin/redis-server";

// Why there is no Redis; empty: there is.
inline std::string redis_missing() {
  if (std::filesystem::exists(kRedisServer)) return {};
  return std::string(kRedisServer) + " is missing (package redis-server)";
}

template <typename Ready>
bool wait_for(const Ready& ready, std::chrono::milliseconds time = std::chrono::seconds(30)) {
  const auto give_up = std::chrono::steady_clock::now() + time;
  while (!ready()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

class Redis {
 public:
  // `words` are further words of its command line; --port and --dir are made here. "<bus>" becomes
  // a port; where the first two are "<file>" and a path, its settings are in that file. The thread
  // that starts it must outlive it: it ends with that thread, however that ends.
  explicit Redis(std::vector<std::string> words = {}, const Certificate* certificate = nullptr)
      : words_(std::move(words)), certificate_(certificate) {
    const bool up = start_on_free_port([this](int port) {
      port_ = port;
      tls_port_ = certificate_ == nullptr ? 0 : unused_port();
      bus_port_ = unused_port();
      return start();
    });
    if (!up) std::abort();
  }
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  int bus_port() const { return bus_port_; }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  std::filesystem::path dir() const { return dir_.path(); }

  void kill() { process_.reset(); }
  void signal(int number) const { process_->signal(number); }

  // On the same ports; false: it does not come up.
  bool start() {
    const auto binary = std::string(kRedisServer);
    // The first of its words may be a file.
    const bool file = words_.size() > 1 && words_[0] == "<file>";
    std::vector<std::string> all{binary};
    if (file) all.push_back(words_[1]);
    for (const std::string& word :
         {std::string("--port"), std::to_string(port_), std::string("--bind"),
          std::string("127.0.0.1"), std::string("--dir"), dir_.path().string(),
          std::string("--logfile"), (dir_ / "log").string()}) {
      all.push_back(word);
    }
    if (!file) all.insert(all.end(), {"--save", "", "--appendonly", "no"});
    if (certificate_ != nullptr) {
      for (const std::string& word :
           {std::string("--tls-port"), std::to_string(tls_port_), std::string("--tls-cert-file"),
            certificate_->file(), std::string("--tls-key-file"), certificate_->key(),
            std::string("--tls-ca-cert-file"), certificate_->file(),
            std::string("--tls-auth-clients"), std::string("no")}) {
        all.push_back(word);
      }
    }
    for (std::size_t i = file ? 2 : 0; i < words_.size(); ++i) {
      all.push_back(words_[i] == "<bus>" ? std::to_string(bus_port_) : words_[i]);
    }
    process_.emplace(all, std::vector<std::string>{"PATH=/usr/bin:/bin"}, "/dev/null");
    if (process_->wait_until([this] { return answers(); })) return true;
    kill();
    return false;
  }

  // What it answers, as text: lists a line each, nil "(nil)"; "(none)" where it does not answer.
  std::string command(const std::vector<std::string>& words) const {
    const timeval time{.tv_sec = 2, .tv_usec = 0};
    const std::unique_ptr<redisContext, decltype(&redisFree)> context(
        redisConnectWithTimeout("127.0.0.1", port_, time), redisFree);
    if (context == nullptr || context->err != 0) return "(none)";
    redisSetTimeout(context.get(), time);
    std::vector<const char*> argv;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      argv.push_back(word.data());
      sizes.push_back(word.size());
    }
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
        static_cast<redisReply*>(redisCommandArgv(context.get(), static_cast<int>(argv.size()),
                                                  argv.data(), sizes.data())),
        freeReplyObject);
    return reply == nullptr ? "(none)" : text_of(*reply);
  }

 private:
  bool answers() const {
    const std::string pong = command({"PING"});
    return pong == "PONG" || pong.starts_with("NOAUTH");
  }

  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_NIL) return "(nil)";
    if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
    if (reply.type != REDIS_REPLY_ARRAY) return {reply.str, static_cast<std::size_t>(reply.len)};
    std::string all;
    for (std::size_t i = 0; i < reply.elements; ++i) {
      all += (i == 0 ? "" : "\n") + text_of(*reply.element[i]);
    }
    return all;
  }

  const std::vector<std::string> words_;
  const Certificate* const certificate_;
  TempDir dir_;
  int port_ = 0, tls_port_ = 0, bus_port_ = 0;
  std::optional<ServerProcess> process_;
};

class RedisCluster {
 public:
  static constexpr int kSlots = 16384;

  // The first `masters` share the slots; each has `replicas` more nodes. A node that is silent for
  // `timeout` is given up.
  explicit RedisCluster(int masters = 3, int replicas = 0, const Certificate* certificate = nullptr,
                        std::chrono::milliseconds timeout = std::chrono::milliseconds(1000))
      : masters_(masters) {
    const int count = masters * (1 + replicas);
    for (int i = 0; i < count; ++i) {
      std::vector<std::string> words{"--cluster-enabled",
                                     "yes",
                                     "--cluster-port",
                                     "<bus>",
                                     "--cluster-node-timeout",
                                     std::to_string(timeout.count()),
                                     "--cluster-allow-replica-migration",
                                     "no",
                                     "--repl-diskless-sync-delay",
                                     "0",
                                     "--cluster-replica-validity-factor",
                                     "0"};
      if (certificate != nullptr) words.insert(words.end(), {"--tls-cluster", "yes"});
      nodes_.push_back(std::make_unique<Redis>(words, certificate));
    }
    for (int i = 0; i < count; ++i) {
      Redis& node = *nodes_[static_cast<std::size_t>(i)];
      ids_.push_back(node.command({"CLUSTER", "MYID"}));
      node.command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
      if (i < masters) {
        node.command({"CLUSTER", "ADDSLOTSRANGE", std::to_string(i * kSlots / masters),
                      std::to_string((i + 1) * kSlots / masters - 1)});
      }
      const int port = certificate == nullptr ? node.port() : node.tls_port();
      nodes_[0]->command(
          {"CLUSTER", "MEET", "127.0.0.1", std::to_string(port), std::to_string(node.bus_port())});
    }
    if (!wait_for([&] { return all_know(count); })) std::abort();
    for (int i = masters; i < count; ++i) {
      nodes_[static_cast<std::size_t>(i)]->command(
          {"CLUSTER", "REPLICATE", ids_[static_cast<std::size_t>(i % masters)]});
    }
    if (!wait_for([&] { return fine(); })) std::abort();
  }

  Redis& node(std::size_t i) { return *nodes_[i]; }
  const std::string& id(std::size_t i) const { return ids_[i]; }
  std::size_t size() const { return nodes_.size(); }
  // The master, of those in the beginning, that has the slot.
  std::size_t owner(std::size_t slot) const {
    return slot * static_cast<std::size_t>(masters_) / kSlots;
  }

  bool fine() {
    for (const auto& node : nodes_) {
      const std::string info = node->command({"CLUSTER", "INFO"});
      if (info.find("cluster_state:ok") == std::string::npos) return false;
      const std::string role = node->command({"INFO", "replication"});
      if (role.find("role:slave") != std::string::npos &&
          role.find("master_link_status:up") == std::string::npos) {
        return false;
      }
    }
    const std::string nodes = nodes_[0]->command({"CLUSTER", "NODES"});
    std::size_t replicas = 0;
    for (std::size_t at = nodes.find("slave"); at != std::string::npos;
         at = nodes.find("slave", at + 1)) {
      ++replicas;
    }
    return replicas == nodes_.size() - static_cast<std::size_t>(masters_);
  }

 private:
  bool all_know(int count) {
    for (const auto& node : nodes_) {
      const std::string wanted = fmt::format("cluster_known_nodes:{}\r", count);
      if (node->command({"CLUSTER", "INFO"}).find(wanted) == std::string::npos) return false;
    }
    return true;
  }

  const int masters_;
  std::vector<std::unique_ptr<Redis>> nodes_;
  std::vector<std::string> ids_;
};

}  // namespace gopouch::test
