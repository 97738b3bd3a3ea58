// A document of Google's credentials, and the answers that tokens come in, may say anything:
// secrets go to https or to this machine only, a token is fit for a header, and what is said fits
// on a line.
#include <algorithm>

#include "auth/google.h"
#include "auth/reply.h"
#include "fuzz/check.h"

namespace {

using namespace gopouch::auth;

bool safe(const gopouch::net::Url& url) {
  return url.scheme == "https" || gopouch::net::is_loopback(url.host);
}

void check_credentials(const GoogleCredentials& made) {
  check_line(describe(made), 700);
  check(is_fit(made.quota_project));
  if (made.kind == GoogleKind::kImpersonated) {
    check(made.from != nullptr && made.impersonation_url.has_value());
    check_credentials(*made.from);
  } else {
    check(safe(made.token_url));
  }
  if (made.impersonation_url) check(safe(*made.impersonation_url));
  for (const auto& header : made.subject.headers) {
    check(is_fit(header.name) && header.value.find_first_of("\r\n") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto made = parse_google_credentials(text)) {
    check_credentials(*made);
  } else {
    check_line(made.error().message, 700);
  }
  const Time now{std::chrono::seconds(1767225600)};
  if (const auto token = token_in(text, now, "fuzz")) {
    check(!token->token.empty() && is_fit(token->token.reveal()));
    check(!token->expires || *token->expires > now);
  }
  bool lasts = false;
  const auto subject = subject_in_output(text, now, lasts);
  if (subject) {
    check(!subject->empty());
  } else {
    check_line(subject.error().message, 700);
  }
  for (const char* field : {"", "id_token"}) (void)subject_in(text, field);
  return 0;
}
