// The commands. Each runs with finished settings and returns the program's exit code: 0 done, 1 ran
// and failed. What was asked wrongly (2) never gets here.
#pragma once

#include <span>
#include <string>

#include "config/config.h"

namespace gopouch::cli {

// Chooses the command and runs it; prints what was asked wrongly.
int main(std::span<const std::string> args, const config::Environment& env);

int run(const config::Settings& settings);       // the protocol on stdin and stdout
int serve(const config::Settings& settings);     // the sessions of many go commands
int connect(const config::Settings& settings);   // a go command to that server
int clear(const config::Settings& settings);     // clear, clear-local, clear-remote
int verify(const config::Settings& settings);    // hash all, remove what lies
int prefetch(const config::Settings& settings);  // fetch ahead of a go command
int prune(const config::Settings& settings);     // trim now, or sweep the remote
int doctor(const config::Settings& settings);    // check the configuration end to end
int show_ca(const config::Settings& settings);   // the certificate of the reverse proxy
int show_config(const config::Settings& settings);
int show_help(const config::Settings& settings);
int show_scope(const config::Settings& settings);
int show_version();

}  // namespace gopouch::cli
