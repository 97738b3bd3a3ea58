// ID tokens, their issuer's keys, and the file that says what they grant: whatever the bytes, it
// ends, and nobody gets in for nothing.
#include "fuzz/check.h"
#include "serve/oidc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gopouch::serve;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const WallTime now{std::chrono::seconds(1'800'000'000)};
  const std::vector<IssuerRow> rows{
      {"i", {{"aud", "a"}, {"ref", "refs/*/main"}}, {Right::kRead, "p"}}};
  if (const auto token = parse_id_token(text)) {
    check(token->signed_part.size() < size);
    check(pass_for(token->claims, {}, now).grants.empty());
  }
  const Pass pass = pass_for(text, rows, now);
  check(pass.known || pass.grants.empty());
  check(pass.grants.empty() || text.find("aud") != std::string_view::npos);
  if (const auto keys = parse_keys(text)) {
    for (const IssuerKey& one : *keys) check(!one.key->verifies(text, text));
  }
  const auto table = parse_tokens(text);
  if (!table) check_line(table.error().message);
  return 0;
}
