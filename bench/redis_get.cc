// How many small gets the Redis store does in a second, and what each costs.
//
//   redis_get_bench URL [GETS] [batch|threads] [IN_FLIGHT] [BYTES]
//
// batch: one thread gives the store IN_FLIGHT gets at a time; threads: IN_FLIGHT threads get one by
// one. Prints gets a second and the CPU of this process for each, in microseconds. Leaves nothing
// behind.
#include <atomic>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "bench/cpu.h"
#include "object/object.h"

using gopouch::base::Call;
using gopouch::base::Result;
using namespace gopouch::object;
using namespace std::chrono_literals;

namespace {

class Counter final : public Sink {
 public:
  explicit Counter(std::atomic<std::size_t>& bytes) : bytes_(bytes) {}
  void begin() override {}
  bool write(std::span<const std::uint8_t> bytes) override {
    bytes_ += bytes.size();
    return true;
  }

 private:
  std::atomic<std::size_t>& bytes_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: redis_get_bench URL [GETS] [batch|threads] [IN_FLIGHT] [BYTES]\n");
    return 2;
  }
  const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const bool threads = argc > 3 && std::string_view(argv[3]) == "threads";
  const std::size_t in_flight = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 64;
  const std::size_t size = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 4096;
  auto remote = open(argv[1], {});
  if (!remote) {
    fmt::print(stderr, "redis_get_bench: {}\n", remote.error().message);
    return 2;
  }
  Store& store = remote->store();

  const std::string text(size, 'x');
  const std::span body(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  std::vector<Key> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back(fmt::format("bench/{}", i));
    const auto put = store.put(keys.back(), {.bytes = body}, {}, Call::within(5s));
    if (!put) {
      fmt::print(stderr, "redis_get_bench: {}\n", put.error().message);
      return 1;
    }
  }

  std::atomic<std::size_t> good = 0;
  std::atomic<std::size_t> bytes = 0;
  Counter counter(bytes);
  const auto take = [&](const Result<std::optional<Object>>& reply) {
    if (reply && *reply) ++good;
  };
  const auto get = [&](std::size_t i) {
    return Get{.key = keys[i % keys.size()], .sink = &counter};
  };
  const auto run = [&](std::size_t gets) {
    if (!threads) {
      std::vector<Get> batch;
      for (std::size_t i = 0; i < gets; ++i) {
        batch.push_back(get(i));
        if (batch.size() < in_flight && i + 1 < gets) continue;
        store.get(batch, Call::within(60s), [&](std::size_t, const auto& reply) { take(reply); });
        batch.clear();
      }
      return;
    }
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < in_flight; ++t) {
      workers.emplace_back([&, t] {
        for (std::size_t i = t; i < gets; i += in_flight) {
          take(get_one(store, get(i), Call::within(60s)));
        }
      });
    }
  };
  run(in_flight * 4);  // the connections are there
  good = bytes = 0;
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  run(count);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const auto done = static_cast<double>(good);
  fmt::print("{} of {} good, {} bytes each; {:.0f} a second, {:.1f} us CPU each\n", good.load(),
             count, good > 0 ? bytes / good : 0, done / time.count(),
             (cpu_seconds() - cpu) / done * 1e6);
  (void)store.remove(keys, Call::within(60s));
  return good == count ? 0 : 1;
}
