// Replies, whole and in pieces, true and false.
#include "object/redis_reply.h"

#include <gtest/gtest.h>

namespace gopouch::object {
namespace {

using base::Fault;
using Kind = RedisReply::Kind;

void give(RedisReader& reader, std::string_view text) {
  while (!text.empty()) {
    const auto space = reader.space();
    ASSERT_FALSE(space.empty());
    const std::size_t size = std::min(space.size(), text.size());
    std::copy_n(text.begin(), size, space.begin());
    reader.wrote(size);
    text.remove_prefix(size);
    if (!text.empty()) {
      ASSERT_TRUE(reader.next(nullptr));
    }
  }
}

std::string show(const RedisReply& reply) {
  switch (reply.kind) {
    case Kind::kNil:
      return "nil";
    case Kind::kStatus:
      return "+" + reply.text;
    case Kind::kError:
      return "-" + reply.text;
    case Kind::kNumber:
      return std::to_string(reply.number);
    case Kind::kBytes:
      return "'" + reply.text + "'";
    case Kind::kList: {
      std::string all = "[";
      for (const RedisReply& item : reply.items) all += show(item) + " ";
      return all + "]";
    }
  }
  return "?";
}

// All replies in `text`, which comes in pieces of `piece` bytes; the last may be an error.
std::vector<std::string> read(std::string_view text, std::size_t piece) {
  RedisReader reader;
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    const auto space = reader.space();
    std::copy_n(part.begin(), part.size(), space.begin());
    reader.wrote(part.size());
    for (;;) {
      const auto reply = reader.next(nullptr);
      if (!reply) {
        EXPECT_EQ(reply.error().fault, Fault::kCorrupt);
        all.emplace_back("corrupt");
        return all;
      }
      if (!*reply) break;
      all.push_back(show(**reply));
    }
  }
  if (reader.inside()) all.emplace_back("more");
  return all;
}

TEST(RedisReader, ReadsAllKindsInAnyPieces) {
  const std::string text =
      "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nb\n\r\n*-1\r\n*0\r\n"
      "*3\r\n$2\r\nhi\r\n*2\r\n:1\r\n$-1\r\n+x\r\n$3\r\nend\r\n";
  const std::vector<std::string> wanted{
      "+OK",  "-ERR no", "-7", "nil", "''", "'a\r\nb\n'", "nil", "[]", "['hi' [1 nil ] +x ]",
      "'end'"};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(read(text, piece), wanted) << "in pieces of " << piece;
  }
}

TEST(RedisReader, WaitsForTheRest) {
  const std::string text = "*2\r\n$2\r\nhi\r\n:12\r\n";
  for (std::size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(read(text.substr(0, size), size), std::vector<std::string>{"more"}) << size;
  }
  for (const char* part :
       {"$", "$5", "$5\r", "$5\r\n", "$5\r\nhell", "$5\r\nhello", "$5\r\nhello\r"}) {
    EXPECT_EQ(read(part, 100), std::vector<std::string>{"more"}) << part;
  }
}

TEST(RedisReader, BelievesNoNonsense) {
  for (const char* text :
       {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "$-2\r\n", "$5\r\nhelloXX", "$5\r\nhello\rX",
        "$99999999999999\r\n", "$ 5\r\nhello\r\n", "$5x\r\nhello\r\n", "$2000000\r\n",
        "*1\r\n$1\r\nabc\r\n", "*2000000\r\n", "*-2\r\n", "\x15\x03\x01",
        "$00000000000000000000000000000005\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
      EXPECT_EQ(read(text, piece), std::vector<std::string>{"corrupt"}) << text;
    }
  }
}

struct Taker final : RedisTaker {
  Wish begin(std::int64_t size) override {
    begun.push_back(size);
    return wish;
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    text.append(bytes.begin(), bytes.end());
    return text.size() < enough;
  }
  Wish wish = Wish::kTake;
  std::size_t enough = SIZE_MAX;
  std::vector<std::int64_t> begun;
  std::string text;
};

TEST(RedisReader, GivesBytesToTheirTaker) {
  std::string value(300'000, '\0');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 11 / 7);
  const std::string text = "$300000\r\n" + value + "\r\n+OK\r\n";
  Taker taker;
  RedisReader reader;
  std::string_view rest = text;
  std::optional<RedisReply> found;
  while (!found) {
    const auto space = reader.space();
    const std::size_t size = std::min({space.size(), rest.size(), std::size_t{10'000}});
    std::copy_n(rest.begin(), size, space.begin());
    reader.wrote(size);
    rest.remove_prefix(size);
    auto reply = reader.next(&taker);
    ASSERT_TRUE(reply);
    found = *std::move(reply);
  }
  EXPECT_EQ(found->kind, Kind::kBytes);
  EXPECT_EQ(found->text, "");
  EXPECT_EQ(taker.begun, std::vector<std::int64_t>{300'000});
  EXPECT_TRUE(taker.text == value);
  EXPECT_EQ(show(**reader.next(nullptr)), "+OK");
  EXPECT_FALSE(reader.inside());
}

TEST(RedisReader, ATakerMayKeepDropOrHaveEnough) {
  const auto run = [](Taker& taker, std::string_view text) {
    RedisReader reader;
    give(reader, text);
    return show(**reader.next(&taker));
  };
  Taker keeps;
  keeps.wish = RedisTaker::Wish::kKeep;
  EXPECT_EQ(run(keeps, "$5\r\nhello\r\n"), "'hello'");
  Taker drops;
  drops.wish = RedisTaker::Wish::kDrop;
  EXPECT_EQ(run(drops, "$5\r\nhello\r\n"), "''");
  EXPECT_EQ(drops.text, "");
  Taker enough;
  enough.enough = 1;
  EXPECT_EQ(run(enough, "$5\r\nhello\r\n"), "''");
  Taker never;
  EXPECT_EQ(run(never, "$-1\r\n"), "nil");
  EXPECT_EQ(run(never, "-ERR x\r\n"), "-ERR x");
  EXPECT_TRUE(never.begun.empty()) << "only bytes are taken";

  RedisReader reader;
  give(reader, "$1000000\r\nabc");
  Taker drop;
  drop.wish = RedisTaker::Wish::kDrop;
  EXPECT_FALSE(*reader.next(&drop));
  EXPECT_EQ(reader.unwanted(), 1'000'002 - 3);
}

TEST(RedisCommand, IsAListOfWords) {
  EXPECT_EQ(redis_command({"GET", "k\r\n"}), "*2\r\n$3\r\nGET\r\n$3\r\nk\r\n\r\n");
  EXPECT_EQ(redis_command({"SET", "k"}, 1) + redis_word_head(2) + "ab\r\n",
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nab\r\n");
}

TEST(RedisError, SaysWhatACallerCanDo) {
  const std::vector<std::pair<const char*, Fault>> rows{
      {"NOAUTH Authentication required.", Fault::kDenied},
      {"WRONGPASS invalid username-password pair or user is disabled.", Fault::kDenied},
      {"NOPERM this user has no permissions to run the 'set' command", Fault::kDenied},
      {"ERR invalid password", Fault::kDenied},
      {"DENIED Redis is running in protected mode", Fault::kDenied},
      {"READONLY You can't write against a read only replica.", Fault::kDenied},
      {"LOADING Redis is loading the dataset in memory", Fault::kUnavailable},
      {"OOM command not allowed when used memory > 'maxmemory'.", Fault::kUnavailable},
      {"BUSY Redis is busy running a script.", Fault::kUnavailable},
      {"TRYAGAIN Multiple keys request during rehashing of slot", Fault::kUnavailable},
      {"CLUSTERDOWN The cluster is down", Fault::kUnavailable},
      {"MASTERDOWN Link with MASTER is down", Fault::kUnavailable},
      {"MISCONF Redis is configured to save RDB snapshots", Fault::kUnavailable},
      {"ERR max number of clients reached", Fault::kUnavailable},
      {"WRONGTYPE Operation against a key", Fault::kCorrupt},
      {"ERR DB index is out of range", Fault::kInvalid},
      {"ERR unknown command", Fault::kInvalid},
  };
  for (const auto& [text, fault] : rows) {
    const base::Error error = redis_error({.kind = Kind::kError, .text = text});
    EXPECT_EQ(error.fault, fault) << text;
    EXPECT_EQ(error.message, text);
  }
  const base::Error long_one = redis_error({.kind = Kind::kError, .text = std::string(1000, '\n')});
  EXPECT_EQ(long_one.message, std::string(160, '?'));
  EXPECT_EQ(redis_error({.kind = Kind::kError,
                         .text = "ERR unknown command 'AUTH', with args beginning with: 'hunter2'"})
                .message,
            "ERR unknown command 'AUTH'");
}

}  // namespace
}  // namespace gopouch::object
