#include "serve/tokens.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace gopouch::serve {
namespace {

std::string refusal(std::string_view text) {
  const auto table = parse_tokens(text);
  return table ? std::string() : table.error().message;
}

TEST(Tokens, AreWhatTheirLinesSay) {
  const auto table = parse_tokens(
      "# comment\n\n  first-token-0123456 write\r\nfirst-token-0123456 none a/b/  # not there\n"
      "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae read pr-1\n"
      "oidc https://ci.example read x aud=gopouch ref=refs/heads/* # and more");
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->tokens.size(), 3U);
  EXPECT_EQ(table->tokens[0].token, base::sha256(base::bytes_of("first-token-0123456")));
  EXPECT_EQ(table->tokens[0].grant.right, Right::kWrite);
  EXPECT_EQ(table->tokens[1].grant.prefix, "a/b");
  EXPECT_EQ(table->tokens[2].token, base::sha256(base::bytes_of("foo")));
  ASSERT_EQ(table->issuers.size(), 1U);
  EXPECT_EQ(table->issuers[0].issuer, "https://ci.example");
  EXPECT_EQ(table->issuers[0].grant.prefix, "x");
  EXPECT_EQ(table->issuers[0].claims[1],
            std::pair(std::string("ref"), std::string("refs/heads/*")));
  EXPECT_TRUE(table->in_clear);
}

TEST(Tokens, OfABadFileNameTheLineAndNotItsWords) {
  for (const std::string line :
       {"hunter2-hunter2-hunter2", "hunter2-hunter2-hunter2 all", "hunter2 read",
        "hunter2-hunter2-hunter2 read a b", "hunter2-hunter2-hunter2 read ../b",
        "hunter2-hunter2-hunter2 read /b", "hunter2-hunter2-hunter2 read a//b",
        "sha256:hunter2 read", "oidc", "oidc https://hunter2 read",
        "oidc https://x read aud=", "oidc http://hunter2.example read aud=x",
        "oidc hunter2 read aud=x", "oidc https://x read a=b", "oidc https://x read x aud=a =b"}) {
    const std::string why = refusal("# one\n" + line + "\n");
    EXPECT_TRUE(why.starts_with("line 2: ")) << line << ": " << why;
    EXPECT_EQ(why.find("hunter2"), std::string::npos) << why;
  }
  EXPECT_EQ(refusal(""), "");
}

TEST(Tokens, PatternsHaveStars) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"a", "a"},
                                                        {"*", ""},
                                                        {"*", "a/b"},
                                                        {"a*", "a"},
                                                        {"a*c*e", "abcde"},
                                                        {"*a", "aaa"},
                                                        {"**", "x"},
                                                        {"refs/heads/*", "refs/heads/main"}}) {
    EXPECT_TRUE(matches(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"", "a"},
                                                        {"a", ""},
                                                        {"a", "b"},
                                                        {"a", "aa"},
                                                        {"a*", "b"},
                                                        {"*a", "ab"},
                                                        {"a*c*e", "abde"},
                                                        {"acme/*", "acme"},
                                                        {"acme/*", "evil/acme/x"}}) {
    EXPECT_FALSE(matches(pattern, text)) << pattern << " " << text;
  }
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));  // and in time
}

TEST(Tokens, AreHandedOverInTwoWays) {
  const auto of = [](std::string value) {
    http::Request request;
    request.headers.push_back({"Authorization", std::move(value)});
    return credential_of(request);
  };
  EXPECT_EQ(of("Bearer  x.y "), "x.y");
  EXPECT_EQ(of("bearer x"), "x");
  EXPECT_EQ(of("Basic dXNlcjpwYXNz"), "pass");
  EXPECT_EQ(of("Basic dG9rZW46"), "token");
  for (const char* none : {"", "x", "Bearer", "Basic", "Basic !", "Basic dXNlcg==", "Digest x"}) {
    EXPECT_EQ(of(none), "") << none;
  }
  EXPECT_EQ(credential_of({}), "");
}

TEST(Pass, TheLongestPrefixCounts) {
  const Pass pass{true, {{Right::kWrite, ""}, {Right::kRead, "main"}, {Right::kNone, "main/own"}}};
  EXPECT_EQ(pass.at("x"), Right::kWrite);
  EXPECT_EQ(pass.at("mainly"), Right::kWrite);
  EXPECT_EQ(pass.at("main"), Right::kRead);
  EXPECT_EQ(pass.at("main/v1/e/x"), Right::kRead);
  EXPECT_EQ(pass.at("main/own/x"), Right::kNone);
  EXPECT_EQ(pass.anywhere(), Right::kWrite);
  const Pass twice{true, {{Right::kRead, "a"}, {Right::kWrite, "a"}}};
  EXPECT_EQ(twice.at("a/b"), Right::kWrite);
  EXPECT_EQ(twice.at("b"), Right::kNone);
}

}  // namespace
}  // namespace gopouch::serve
