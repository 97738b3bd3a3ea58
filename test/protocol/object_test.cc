#include "protocol/object.h"

#include <gtest/gtest.h>

namespace gopouch::protocol {
namespace {

using State = Parsed::State;

constexpr std::string_view kOne = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
constexpr std::string_view kTwo = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI=";

Request parsed(const std::string& text) {
  Request request;
  const Parsed result = parse_request(text, request);
  EXPECT_EQ(result.state, State::kOk) << text;
  EXPECT_EQ(result.size, text.size()) << text;
  return request;
}

std::string with(std::string_view fields) { return "{\"ID\":7," + std::string(fields) + "}"; }
std::string get_with(std::string_view field) {
  return with("\"Command\":\"get\"," + std::string(field));
}

TEST(Object, ReadsWhatGoSends) {
  const Request get =
      parsed("{\"ID\":1,\"Command\":\"get\",\"ActionID\":\"" + std::string(kOne) + "\"}");
  EXPECT_EQ(get.id, 1);
  EXPECT_EQ(get.command, Command::kGet);
  EXPECT_EQ(get.action.hash[31], 1);
  EXPECT_EQ(get.problem, "");

  const Request put =
      parsed("{\"ID\":9223372036854775807,\"Command\":\"put\",\"ActionID\":\"" + std::string(kOne) +
             "\",\"OutputID\":\"" + std::string(kTwo) + "\",\"BodySize\":5}");
  EXPECT_EQ(put.id, INT64_MAX);
  EXPECT_EQ(put.command, Command::kPut);
  EXPECT_EQ(put.output.hash[31], 2);
  EXPECT_EQ(put.body_size, 5);

  EXPECT_EQ(parsed("{\"ID\":3,\"Command\":\"close\"}").command, Command::kClose);
}

TEST(Object, TakesObjectIdUnlessThereIsAnOutputId) {
  const std::string action = "\"Command\":\"put\",\"ActionID\":\"" + std::string(kOne) + "\",";
  const std::string one = "\"ObjectID\":\"" + std::string(kOne) + "\"";
  const std::string two = "\"OutputID\":\"" + std::string(kTwo) + "\"";
  EXPECT_EQ(parsed(with(action + one)).output.hash[31], 1);
  EXPECT_EQ(parsed(with(action + one + "," + two)).output.hash[31], 2);
  EXPECT_EQ(parsed(with(action + two + "," + one)).output.hash[31], 2);
}

TEST(Object, SkipsWhatItDoesNotKnow) {
  const Request request = parsed(
      " {\n \"X\" : {\"a\":[1,-2.5e+7,true,null,\"}]\\\"\"],\"b\":{}} ,\"ID\"\t:\r7 , "
      "\"Command\":\"close\","
      "\"Y\":[],\"\":\"\"}");
  EXPECT_EQ(request.id, 7);
  EXPECT_EQ(request.command, Command::kClose);
}

TEST(Object, ReadsEscapes) {
  EXPECT_EQ(parsed(with(R"("Command":"clo\u0073e")")).command, Command::kClose);
  EXPECT_EQ(parsed(with(R"("Command":"\"\\\/\b\f\n\r\t\u00e4\u20ac")")).name,
            "\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac");
  std::string escaped(kOne);
  escaped.replace(43, 1, "\\u003d");
  EXPECT_EQ(parsed(get_with("\"ActionID\":\"" + escaped + "\"")).action.hash[31], 1);
}

TEST(Object, TellsWhatIsWrongWithARequest) {
  const std::string action = "\"ActionID\":\"" + std::string(kOne) + "\"";
  const std::pair<std::string, const char*> rows[] = {
      {with("\"Command\":\"frob\""), "unknown command \"frob\""},
      {"{}", "unknown command \"\""},
      {with("\"Command\":7"), "Command is no string"},
      {with(R"("Command":"\x")"), "Command has a bad escape"},
      {with(R"("Command":"\u12g4")"), "Command has a bad escape"},
      {with(R"("Command":"\u12")"), "Command has a bad escape"},
      {get_with("\"ActionID\":null"), "ActionID is missing"},
      {get_with("\"ActionID\":\"\""), "ActionID is not 32 bytes"},
      {get_with("\"ActionID\":\"AAAA\""), "ActionID is not 32 bytes"},
      {get_with("\"ActionID\":\"" + std::string(42, 'A') + "==\""), "ActionID is not 32 bytes"},
      {get_with("\"ActionID\":\"" + std::string(44, 'A') + "\""), "ActionID is not 32 bytes"},
      {get_with("\"ActionID\":\"" + std::string(43, '-') + "=\""), "ActionID is not 32 bytes"},
      {get_with("\"ActionID\":[1]"), "ActionID is no string"},
      {with("\"Command\":\"put\"," + action), "OutputID is missing"},
      {with("\"Command\":\"put\",\"BodySize\":-1," + action), "BodySize is no size"},
      {with("\"Command\":\"put\",\"BodySize\":1.5," + action), "BodySize is no size"},
      {with("\"Command\":\"put\",\"BodySize\":\"1\"," + action), "BodySize is no size"},
  };
  for (const auto& [text, problem] : rows) EXPECT_EQ(parsed(text).problem, problem) << text;
}

TEST(Object, WaitsForTheRest) {
  const std::string text =
      with("\"Command\":\"clo\\u0073e\",\"X\":{\"a\":[1,true,\"\\\\\"]},\"BodySize\":0");
  Request request;
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(parse_request(std::string_view(text).substr(0, size), request).state, State::kMore)
        << text.substr(0, size);
  }
  EXPECT_EQ(parse_request(text, request).state, State::kOk);
}

TEST(Object, GivesUpOnWhatIsNone) {
  Request request;
  for (const char* text :
       {"x", "[", "7 ", "{x", "{\"a\" 1", "{\"a\":1 \"b\"", "{\"a\":}", "{\"a\":1,}",
        "{\"ID\":\"7\",", "{\"ID\":1.5,", "{\"ID\":99999999999999999999,", "{,"}) {
    EXPECT_EQ(parse_request(text, request).state, State::kBad) << text;
  }
  const std::string deep = "{\"a\":" + std::string(65, '[');
  EXPECT_EQ(parse_request(deep, request).state, State::kBad);
}

}  // namespace
}  // namespace gopouch::protocol
