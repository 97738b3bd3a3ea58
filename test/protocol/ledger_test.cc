#include "protocol/ledger.h"

#include <gtest/gtest.h>

namespace gopouch::protocol {
namespace {

const std::string kId = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

std::string get(int id) {
  return "{\"ID\":" + std::to_string(id) + R"(,"Command":"get","ActionID":")" + kId + "\"}\n\n";
}

std::string put(int id, const std::string& base64, std::size_t size) {
  return "{\"ID\":" + std::to_string(id) + R"(,"Command":"put","ActionID":")" + kId +
         R"(","OutputID":")" + kId + R"(","BodySize":)" + std::to_string(size) + "}\n\n\"" +
         base64 + "\"\n";
}

std::string close(int id) {
  return "{\"ID\":" + std::to_string(id) + ",\"Command\":\"close\"}\n\n";
}

std::string answer(int id) { return "{\"ID\":" + std::to_string(id) + ",\"Miss\":true}\n"; }

// What whoever takes over reads, without the empty lines, which have no meaning.
std::string without_blanks(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != '\n' || (!out.empty() && out.back() != '\n')) out += c;
  }
  return out;
}

TEST(Ledger, KeepsWhatHasNoAnswer) {
  Ledger ledger;
  ledger.asked(get(1) + put(2, "YWJj", 3) + get(3));
  const std::string answers = "{\"ID\":0,\"KnownCommands\":[\"get\"]}\n" + answer(1);
  EXPECT_EQ(ledger.answered(answers), answers.size());
  EXPECT_TRUE(ledger.hello_seen());
  const Ledger::Rest rest = ledger.take_rest();
  EXPECT_EQ(without_blanks(rest.requests), without_blanks(put(2, "YWJj", 3) + get(3)));
  EXPECT_TRUE(rest.lost.empty());
  EXPECT_FALSE(rest.in_lost_body);
}

TEST(Ledger, IsWholeWithWhatComesNextWhereverItIsCut) {
  const std::string all = get(1) + put(2, "YWJj", 3) + get(3) + put(4, "ZGVm", 3) + close(5);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, all.size()}) {
      Ledger ledger;
      for (std::size_t at = 0; at < cut; at += step) {
        ledger.asked(std::string_view(all).substr(at, std::min(step, cut - at)));
      }
      const Ledger::Rest rest = ledger.take_rest();
      EXPECT_EQ(without_blanks(rest.requests + all.substr(cut)), without_blanks(all)) << cut;
      EXPECT_FALSE(rest.in_lost_body);
    }
  }
}

TEST(Ledger, HandsOnWholeAnswersOnly) {
  Ledger ledger;
  ledger.asked(get(1) + get(2));
  const std::string both = answer(1) + answer(2);
  std::size_t handed_on = 0;
  for (std::size_t at = 0; at < both.size(); ++at) {
    const std::size_t whole = ledger.answered(both.substr(at, 1));
    if (whole > 0) handed_on = at + whole;
    EXPECT_TRUE(handed_on == 0 || both[handed_on - 1] == '\n');
  }
  EXPECT_EQ(handed_on, both.size());
  EXPECT_EQ(ledger.take_rest().requests, "");
}

TEST(Ledger, KnowsTheAnswerToAClose) {
  Ledger ledger;
  ledger.asked(close(7));
  EXPECT_FALSE(ledger.closed());
  ledger.answered("{\"ID\":7}\n");
  EXPECT_TRUE(ledger.closed());
}

TEST(Ledger, SkipsABodyWhoseRequestWasAnswered) {
  Ledger ledger;
  const std::string request = put(2, "YWJj", 3);
  ledger.asked(request.substr(0, request.size() - 3));
  ledger.answered("{\"ID\":2,\"Err\":\"no\"}\n");
  const Ledger::Rest rest = ledger.take_rest();
  EXPECT_EQ(rest.requests, "");
  EXPECT_TRUE(rest.in_lost_body);
}

TEST(Ledger, KeepsNoMoreThanItMay) {
  Ledger ledger;
  ledger.asked(get(1));
  const std::string request = put(2, std::string(Ledger::kKept, 'A'), Ledger::kKept / 4 * 3);
  ledger.asked(std::string_view(request).substr(0, request.size() - 10));
  EXPECT_TRUE(ledger.take_rest().in_lost_body);
  ledger.asked(std::string_view(request).substr(request.size() - 10));
  ledger.asked(get(3));
  const Ledger::Rest rest = ledger.take_rest();
  EXPECT_EQ(rest.lost, std::vector<std::int64_t>{2});
  EXPECT_FALSE(rest.in_lost_body);
  EXPECT_EQ(without_blanks(rest.requests), without_blanks(get(1) + get(3)));
}

}  // namespace
}  // namespace gopouch::protocol
