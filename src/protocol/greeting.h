// The line with which `gopouch connect` begins, before it lets a go command speak: what only the
// program that go has started can know.
//
//   greeting = "gopouch 1 " exact " " module "\n"       the two names of the session's scope, in
//   hex
//
// A connection that begins with "{" has none: any bridge of bytes is a client too. Another version
// has another number, and is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace gopouch::protocol {

struct Greeting {
  base::Hash exact{}, module{};
  bool operator==(const Greeting&) const = default;
};

constexpr std::string_view kGreetingStart = "gopouch 1 ";
constexpr std::size_t kGreetingSize = kGreetingStart.size() + 64 + 1 + 64 + 1;

std::string encode(const Greeting& greeting);

// nullopt: `line`, which ends in its newline, is none.
std::optional<Greeting> parse_greeting(std::string_view line);

// What a connection begins with.
struct Opening {
  enum class Kind {
    kGreeted,
    kPlain,    // with requests
    kForeign,  // with neither; nothing can be done with it
    kEnded,    // before it had begun
  } kind = Kind::kEnded;
  Greeting greeting;
};

// Reads the greeting from a socket, and not a byte more.
Opening read_opening(int socket);

}  // namespace gopouch::protocol
