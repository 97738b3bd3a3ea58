// A command of the user's that prints credentials.
//
// It inherits our environment, but for GOCACHEPROG: a command that runs go would start us again,
// and so on. It inherits neither our stdin, which is go's, nor our stderr, where it could print
// what it should not. When the call is over it and what it started are killed.
#pragma once

#include <string>
#include <vector>

#include "base/call.h"
#include "base/result.h"

namespace gopouch::auth {

struct Command {
  std::vector<std::string> words;           // the first is looked for in PATH
  std::vector<std::string> variables = {};  // "NAME=value", before ours
};

// What it prints, if it ends well; `what` begins the message of an error, which shows nothing of
// the output. kInvalid for more than any credentials are.
base::Result<std::string> output_of(const Command& command, const base::Call& call,
                                    const std::string& what);

}  // namespace gopouch::auth
