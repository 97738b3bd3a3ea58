#include "net/transfer.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"

namespace gopouch::net {

namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 32 && c < 127 &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

// A value with a line break would be two headers.
bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view why_not(const Request& request) {
  const Url& url = request.url;
  if (url.scheme != "http" && url.scheme != "https") return "neither http nor https";
  if (url.host.empty()) return "no host";
  const auto visible = [](char c) { return c > 32 && c < 127; };
  if (!std::all_of(url.path.begin(), url.path.end(), visible) ||
      !std::all_of(url.query.begin(), url.query.end(), visible)) {
    return "a character in the path or query that must be percent-encoded";
  }
  if (!is_token(request.method)) return "a bad method";
  for (const Header& header : request.headers) {
    if (!is_token(header.name) || !is_value(header.value)) return "a bad header";
  }
  return {};
}

std::string basic(const Url& url) {
  const std::string text = fmt::format("{}:{}", url.user, url.password);
  std::string line = "Authorization: Basic ";
  base::append_base64(line, base::bytes_of(text));
  return line;
}

}  // namespace

base::Error failure(const Request& request, base::Fault fault, std::string_view why) {
  const Url& url = request.url;
  std::string text = fmt::format("{} {}://{}{}: {}", request.method, url.scheme, url.authority(),
                                 url.path.empty() ? "/" : url.path, why);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < 32; }, ' ');
  return base::Error{fault, std::move(text)};
}

base::Status prepare(const Request& request, Transfer& transfer) {
  if (const std::string_view why = why_not(request); !why.empty()) {
    return failure(request, base::Fault::kInvalid, why);
  }
  transfer.request = &request;
  transfer.origin = fmt::format("{}://{}", request.url.scheme, request.url.authority());
  transfer.url = request.url.text();
  const auto has = [&](std::string_view name) {
    return !find_header(request.headers, name).empty();
  };
  for (const Header& header : request.headers) {
    // libcurl reads "Name:" as "not this header" and "Name;" as "with nothing in it".
    transfer.lines.push_back(header.value.empty()
                                 ? header.name + ";"
                                 : fmt::format("{}: {}", header.name, header.value));
  }
  const bool known = !request.url.user.empty() || !request.url.password.empty();
  if (known && !has("Authorization")) transfer.lines.push_back(basic(request.url));
  // What libcurl would add: a wait for leave to send, and a header that says nothing.
  transfer.lines.emplace_back("Expect:");
  if (!has("Accept")) transfer.lines.emplace_back("Accept:");
  return base::Done{};
}

std::int64_t body_size(const Request& request) {
  if (!request.body) return 0;
  return request.body->fd >= 0 ? request.body->size : std::ssize(request.body->bytes);
}

bool Mailbox::offer(Transfer& transfer, std::string& bytes, std::optional<Reply>& head) {
  auto state = state_.lock();
  if (state->unread >= kFull) {
    state->full = true;
    return false;
  }
  state->unread += bytes.size();
  state->parcels.push_back(
      {&transfer, std::exchange(bytes, {}), std::nullopt, std::exchange(head, std::nullopt)});
  arrived_.notify_one();
  return true;
}

bool Mailbox::has_room() {
  auto state = state_.lock();
  state->full = state->unread > kFull / 2;
  return !state->full;
}

void Mailbox::put(std::span<Parcel> parcels) {
  // Notified with the lock held: without it, the caller may find the last end before that, and the
  // mailbox would be gone.
  auto state = state_.lock();
  for (Parcel& parcel : parcels) {
    state->unread += parcel.bytes.size();
    state->parcels.push_back(std::move(parcel));
  }
  arrived_.notify_one();
}

std::vector<Mailbox::Parcel> Mailbox::take() {
  std::vector<Parcel> parcels;
  auto state = state_.lock();
  state.wait(arrived_, [](const State& s) { return !s.parcels.empty(); });
  parcels.swap(state->parcels);
  return parcels;
}

bool Mailbox::drained(std::size_t size) {
  auto state = state_.lock();
  state->unread -= size;
  if (!state->full || state->unread > kFull / 2) return false;
  state->full = false;
  return true;
}

}  // namespace gopouch::net
