#include "serve/oidc.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/bytes.h"

namespace gopouch::serve {
namespace {

std::string url64(std::string_view text) {
  std::string out;
  base::append_base64(out, base::bytes_of(text));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

TEST(IdTokens, AreTakenApart) {
  const std::string text =
      url64(R"({"alg":"RS256","kid":"k"})") + "." + url64(R"({"iss":"x"})") + "." + url64("???");
  const auto token = parse_id_token(text);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->algorithm, "RS256");
  EXPECT_EQ(token->key_id, "k");
  EXPECT_EQ(token->claims, R"({"iss":"x"})");
  EXPECT_EQ(token->signature, "???");
  EXPECT_EQ(token->signed_part, text.substr(0, text.rfind('.')));
  for (const std::string& none :
       {std::string(), std::string(".."), std::string("a.b"), text + ".x", text + "=", "!" + text,
        url64("[]") + ".e30.", url64(R"({"alg":"RS256","crit":["x"]})") + ".e30.",
        std::string(20'000, 'a') + ".e30."}) {
    EXPECT_FALSE(parse_id_token(none)) << none.substr(0, 80);
  }
}

TEST(IdTokens, KeysAreThoseWeKnow) {
  EXPECT_FALSE(parse_keys("x"));
  EXPECT_FALSE(parse_keys("[]"));
  EXPECT_FALSE(parse_keys(R"({"keys":{}})"));
  const auto none = parse_keys(
      R"({"keys":[1,null,{},{"kty":"oct","k":"eA"},{"kty":"RSA","n":"eA","e":"AQAB"},)"
      R"({"kty":"EC","crv":"P-384","x":"eA","y":"eA"},{"kty":"EC","crv":"P-256","x":"eA"}]})");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST(IdTokens, GrantWhatTheirRowsSay) {
  const WallTime now{std::chrono::seconds(1'000'000)};
  const std::vector<IssuerRow> rows{
      {"i", {{"aud", "us"}, {"ref", "main"}}, {Right::kWrite, "a"}},
      {"i", {{"aud", "us"}, {"n", "1*"}, {"b", "true"}}, {Right::kRead, ""}},
      {"other", {{"aud", "us"}}, {Right::kWrite, ""}}};
  const auto pass = [&](const char* claims) { return pass_for(claims, rows, now); };
  EXPECT_EQ(pass(R"({"iss":"i","aud":"us","ref":"main","exp":1000001})").grants.size(), 1U);
  EXPECT_EQ(pass(R"({"iss":"i","aud":["x","us"],"n":12,"b":true,"exp":1000001})").at("z"),
            Right::kRead);
  const Pass nothing = pass(R"({"iss":"i","aud":"us","ref":["main"],"n":"2","exp":1000001.5})");
  EXPECT_TRUE(nothing.known);
  EXPECT_EQ(nothing.at("a"), Right::kWrite);  // one of a list will do
  for (const char* claims :
       {"", "[]", R"({"iss":"i","aud":"us"})", R"({"iss":"i","aud":"us","exp":999970})",
        R"({"iss":"i","aud":"us","exp":"1000001"})", R"({"iss":"i","aud":"us","exp":-1e300})",
        R"({"iss":"i","aud":"us","exp":1000001,"nbf":1000031})",
        R"({"iss":"i","aud":"them","exp":1000001})", R"({"iss":"i","exp":1000001})",
        R"({"iss":"j","aud":"us","exp":1000001})", R"({"iss":["i"],"aud":"us","exp":1000001})"}) {
    EXPECT_FALSE(pass(claims).known) << claims;
  }
  EXPECT_TRUE(pass(R"({"iss":"i","aud":"us","exp":999971,"nbf":1000030})").known);
}

}  // namespace
}  // namespace gopouch::serve
