// A store in memory that does what a test says instead: the innermost one for tests of decorators.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "object/backend.h"

namespace gopouch::test {

using base::bytes_of;
using namespace object;  // a test of a store speaks of nothing else

inline base::Error unavailable(std::chrono::milliseconds retry_after = {}) {
  return {base::Fault::kUnavailable, "503", retry_after};
}

// What the test keeps in hand while the store is below decorators. Safe for concurrent use once the
// test runs.
struct Script {
  // The error of an operation ("get", "put", "head", "list", "remove"); nullopt: it goes through.
  std::function<std::optional<base::Error>(std::string_view op, const Key& key,
                                           const base::Call& call)>
      say = [](auto, const auto&, const auto&) { return std::nullopt; };

  // "get 3" for a batch of three, "put", … in order.
  std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex);
    return done;
  }
  std::size_t count() const { return calls().size(); }

  void note(std::string call) {
    const std::lock_guard lock(mutex);
    done.push_back(std::move(call));
  }

  mutable std::mutex mutex;
  std::vector<std::string> done;
};

class ScriptedStore final : public Store {
 public:
  // `script` must outlive the store.
  explicit ScriptedStore(Script& script)
      : script_(script), inner_((*memory.open({}, {}, {})).store) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    script_.note("get " + std::to_string(gets.size()));
    for (std::size_t i = 0; i < gets.size(); ++i) {
      if (auto error = script_.say("get", gets[i].key, call)) {
        on_reply(i, *std::move(error));
      } else {
        inner_->get(gets.subspan(i, 1), call,
                    [&](std::size_t, auto reply) { on_reply(i, std::move(reply)); });
      }
    }
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    script_.note("put");
    if (auto error = script_.say("put", key, call)) return *std::move(error);
    return inner_->put(key, body, options, call);
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    script_.note("head");
    if (auto error = script_.say("head", key, call)) return *std::move(error);
    return inner_->head(key, call);
  }

  // One page an object; asked before each.
  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    script_.note("list");
    base::Status result = base::Done{};
    const auto listed = inner_->list(prefix, call, [&](std::span<const Info> all) {
      for (const Info& info : all) {
        if (auto error = script_.say("list", info.key, call)) {
          result = *std::move(error);
          return false;
        }
        if (!on_page(std::span(&info, 1))) return false;
      }
      return true;
    });
    return listed ? result : listed;
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    script_.note("remove");
    if (auto error = script_.say("remove", keys.front(), call)) return *std::move(error);
    return inner_->remove(keys, call);
  }

 private:
  Script& script_;
  const std::unique_ptr<Store> inner_;
};

// Keeps what it is given.
struct Collector final : Sink {
  void begin() override {
    ++begun;
    text.clear();
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    text.append(bytes.begin(), bytes.end());
    return text.size() <= enough;
  }
  int begun = 0;
  std::size_t enough = SIZE_MAX;
  std::string text;
};

inline base::Call in_time() { return base::Call::within(std::chrono::seconds(20)); }

inline base::Result<PutOutcome> put(Store& store, const Key& key, std::string_view text,
                                    const PutOptions& options = {}) {
  return store.put(key, {.bytes = bytes_of(text)}, options, in_time());
}

// The object's text, "absent", or "fault <number>: <message>".
inline std::string text_of(const base::Result<std::optional<Object>>& reply) {
  if (!reply) {
    return "fault " + std::to_string(static_cast<int>(reply.error().fault)) + ": " +
           reply.error().message;
  }
  return *reply ? (*reply)->bytes : "absent";
}
inline std::string text_of(Store& store, const Key& key) {
  return text_of(get_one(store, {.key = key}, in_time()));
}

// What a failed call failed with; kFull, which no store says, where it did not.
template <typename T>
base::Fault fault_of(const base::Result<T>& result) {
  return result ? base::Fault::kFull : result.error().fault;
}
inline base::Fault fault_of(Store& store, const Key& key) {
  return fault_of(get_one(store, {.key = key}, in_time()));
}

// How long 2 × 200 gets take that all fail: two threads ask as go does, each waiting for its
// answer.
inline std::chrono::milliseconds time_failing_gets(Store& store) {
  const auto start = base::Call::Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 200; ++j) {
          Collector sink;
          const Get get{.key = fmt::format("v1/e/{}-{}", i, j), .sink = &sink};
          EXPECT_FALSE(get_one(store, get, base::Call::within(std::chrono::seconds(60))));
        }
      });
    }
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(base::Call::Clock::now() - start);
}

}  // namespace gopouch::test
