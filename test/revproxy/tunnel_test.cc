#include "revproxy/tunnel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/files.h"

namespace gopouch::revproxy {
namespace {

using std::chrono::milliseconds;

struct Pair {
  Pair() {
    int both[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, both) != 0) std::abort();
    ours.reset(both[0]);
    theirs.reset(both[1]);
  }
  base::Fd ours, theirs;
};

std::string read_all(int fd) {
  std::string all, piece(10'000, '\0');
  for (ssize_t size = 0; (size = ::read(fd, piece.data(), piece.size())) > 0;) {
    all.append(piece, 0, static_cast<std::size_t>(size));
  }
  return all;
}

TEST(Tunnel, LeadsBytesBothWaysToTheEnd) {
  Pair client, server;
  std::jthread tunnel([&](const std::stop_token& stop) {
    pump(client.theirs.get(), server.theirs.get(), milliseconds(20'000), milliseconds(20'000),
         stop);
  });
  const std::string question(3'000'000, 'q'), answer(2'000'000, 'a');
  std::jthread asks([&] {
    EXPECT_TRUE(base::write_all(client.ours.get(), base::bytes_of(question)).ok());
    ::shutdown(client.ours.get(), SHUT_WR);
  });
  // A side that has said all still hears.
  EXPECT_EQ(read_all(server.ours.get()), question);
  std::jthread answers([&] {
    EXPECT_TRUE(base::write_all(server.ours.get(), base::bytes_of(answer)).ok());
    ::shutdown(server.ours.get(), SHUT_WR);
  });
  EXPECT_EQ(read_all(client.ours.get()), answer);
  tunnel.join();
}

TEST(Tunnel, EndsWhenNothingMovesOrItsTimeIsOver) {
  for (const auto& [idle, most] : {std::pair(milliseconds(1), milliseconds(20'000)),
                                   std::pair(milliseconds(20'000), milliseconds(1))}) {
    Pair client, server;
    pump(client.theirs.get(), server.theirs.get(), idle, most, {});
  }
  Pair client, server;
  std::stop_source stop;
  stop.request_stop();
  pump(client.theirs.get(), server.theirs.get(), milliseconds(20'000), milliseconds(20'000),
       stop.get_token());
}

}  // namespace
}  // namespace gopouch::revproxy
