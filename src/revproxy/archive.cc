#include "revproxy/archive.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <random>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"

namespace gopouch::revproxy {

namespace {

constexpr std::string_view kMagic = "gopouchR 1 ";
constexpr std::size_t kLongestHead = std::size_t{256} << 10U;
constexpr std::int64_t kLongestFile = std::int64_t{16} << 30U;

base::Hash hash_of(std::string_view text) { return base::sha256(base::bytes_of(text)); }

std::string new_mark() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The text up to `end`, which both go from `rest`; nullopt: there is no such end.
std::optional<std::string_view> cut(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return piece;
}

std::optional<Time> parse_seconds(std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  if (!number || *number > std::int64_t{1} << 40) return std::nullopt;
  return Time(seconds(*number));
}

bool read_at(int fd, std::int64_t offset, char* to, std::size_t size) {
  return ::pread(fd, to, size, offset) == static_cast<ssize_t>(size);
}

base::Hash variant_name(const std::string& url, std::string_view mark,
                        std::span<const std::string> names, Headers request) {
  return hash_of(fmt::format("{}\n{}\n{}", url, mark, selection(names, request)));
}

}  // namespace

std::string head_text(const Response& response, const base::Hash& name) {
  std::string text = fmt::format("{} {} {} {}\n", base::to_hex(name), response.status,
                                 response.asked.time_since_epoch().count(),
                                 response.answered.time_since_epoch().count());
  for (const net::Header& header : response.headers) {
    text += fmt::format("{}: {}\n", header.name, header.value);
  }
  text += "\n";
  return fmt::format("{}{:08x}\n", kMagic, kFirstLine + text.size()) + text;
}

std::optional<std::size_t> head_size(std::string_view first_line) {
  if (first_line.size() != kFirstLine || !first_line.starts_with(kMagic) ||
      !first_line.ends_with('\n')) {
    return std::nullopt;
  }
  std::size_t size = 0;
  const char* const last = first_line.data() + kFirstLine - 1;
  const auto [end, fault] = std::from_chars(first_line.data() + kMagic.size(), last, size, 16);
  if (fault != std::errc() || end != last || size < kFirstLine || size > kLongestHead) {
    return std::nullopt;
  }
  return size;
}

std::optional<Response> parse_head(std::string_view text, const base::Hash& name) {
  if (head_size(text.substr(0, kFirstLine)) != text.size()) return std::nullopt;
  text.remove_prefix(kFirstLine);
  const auto whose = cut(text, ' ');
  const auto status = cut(text, ' ');
  const auto asked = cut(text, ' ');
  const auto answered = cut(text, '\n');
  if (!whose || !status || !asked || !answered || *whose != base::to_hex(name)) {
    return std::nullopt;
  }
  const auto number = base::parse_number<int>(*status);
  const auto from = parse_seconds(*asked);
  const auto until = parse_seconds(*answered);
  if (!number || !from || !until || *number > 599 || (*number != 0 && *number < 200)) {
    return std::nullopt;
  }
  Response response{*number, {}, *from, *until};
  while (text != "\n") {
    const auto line = cut(text, '\n');
    const std::size_t colon = line ? line->find(": ") : std::string_view::npos;
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    response.headers.push_back(
        {std::string(line->substr(0, colon)), std::string(line->substr(colon + 2))});
  }
  // Whoever may write to an object store may not write what no reply would have had.
  const bool fine =
      std::all_of(response.headers.begin(), response.headers.end(), [](const net::Header& header) {
        return header.value.find_first_of(std::string_view("\r\0", 2)) == std::string::npos;
      });
  if (!fine || end_to_end(response.headers).size() != response.headers.size()) return std::nullopt;
  return response;
}

std::optional<Held> Archive::open(keep::Kept kept, const base::Hash& name) {
  std::string text(kFirstLine, '\0');
  const int fd = kept.file.get();
  if (kept.size < std::ssize(text) || !read_at(fd, 0, text.data(), text.size())) {
    return std::nullopt;
  }
  const auto size = head_size(text);
  if (!size || kept.size < static_cast<std::int64_t>(*size)) return std::nullopt;
  text.resize(*size);
  if (!read_at(fd, 0, text.data(), text.size())) return std::nullopt;
  auto response = parse_head(text, name);
  if (!response) return std::nullopt;
  return Held{*std::move(response), std::move(kept), static_cast<std::int64_t>(*size)};
}

base::Hash Archive::first_name(const std::string& url) { return hash_of(url); }

std::optional<Held> Archive::find(const base::Hash& name, const base::Call* remote,
                                  bool& borrowed) const {
  if (auto kept = shelf_.find(name)) {
    if (auto held = open(*std::move(kept), name)) return held;
  }
  if (remote == nullptr) return std::nullopt;
  auto kept = shelf_.fetch(name, kLongestFile, *remote);
  borrowed = kept.has_value();
  return kept ? open(*std::move(kept), name) : std::nullopt;
}

Place Archive::look(const std::string& url, Headers request, const base::Call* remote) const {
  Place place;
  place.first = place.name = first_name(url);
  auto held = find(place.first, remote, place.borrowed);
  if (held && held->response.status == 0) {
    const auto names = vary_names(held->response.headers);
    if (!names || names->empty()) return place;
    const std::string_view mark = net::find_header(held->response.headers, "Mark");
    place.name = variant_name(url, mark, *names, request);
    held = find(place.name, remote, place.borrowed);
  }
  if (held && held->response.status != 0) place.held = std::move(held);
  return place;
}

base::Hash Archive::place(const std::string& url, Headers request, const Response& response) {
  const base::Hash first = first_name(url);
  const auto names = vary_names(response.headers);
  if (!names || names->empty()) return first;
  bool borrowed = false;
  std::string mark;
  if (const auto sign = find(first, nullptr, borrowed); sign && sign->response.status == 0) {
    // A sign with other names than these is replaced, and what was behind it is gone.
    if (vary_names(sign->response.headers) == names) {
      mark = net::find_header(sign->response.headers, "Mark");
    }
  }
  if (mark.empty()) {
    mark = new_mark();
    const Response sign{0,
                        {{"Vary", fmt::format("{}", fmt::join(*names, ", "))}, {"Mark", mark}},
                        response.asked,
                        response.answered};
    if (!put_sign(first, sign)) return first;
  }
  return variant_name(url, mark, *names, request);
}

bool Archive::put_sign(const base::Hash& first, const Response& sign) {
  auto draft = shelf_.begin(first);
  if (!draft) return false;
  if (!(*draft)->write(base::bytes_of(head_text(sign, first)))) return false;
  return keep(**draft, first, sign.answered).has_value();
}

std::optional<keep::Kept> Archive::keep(keep::Draft& draft, const base::Hash& name, Time now) {
  if (const auto kept = shelf_.keep(draft, {.etag = {}, .last_modified = {}, .fetched = now});
      !kept) {
    shelf_.say_ailing(kept.error());
    return std::nullopt;
  }
  return shelf_.find(name);
}

std::optional<keep::Kept> Archive::renew(const Held& held, const Response& response,
                                         const base::Hash& name) {
  auto draft = shelf_.begin(name);
  if (!draft || !(*draft)->write(base::bytes_of(head_text(response, name)))) return std::nullopt;
  const auto copied =
      base::each_piece(held.kept.file.get(), held.body_at, held.kept.size, "what is kept",
                       [&](auto piece) { return (*draft)->write(piece); });
  if (!copied) return std::nullopt;
  if (!shelf_.keep(**draft, {.etag = {}, .last_modified = {}, .fetched = response.answered},
                   keep::Shelf::Sharing::kHere)) {
    return std::nullopt;
  }
  return shelf_.find(name);
}

void Archive::clear(const base::Hash& first, Time now) {
  put_sign(first, Response{0, {{"Mark", new_mark()}}, now, now});
}

}  // namespace gopouch::revproxy
