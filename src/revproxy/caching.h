// What a shared cache may keep, how long it is good, and what a request gets of it.
//
// Pure: no time but what it is given, no file, no socket. Rules: RFC 9111, read as a shared cache;
// where it leaves a choice, the careful one:
//   - what was asked for with a Cookie is treated as what was asked for with Authorization (3.5),
//     and neither is answered from what is kept unless the reply allows that;
//   - a reply that sets a cookie is not kept;
//   - a guess at how long a reply is good is at most a tenth of its age and a day (4.2.2);
//   - a reply without Content-Length or chunks is not kept: nobody could tell that it is whole.
#pragma once

#include <string>
#include <vector>

#include "http/http.h"
#include "revproxy/fields.h"

namespace gopouch::revproxy {

// A reply as it is kept, up to its body.
struct Response {
  int status = 0;
  std::vector<net::Header> headers;  // end to end
  Time asked{}, answered{};          // when the request went out, and when the head was here
};

// Whether its end can be told from a torn connection; `headers`: all, as they came.
bool has_end(int status, Headers headers);

// Whether a reply to GET with these headers may be kept.
bool may_store(Headers request, const Response& response);

// How old it is, how long it is good (4.2.1 to 4.2.3), and whether anything but a guess says so.
seconds age(const Response& response, Time now);
seconds lifetime(const Response& response);

enum class Use {
  kGive,      // it will do
  kValidate,  // upstream is to be asked whether it is good still
  kLeave,     // it is not for this request
};
Use use(Headers request, const Response& response, Time now);

// Whether it may be given though it is old, since upstream failed (4.2.4; RFC 5861, 4).
bool may_be_stale(Headers request, const Response& response, Time now);

// The headers that ask whether it is good still (4.3.1); empty: that cannot be asked.
std::vector<net::Header> validators(const Response& response);

// A 304 to that: whether it is about this very reply (4.3.4), and what is known then (3.2).
bool confirms(const Response& stored, Headers not_modified);
void update(Response& stored, const Response& not_modified);

// What a request that is answered from what is kept gets (4.3.2; RFC 9110, 13.2.2 and 14.2).
struct Verdict {
  enum class Kind { kWhole, kNotModified, kPart, kNoSuchPart } kind = Kind::kWhole;
  http::Range part = {};  // of kPart and kNoSuchPart
};
Verdict judge(std::string_view method, Headers request, const Response& response,
              std::int64_t size);

// Whether a request is to be led past the cache: it has a condition that only the origin can judge,
// or wants nothing kept of itself.
bool leads_past(Headers request);

// What tells variants apart: the request's values of the fields that Vary names (4.1).
std::string selection(std::span<const std::string> names, Headers request);

}  // namespace gopouch::revproxy
