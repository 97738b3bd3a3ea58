#include "protocol/greeting.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace gopouch::protocol {

namespace {

// Of this size or, at the end, of less.
std::string_view receive(int socket, std::span<char> space, int flags) {
  while (true) {
    const ssize_t size = ::recv(socket, space.data(), space.size(), flags);
    if (size < 0 && errno == EINTR) continue;
    return {space.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }
}

}  // namespace

std::string encode(const Greeting& greeting) {
  return fmt::format("{}{} {}\n", kGreetingStart, base::to_hex(greeting.exact),
                     base::to_hex(greeting.module));
}

std::optional<Greeting> parse_greeting(std::string_view line) {
  if (line.size() != kGreetingSize || !line.starts_with(kGreetingStart)) return std::nullopt;
  line.remove_prefix(kGreetingStart.size());
  const auto exact = base::hash_from_hex(line.substr(0, 64));
  const auto module = base::hash_from_hex(line.substr(65, 64));
  if (!exact || !module || line[64] != ' ' || line[129] != '\n') return std::nullopt;
  return Greeting{*exact, *module};
}

Opening read_opening(int socket) {
  std::array<char, kGreetingSize> line{};
  const std::string_view first = receive(socket, std::span(line).first(1), MSG_PEEK);
  if (first.empty()) return {Opening::Kind::kEnded, {}};
  if (first.front() != kGreetingStart.front()) return {Opening::Kind::kPlain, {}};
  const auto greeting = parse_greeting(receive(socket, line, MSG_WAITALL));
  if (!greeting) return {Opening::Kind::kForeign, {}};
  return {Opening::Kind::kGreeted, *greeting};
}

}  // namespace gopouch::protocol
