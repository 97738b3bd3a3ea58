// The remote, put together from what the older programs say of it in pieces.
#pragma once

#include <string>
#include <vector>

#include "config/aliases.h"

namespace gopouch::config {

// Replaces the pieces among `said` (which are sorted, what counts more first) by one saying of the
// setting "remote", in the place of the piece that names the bucket. Throws ConfigError where
// pieces make no URL.
void join_pieces(std::vector<Saying>& said, std::vector<std::string>& notes);

// What a remote needs besides settings: the environment, keys that are variables only, and who
// waits for uploads where CI is set. Throws ConfigError.
void finish_remotes(const Environment& env, Settings& settings);

}  // namespace gopouch::config
