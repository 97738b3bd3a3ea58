// What hands out credentials may answer anything: what is made of it is fit for a header, and what
// is said of it fits on a line.
#include <algorithm>

#include "auth/reply.h"
#include "auth/service.h"
#include "fuzz/check.h"

namespace {

bool is_fit(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

void check_credentials(const gopouch::base::Result<gopouch::auth::AwsCredentials>& made) {
  if (!made) return;
  check(!made->access_key_id.empty() && !made->secret_access_key.empty());
  check(is_fit(made->access_key_id) && is_fit(made->secret_access_key.reveal()));
  check(is_fit(made->session_token.reveal()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gopouch::auth;
  const std::string text(data, data + size);
  for (const char* path :
       {"CreateSessionResult/Credentials", "AssumeRoleResponse/AssumeRoleResult/Credentials"}) {
    check_credentials(credentials_in_xml(text, path, "fuzz"));
  }
  const XmlError error = error_in_xml(text);
  check_line(error.code, 201);
  check_line(error.message, 201);
  for (const char* inside : {"", "roleCredentials"}) {
    const Fields fields = json_fields(text, inside);
    check_credentials(make_credentials(field(fields, "AccessKeyId"),
                                       field(fields, "SecretAccessKey"), field(fields, "Token"),
                                       field(fields, "Expiration"), "fuzz"));
  }
  if (const auto time = parse_time(text)) {
    const std::string again = format_time(*time);
    // An offset may lead out of the years that have four digits.
    check(again.size() != 20 ||
          parse_time(again) == std::chrono::floor<std::chrono::seconds>(*time));
  }
  return 0;
}
