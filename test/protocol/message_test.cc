#include "protocol/message.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace gopouch::protocol {
namespace {

using Event = RequestReader::Event;

constexpr std::string_view kId = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";

std::string put_of(int id, std::string_view body, std::string_view between = "\n\n") {
  std::string text = "{\"ID\":" + std::to_string(id) + ",\"Command\":\"put\",\"ActionID\":\"" +
                     std::string(kId) + "\",\"OutputID\":\"" + std::string(kId) + "\"";
  if (body.empty()) return text + "}" + std::string(between);
  text += ",\"BodySize\":" + std::to_string(body.size()) + "}" + std::string(between) + "\"";
  base::append_base64(text, {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
  return text + "\"\n";
}

std::string get_of(int id, std::string_view after = "\n\n") {
  return "{\"ID\":" + std::to_string(id) + ",\"Command\":\"get\",\"ActionID\":\"" +
         std::string(kId) + "\"}" + std::string(after);
}

// What a reader makes of `stream`, given `step` bytes at a time: "get 1", "put 2 body=...", ….
std::vector<std::string> told(std::string_view stream, std::size_t step) {
  RequestReader reader;
  std::vector<std::string> story;
  std::string body;
  while (true) {
    switch (reader.next()) {
      case Event::kRequest:
        story.push_back(reader.request().name + " " + std::to_string(reader.request().id));
        break;
      case Event::kBody:
        body.append(reader.body().begin(), reader.body().end());
        break;
      case Event::kBodyEnd:
        story.push_back(reader.body_problem().empty() ? "body=" + body
                                                      : std::string(reader.body_problem()));
        body.clear();
        break;
      case Event::kBroken:
        story.emplace_back(reader.problem());
        EXPECT_EQ(reader.next(), Event::kBroken);
        return story;
      case Event::kNeedMore: {
        if (stream.empty()) return story;
        const auto space = reader.space();
        const std::size_t size = std::min({step, stream.size(), space.size()});
        std::copy_n(stream.begin(), size, space.begin());
        reader.filled(size);
        stream.remove_prefix(size);
      }
    }
  }
}

using Story = std::vector<std::string>;

TEST(RequestReader, ReadsASessionHoweverItIsCut) {
  const std::string stream =
      get_of(1) + put_of(2, "f") + put_of(3, "") + put_of(4, "foobar") + get_of(5);
  const Story expected = {"get 1", "put 2", "body=f", "put 3", "put 4", "body=foobar", "get 5"};
  for (std::size_t step = 1; step <= stream.size(); ++step) EXPECT_EQ(told(stream, step), expected);
}

TEST(RequestReader, NeedsNoWhiteSpaceAndTakesAny) {
  const Story expected = {"get 1", "put 2", "body=foo", "get 3"};
  EXPECT_EQ(told(get_of(1, "") + put_of(2, "foo", "") + get_of(3, ""), 1000), expected);
  EXPECT_EQ(
      told("\r\n\t " + get_of(1, "\n\n\n \n") + put_of(2, "foo", "\n\r\n ") + get_of(3), 1000),
      expected);
}

TEST(RequestReader, GivesLongBodiesInPieces) {
  std::string body;
  for (int i = 0; i < 3'000'000; ++i) body += static_cast<char>(i * 31 / 7);
  const Story expected = {"put 1", "body=" + body, "get 2"};
  for (const std::size_t step : {std::size_t{1} << 20U, std::size_t{65536}, std::size_t{4093}}) {
    EXPECT_EQ(told(put_of(1, body) + get_of(2), step), expected);
  }
}

TEST(RequestReader, SkipsABadBodyToItsEnd) {
  for (const char* bad : {"\"Zm9v!\"", "\"Zg==Zg==\"", "\"Zg=\"", "\"Z\"", "\"Zg==Zm9v\""}) {
    const std::string head = put_of(1, "foo");
    const std::string stream = head.substr(0, head.find("\"Zm9v")) + bad + get_of(2);
    const Story expected = {"put 1", "the body is no base64", "get 2"};
    for (std::size_t step = 1; step <= stream.size(); ++step) {
      EXPECT_EQ(told(stream, step), expected) << bad << step;
    }
  }
}

TEST(RequestReader, NoticesAMissingBody) {
  const std::string head = put_of(1, "foo");
  EXPECT_EQ(told(head.substr(0, head.find("\"Zm9v")) + get_of(2), 1000),
            (Story{"put 1", "the body is missing", "get 2"}));
}

TEST(RequestReader, SkipsABodyThatNobodyAnnounced) {
  EXPECT_EQ(told(get_of(1) + "\"Zm9v\"\n" + get_of(2), 1000),
            (Story{"get 1", "body=foo", "get 2"}));
}

TEST(RequestReader, StopsAtWhatIsNoRequest) {
  EXPECT_EQ(told(get_of(1) + "junk\n" + get_of(2), 1000),
            (Story{"get 1", "a request is no JSON object with an integer ID"}));
}

TEST(RequestReader, BoundsAnObject) {
  const std::string padding(kMaxObject, ' ');
  EXPECT_EQ(told("{\"ID\":1,\"X\":\"" + padding + "\"}", 1000),
            (Story{"a request is longer than 64 KiB"}));
  EXPECT_EQ(told(padding + padding + get_of(1), 1000), (Story{"get 1"}));
}

TEST(Answers, AreLinesOfJson) {
  std::string out;
  append_hello(out);
  append_miss(out, 1);
  append_stored(out, 2, "/a \"b\"\\c\n");
  append_done(out, 3);
  append_error(out, INT64_MIN, "no");
  EXPECT_EQ(out,
            "{\"ID\":0,\"KnownCommands\":[\"get\",\"put\",\"close\"]}\n"
            "{\"ID\":1,\"Miss\":true}\n"
            "{\"ID\":2,\"DiskPath\":\"/a \\\"b\\\"\\\\c\\u000a\"}\n"
            "{\"ID\":3}\n"
            "{\"ID\":-9223372036854775808,\"Err\":\"no\"}\n");
}

TEST(Answers, GiveAHitWithItsTime) {
  store::Hit hit;
  hit.entry.output.hash[31] = 1;
  hit.entry.size = 42;
  hit.entry.put_time = store::Time(std::chrono::nanoseconds(1763712345000000009));
  hit.path = "/cache/file-d";
  std::string out;
  append_hit(out, 7, hit);
  EXPECT_EQ(out, "{\"ID\":7,\"OutputID\":\"" + std::string(kId) +
                     "\",\"Size\":42,\"Time\":\"2025-11-21T08:05:45.000000009Z\","
                     "\"DiskPath\":\"/cache/file-d\"}\n");
}

}  // namespace
}  // namespace gopouch::protocol
