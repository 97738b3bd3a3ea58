// What a session did, told once at its end.
#pragma once

#include "config/config.h"
#include "session/session.h"

namespace gopouch::cli {

// `remote` is null where there is none. One line on stderr where that is a terminal or --stats is
// given; in GitHub Actions a row of a table in the step's summary as well. Else silence: scripts
// compare stderr.
void summarize(const session::Counts& session, const remote::Tiers* remote,
               const config::Settings& settings);

}  // namespace gopouch::cli
