// How many small GETs the HTTP client does in a second, and what each costs.
//
//   http_get_bench URL [REQUESTS] [batch|threads] [IN_FLIGHT]
//
// Prints requests a second and the CPU of this process for each, in microseconds.
#include <atomic>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "bench/cpu.h"
#include "net/net.h"

using gopouch::base::Call;
using gopouch::base::Result;
using namespace gopouch::net;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: http_get_bench URL [REQUESTS] [batch|threads] [IN_FLIGHT]\n");
    return 2;
  }
  const auto url = parse_url(argv[1]);
  if (!url) {
    fmt::print(stderr, "http_get_bench: {}\n", url.error().message);
    return 2;
  }
  const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 40'000;
  const bool threads = argc > 3 && std::string_view(argv[3]) == "threads";
  const std::size_t in_flight = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 64;

  Options options;
  options.connections_per_host = in_flight;
  Client client(options);
  Request request;
  request.url = *url;
  std::atomic<std::size_t> good = 0;
  std::atomic<std::size_t> bytes = 0;
  const auto take = [&](const Result<Reply>& reply) {
    if (!reply.ok() || reply->status != 200) return;
    ++good;
    bytes += reply->body.size();
  };
  const auto run = [&](std::size_t requests) {
    if (!threads) {
      client.send(std::vector<Request>(requests, request), Call::within(60s),
                  [&](std::size_t, const Result<Reply>& reply) { take(reply); });
      return;
    }
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < in_flight; ++t) {
      workers.emplace_back([&] {
        for (std::size_t i = 0; i < requests / in_flight; ++i) {
          take(client.send(request, Call::within(60s)));
        }
      });
    }
  };
  run(in_flight * 4);  // libcurl and the connections are there
  good = bytes = 0;
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  run(count);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const auto done = static_cast<double>(good);
  fmt::print("{} of {} good, {} bytes each; {:.0f} a second, {:.1f} us CPU each\n", good.load(),
             count, good > 0 ? bytes / good : 0, done / time.count(),
             (cpu_seconds() - cpu) / done * 1e6);
  return 0;
}
