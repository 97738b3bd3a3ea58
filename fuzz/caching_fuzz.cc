// Header fields as a cache reads them: whatever they are, the rules hold that keep one user's reply
// from another's.
#include <string>

#include "check.h"
#include "revproxy/archive.h"

using namespace gopouch;  // NOLINT(google-build-using-namespace)
using namespace gopouch::revproxy;

namespace {

// Lines "name: value"; those behind an empty line are the reply's.
void split(std::string_view text, std::vector<net::Header>& request,
           std::vector<net::Header>& response) {
  std::vector<net::Header>* into = &request;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = line.find(": ");
    if (line.empty()) into = &response;
    if (colon == std::string_view::npos) continue;
    into->push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<net::Header> request;
  Response response{200, {}, Time(seconds(1000)), Time(seconds(1001))};
  split(text, request, response.headers);
  const bool stored = may_store(request, response);
  check(!stored || !has(response.headers, "Set-Cookie"));
  check(!stored || vary_names(response.headers).has_value());
  check(!stored || !parse_directives(response.headers).is_private);
  check(lifetime(response) >= seconds(0) && age(response, response.answered) >= seconds(0));
  const Time now(seconds(2000));
  const bool given = use(request, response, now) == Use::kGive;
  const bool credentials = has(request, "Authorization") || has(request, "Cookie");
  const Directives said = parse_directives(response.headers);
  check(!given || !credentials || said.is_public || said.s_maxage || said.must_revalidate);
  const Verdict verdict = judge("GET", request, response, 100);
  check(verdict.part.offset >= 0 && verdict.part.size >= 0);
  check(verdict.part.offset + verdict.part.size <= 100);
  response.headers = end_to_end(response.headers);
  Response renewed = response;
  update(renewed, response);
  const base::Hash name{};
  for (const std::string& whole : {head_text(renewed, name), std::string(text)}) {
    const auto read = parse_head(whole, name);
    if (read) check(parse_head(head_text(*read, name), name).has_value());
  }
  return 0;
}
