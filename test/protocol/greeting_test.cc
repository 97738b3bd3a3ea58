#include "protocol/greeting.h"

#include <sys/socket.h>

#include <array>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/files.h"

namespace gopouch::protocol {
namespace {

Greeting example() {
  return {base::sha256(base::bytes_of("a")), base::sha256(base::bytes_of("b"))};
}

TEST(Greeting, IsOneLineThatIsReadAsItWasWritten) {
  const std::string line = encode(example());
  EXPECT_EQ(line,
            "gopouch 1 ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb "
            "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\n");
  EXPECT_EQ(parse_greeting(line), example());
}

TEST(Greeting, IsNothingElse) {
  const std::string line = encode(example());
  for (std::size_t at = 0; at < line.size(); ++at) {
    std::string other = line;
    other[at] = 'X';
    EXPECT_FALSE(parse_greeting(other)) << at;
    EXPECT_FALSE(parse_greeting(line.substr(0, at))) << at;
  }
  EXPECT_FALSE(parse_greeting(line + "\n"));
}

class OpeningTest : public testing::Test {
 protected:
  OpeningTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  }
  Opening opening(std::string_view sent) {
    EXPECT_TRUE(base::write_all(far_.get(), base::bytes_of(sent)).ok());
    far_.reset();
    return read_opening(near_.get());
  }
  std::string rest() {
    std::string text(1000, '\0');
    text.resize(static_cast<std::size_t>(::recv(near_.get(), text.data(), text.size(), 0)));
    return text;
  }
  base::Fd near_, far_;
};

TEST_F(OpeningTest, TakesTheGreetingAndNoMore) {
  const Opening found = opening(encode(example()) + "{}");
  EXPECT_EQ(found.kind, Opening::Kind::kGreeted);
  EXPECT_EQ(found.greeting, example());
  EXPECT_EQ(rest(), "{}");
}

TEST_F(OpeningTest, LeavesRequestsAlone) {
  EXPECT_EQ(opening("{\"ID\":1}").kind, Opening::Kind::kPlain);
  EXPECT_EQ(rest(), "{\"ID\":1}");
}

TEST_F(OpeningTest, RefusesOtherVersions) {
  EXPECT_EQ(opening("gopouch 2 abc\n").kind, Opening::Kind::kForeign);
}

TEST_F(OpeningTest, MayBeCutShort) {
  EXPECT_EQ(opening(encode(example()).substr(0, 40)).kind, Opening::Kind::kForeign);
}

TEST_F(OpeningTest, MayBeNone) { EXPECT_EQ(opening("").kind, Opening::Kind::kEnded); }

}  // namespace
}  // namespace gopouch::protocol
