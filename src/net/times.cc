// Times as HTTP writes them: RFC 9110, 5.6.7.
//
// By strptime, which in a program that never calls setlocale reads English names.
#include <ctime>

#include <fmt/chrono.h>

#include "net/net.h"

namespace gopouch::net {

using std::chrono::seconds;
using std::chrono::sys_seconds;

std::optional<sys_seconds> parse_http_time(std::string_view text) {
  const std::string copy(text);
  for (const char* const format :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* const end = ::strptime(copy.c_str(), format, &parts);
    if (end == nullptr || end != copy.c_str() + copy.size()) continue;
    return sys_seconds(seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

std::string http_time(sys_seconds time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace gopouch::net
