// What the tests of the Redis store have in common: a store on servers of a test's own.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "object/redis.h"
#include "object/redis_parts.h"
#include "test/object/scripted_store.h"
#include "test/support/fake_redis.h"
#include "test/support/redis.h"

namespace gopouch::object {

using base::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace test;  // put, text_of, fault_of, Collector, the servers

using Clock = base::Call::Clock;

// The store of a URL without decorators: what it says is what the backend said.
inline std::unique_ptr<Store> bare(const std::string& text, const Options& options = {}) {
  const auto url = net::parse_url(text, net::Hosts::kSeveral);
  const Backend& backend = *find_backend(url->scheme);
  const auto parameters = read_parameters(*url, backend);
  auto opened = backend.open(*url, *parameters, options);
  EXPECT_TRUE(opened) << opened.error().message;
  return std::move(opened->store);
}

// Times that a test can wait for.
inline Options quick() {
  Options options;
  options.net.connect_timeout = milliseconds(500);
  options.net.first_byte_timeout = milliseconds(300);
  options.net.body_taken_timeout = milliseconds(350);
  options.net.stall_timeout = milliseconds(400);
  return options;
}

// Of `size` bytes, and no part of it like another.
inline std::string large_text(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  unsigned state = seed;
  for (char& c : text) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return text;
}

inline std::vector<std::string> keys_of(Store& store, const std::string& prefix = "") {
  std::vector<std::string> keys;
  const auto listed = store.list(prefix, in_time(), [&](std::span<const Info> page) {
    for (const Info& info : page) keys.push_back(info.key);
    return true;
  });
  if (!listed) keys.push_back(listed.error().message);
  std::sort(keys.begin(), keys.end());
  return keys;
}

inline std::string message_of(Store& store, const Key& key) {
  const auto reply = get_one(store, {.key = key}, in_time());
  return reply ? "" : reply.error().message;
}

class RedisTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!redis_missing().empty()) GTEST_SKIP() << redis_missing();
  }
};

}  // namespace gopouch::object
