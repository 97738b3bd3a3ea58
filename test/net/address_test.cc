#include "net/address.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "test/support/temp_dir.h"

namespace gopouch::net {
namespace {

constexpr std::chrono::seconds kTime{10};

TEST(Address, IsReadAsItIsWritten) {
  const auto text = [](std::string_view word) { return parse_address(word).value().text(); };
  EXPECT_EQ(text("8080"), "127.0.0.1:8080");
  EXPECT_EQ(text(":8080"), ":8080");
  EXPECT_EQ(text("localhost:0"), "localhost:0");
  EXPECT_EQ(text("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(text("unix:/run/x y"), "unix:/run/x y");
}

TEST(Address, IsNothingElse) {
  for (const char* const word : {"", ":", "x", "host:", "host:x", "65536", "-1", "::1:80",
                                 "[::1:80", "unix:", "a\nb:1", "1:2:3", "[[::1]:1", "[a]:1"}) {
    EXPECT_FALSE(parse_address(word).ok()) << word;
  }
}

TEST(Address, KnowsThisMachine) {
  for (const char* const word : {"1", "127.8.9.1:1", "localhost:1", "[::1]:1", "unix:x"}) {
    EXPECT_TRUE(is_local(*parse_address(word))) << word;
  }
  for (const char* const word : {":1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "no.such.invalid:1"}) {
    EXPECT_FALSE(is_local(*parse_address(word))) << word;
  }
}

// One byte there.
void expect_passage(const Listener& listener) {
  std::thread client([&] {
    const auto socket = dial(listener.address(), base::Call::within(kTime));
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_EQ(::write(socket->get(), "x", 1), 1);
  });
  const base::Fd peer = listener.accept();
  char byte = 0;
  EXPECT_EQ(::read(peer.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  client.join();
}

TEST(Listener, IsReachedWhereItSays) {
  const test::TempDir folder;
  for (const std::string& word : {std::string("0"), "unix:" + (folder / "socket").string()}) {
    const auto listener = Listener::open(*parse_address(word));
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    expect_passage(*listener);
  }
}

TEST(Listener, StopsFromAnotherThread) {
  const auto listener = Listener::open(*parse_address("0"));
  ASSERT_TRUE(listener.ok());
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    listener->stop();
  });
  EXPECT_FALSE(listener->accept());
}

TEST(Listener, LeavesNoSocketBehindAndReplacesOneThatWasLeft) {
  const test::TempDir folder;
  const Address address = *parse_address("unix:" + (folder / "socket").string());
  struct stat info {};
  {
    const auto first = Listener::open(address);
    ASSERT_TRUE(first.ok());
    ASSERT_EQ(::stat(address.path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_FALSE(Listener::open(address).ok()) << "somebody listens there";
  }
  EXPECT_NE(::stat(address.path.c_str(), &info), 0);
}

TEST(Listener, ThatWasAdoptedGoesOnWhenItIsStopped) {
  const test::TempDir folder;
  for (const std::string& word : {std::string("0"), "unix:" + (folder / "socket").string()}) {
    const auto owner = Listener::open(*parse_address(word));
    ASSERT_TRUE(owner.ok());
    for (int i = 0; i < 2; ++i) {
      const auto adopted = Listener::adopt(base::Fd(::dup(owner->fd())));
      ASSERT_TRUE(adopted.ok()) << adopted.error().message;
      EXPECT_EQ(adopted->address().text(), owner->address().text());
      expect_passage(*adopted);
      const std::jthread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        adopted->stop();
      });
      EXPECT_FALSE(adopted->accept());
    }
    EXPECT_TRUE(dial(owner->address(), base::Call::within(kTime)).ok());
  }
}

TEST(Listener, ThatDoesNotListenIsNotAdopted) {
  EXPECT_EQ(Listener::adopt(base::Fd(::socket(AF_INET, SOCK_STREAM, 0))).error().fault,
            base::Fault::kInvalid);
  EXPECT_FALSE(Listener::adopt(base::Fd(::dup(STDERR_FILENO))).ok());
}

TEST(Dial, SaysWhyNot) {
  const test::TempDir folder;
  const Address address{.host = {}, .port = 0, .path = folder / "none"};
  EXPECT_NE(dial(address, base::Call::within(kTime)).error().message.find("No such file"),
            std::string::npos);
  EXPECT_FALSE(dial({{}, 0, std::string(200, 'x')}, base::Call::within(kTime)).ok());
}

}  // namespace
}  // namespace gopouch::net
