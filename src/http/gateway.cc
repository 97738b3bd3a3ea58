// What a program in the middle says of itself and of its upstream (RFC 9110, 7.6.3 and 15.6).
#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "http/http.h"

namespace gopouch::http {

namespace {

std::string new_name() {
  std::random_device random;
  return fmt::format("1.1 gopouch-{:08x}{:08x}", random(), random());
}

}  // namespace

ViaName::ViaName() : value_(new_name()) {}

bool ViaName::is_in(std::span<const net::Header> headers) const {
  return std::any_of(headers.begin(), headers.end(), [this](const net::Header& header) {
    return net::same_name(header.name, "Via") && header.value.find(value_) != std::string::npos;
  });
}

int gateway_status(const base::Error& error) {
  if (error.fault == base::Fault::kTimeout) return 504;
  return error.fault == base::Fault::kStopped ? 503 : 502;
}

std::string gateway_text(const base::Error& error) {
  return fmt::format("upstream: {}\n", error.message);
}

}  // namespace gopouch::http
