// Basic and bearer authorization. Rules: http_access.h.
#include "object/http_access.h"

#include <fcntl.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/text.h"
#include "object/http_dialect.h"

namespace gopouch::object {

namespace {

constexpr std::size_t kLongestToken = std::size_t{16} << 10U;

std::string basic(const std::string& user, const base::Secret& password) {
  const std::string both = user + ":" + password.reveal();
  std::string text = "Basic ";
  base::append_base64(text, base::bytes_of(both));
  return text;
}

base::Result<base::Secret> read_token(const std::string& path) {
  const auto read =
      base::read_file(AT_FDCWD, path.c_str(), kLongestToken + 1, base::Links::kFollow);
  if (!read) return base::Error{base::Fault::kDenied, read.error().message};
  if (!*read) return base::Error{base::Fault::kDenied, path + ": there is no such file"};
  const std::string_view text = base::trim(**read);
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
  if (text.empty() || (*read)->size() > kLongestToken || !plain) {
    return base::Error{base::Fault::kDenied, "the token's file holds no token"};
  }
  return base::Secret(std::string(text));
}

}  // namespace

HttpAccess::HttpAccess(HttpSettings settings)
    : settings_(std::move(settings)),
      own_authorization_(!net::find_header(settings_.headers, "Authorization").empty()),
      dialect_(make_http_dialect(settings_.base, settings_.paths)) {}

base::Result<std::shared_ptr<const Dialect>> HttpAccess::dialect(const base::Call& /*call*/) {
  return dialect_;
}

base::Result<Signed> HttpAccess::sign(net::Request& request, const std::string& /*sha256*/,
                                      const base::Call& /*call*/) {
  const auto& headers = settings_.headers;
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  if (own_authorization_) return Signed{};
  if (!settings_.user.empty() || !settings_.password.empty()) {
    request.headers.push_back({"Authorization", basic(settings_.user, settings_.password)});
    return Signed{};
  }
  base::Secret token = settings_.token;
  if (!settings_.token_file.empty()) {
    auto read = read_token(settings_.token_file);
    if (!read) return read.error();
    token = *std::move(read);
  }
  if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token.reveal()});
  return Signed{.anonymous = token.empty()};
}

}  // namespace gopouch::object
