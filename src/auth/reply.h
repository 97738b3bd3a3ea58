// Replies of the services that hand out credentials: asked for with patience, read with suspicion.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/source.h"

namespace gopouch::auth {

inline constexpr std::size_t kLargestReply = std::size_t{64} << 10U;

// Sends, up to `attempts` times where trying again may help (kUnavailable, 429, 5xx), with pauses
// from a tenth of a second on. `what` begins the message of an error. Never kCorrupt.
base::Result<net::Reply> send_patiently(const Line& line, net::Request request,
                                        std::string_view what, int attempts = 3);

// The Fault of a reply that is no success.
base::Fault fault_of_status(int status);

// Of a flat JSON object, or of the object under `inside` in it: its texts and numbers as texts. No
// object: nothing.
using Fields = std::map<std::string, std::string, std::less<>>;
Fields json_fields(std::string_view text, std::string_view inside = {});
std::string field(const Fields& fields, std::string_view name);  // empty: none

// "2006-01-02T15:04:05Z", with a fraction of a second and an offset or "UTC" too, as RFC 3339 and
// the AWS tools write it.
std::optional<Time> parse_time(std::string_view text);
// "2006-01-02T15:04:05Z"
std::string format_time(Time time);

// The credentials made of these texts, when they can be: kInvalid without an id or a secret, or
// with characters that would break a header. An empty `expires` is never; one that is no time is
// kInvalid.
base::Result<AwsCredentials> make_credentials(std::string id, std::string secret, std::string token,
                                              std::string_view expires, std::string source);

// Printable ASCII without spaces, as keys and tokens are: anything else would be a part of a header
// of somebody else's making.
bool is_fit(std::string_view text);

// Fit for a message: its first line, 200 bytes of it at most, without control characters; empty
// when it holds any of `secrets`.
std::string one_line(std::string_view text, std::initializer_list<std::string_view> secrets = {});

}  // namespace gopouch::auth
