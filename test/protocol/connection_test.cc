#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "base/files.h"
#include "protocol/protocol.h"
#include "test/support/store_fixture.h"

namespace gopouch::protocol {
namespace {

constexpr std::string_view kGet =
    "{\"ID\":1,\"Command\":\"get\",\"ActionID\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}"
    "\n\n";

class ConnectionTest : public test::StoreTest {
 protected:
  ConnectionTest() {
    std::signal(SIGPIPE, SIG_IGN);
    open_pipe(requests_read_, requests_write_);
    open_pipe(answers_read_, answers_write_);
  }

  // Serves `requests`, which must fit into a pipe, and returns all that was answered.
  std::string answers(std::string_view requests, Ending expected) {
    EXPECT_TRUE(base::write_all(requests_write_.get(), base::bytes_of(requests)).ok());
    requests_write_.reset();
    Connection connection(requests_read_.get(), answers_write_.get(), {});
    EXPECT_EQ(connection.serve(session_), expected);
    connection.finish();
    answers_write_.reset();
    std::string text(100'000, '\0');
    text.resize(static_cast<std::size_t>(::read(answers_read_.get(), text.data(), text.size())));
    return text;
  }

  store::Store store_{options()};
  session::Session session_{store_};
  base::Fd requests_read_, requests_write_, answers_read_, answers_write_;

 private:
  static void open_pipe(base::Fd& read, base::Fd& write) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

TEST_F(ConnectionTest, AnswersUntilTheEndOfInput) {
  EXPECT_EQ(answers(kGet, Ending::kEndOfInput), "{\"ID\":1,\"Miss\":true}\n");
  EXPECT_EQ(session_.counts().misses, 1);
}

TEST_F(ConnectionTest, AnswersCloseLast) {
  EXPECT_EQ(answers(std::string(kGet) + "{\"ID\":2,\"Command\":\"close\"}\n\n", Ending::kClose),
            "{\"ID\":1,\"Miss\":true}\n{\"ID\":2}\n");
}

TEST_F(ConnectionTest, GoesOnAfterAWrongRequest) {
  EXPECT_EQ(
      answers("{\"ID\":1,\"Command\":\"frob\"}{\"ID\":2,\"Command\":\"get\"}" + std::string(kGet),
              Ending::kEndOfInput),
      "{\"ID\":1,\"Err\":\"unknown command \\\"frob\\\"\"}\n"
      "{\"ID\":2,\"Err\":\"ActionID is missing\"}\n"
      "{\"ID\":1,\"Miss\":true}\n");
}

TEST_F(ConnectionTest, AnswersWhatItCouldBeforeABrokenStream) {
  EXPECT_EQ(answers(std::string(kGet) + "junk", Ending::kBroken), "{\"ID\":1,\"Miss\":true}\n");
}

TEST_F(ConnectionTest, LeavesNothingOfABodyThatEnds) {
  const std::string put =
      "{\"ID\":1,\"Command\":\"put\",\"ActionID\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\","
      "\"OutputID\":\"LCa0a2j/xo/5m0U8HTBBNCcy0FNu0Zr6z6C2z6wN0ZA=\",\"BodySize\":3}\n\n\"Zm9";
  EXPECT_EQ(answers(put, Ending::kEndOfInput).size(), 0U);
  EXPECT_EQ(test::count_files(dir()), 0);
}

TEST_F(ConnectionTest, WaitsWhereItsDescriptorsDoNotBlock) {
  for (const int fd : {requests_read_.get(), answers_write_.get()}) {
    ASSERT_EQ(::fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  }
  const int kMany = 10'000;  // whose answers are more than a pipe holds
  std::thread go([&] {
    for (int i = 0; i < kMany; ++i) {
      ASSERT_TRUE(base::write_all(requests_write_.get(), base::bytes_of(kGet)).ok());
    }
    requests_write_.reset();
  });
  std::size_t size = 0;
  std::thread reader([&] {
    std::array<char, 4096> some{};
    while (const auto n = base::read_some(answers_read_.get(), some)) {
      size += static_cast<std::size_t>(n);
      std::this_thread::sleep_for(std::chrono::microseconds(10));
    }
  });
  Connection connection(requests_read_.get(), answers_write_.get(), {});
  EXPECT_EQ(connection.serve(session_), Ending::kEndOfInput);
  answers_write_.reset();
  go.join();
  reader.join();
  EXPECT_EQ(size, kMany * std::string_view("{\"ID\":1,\"Miss\":true}\n").size());
}

TEST_F(ConnectionTest, EndsWhenNobodyReads) {
  answers_read_.reset();
  ASSERT_TRUE(base::write_all(requests_write_.get(), base::bytes_of(kGet)).ok());
  Connection connection(requests_read_.get(), answers_write_.get(), {});
  EXPECT_EQ(connection.serve(session_), Ending::kGone);
  EXPECT_FALSE(connection.hello());
}

}  // namespace
}  // namespace gopouch::protocol
