// The text of the AWS tools' two files (~/.aws/config and ~/.aws/credentials), as sections of
// settings.
//
//   [profile ci]                  a section; what its name means is shared_files' business
//   region = eu-west-1            a setting: name, "=" or ":", value; names in any case
//   # text, ; text                comments, a whole line each: a value may hold these characters
//   s3 =
//     endpoint_url = http://…     deeper than its parent: a setting of that one
//
// Rules: "Shared config and credentials files" of the AWS SDKs and Tools reference guide, and where
// it is silent what the AWS command line makes of a text.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gopouch::auth {

// By name in lower case; a setting of a setting as "s3.endpoint_url".
using Section = std::map<std::string, std::string, std::less<>>;
// By what stands between the brackets, without white space at its ends. A section that comes twice
// is one; of a setting that comes twice the last counts.
using Sections = std::map<std::string, Section, std::less<>>;

// kInvalid with "line 7: …" where a line is none of the above; it shows nothing of the text, since
// that may be a key.
base::Result<Sections> parse_ini(std::string_view text);

}  // namespace gopouch::auth
