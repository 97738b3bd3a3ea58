// Replies on a shelf, each under the name of what was asked for.
//
//   file = head body
//   head = "gopouchR 1 <its own size, 8 hex digits>\n"
//          <the file's name, 64 hex digits> " " <status> " " <asked> " " <answered> "\n"
//          ( name ": " value "\n" )* "\n"
//
// The name is the SHA-256 of the URL; where the reply varies, a sign lies there (status 0, with
// "Vary" and "Mark"), and its variants have the name of URL, mark and the values of those fields. A
// sign without "Vary" says that nothing is kept, whatever the object stores have; a new mark makes
// what was behind the old one unreachable. A file tells its own name, so that one that was put
// under another is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keep/keep.h"
#include "revproxy/caching.h"

namespace gopouch::revproxy {

// The head of a file; nullopt: it is none, or that of another name.
std::optional<Response> parse_head(std::string_view text, const base::Hash& name);
std::string head_text(const Response& response, const base::Hash& name);
// How long the head is, by its first line.
inline constexpr std::size_t kFirstLine = 20;
std::optional<std::size_t> head_size(std::string_view first_line);

// A reply that is kept.
struct Held {
  Response response;
  keep::Kept kept;
  std::int64_t body_at = 0;

  std::int64_t size() const { return kept.size - body_at; }
};

// What is known of a request.
struct Place {
  base::Hash first{};  // the URL's
  base::Hash name{};   // the reply's, as far as can be told
  std::optional<Held> held;
  bool borrowed = false;  // came from an object store
};

// Safe for concurrent use.
class Archive {
 public:
  // `shelf` must outlive it.
  explicit Archive(keep::Shelf& shelf) : shelf_(shelf) {}

  // `remote`: the object stores are asked, too, for this long.
  Place look(const std::string& url, Headers request, const base::Call* remote = nullptr) const;

  // The name for a new reply; leaves a sign where that is needed.
  base::Hash place(const std::string& url, Headers request, const Response& response);

  // Keeps a draft that began with head_text(); nullopt: it could not be kept.
  std::optional<keep::Kept> keep(keep::Draft& draft, const base::Hash& name, Time now);

  // The same body with another head, here alone; nullopt: the old one is as good.
  std::optional<keep::Kept> renew(const Held& held, const Response& response,
                                  const base::Hash& name);

  // Nothing is kept of this URL any more, here and in the object stores.
  void clear(const base::Hash& first, Time now);

  static base::Hash first_name(const std::string& url);
  static std::optional<Held> open(keep::Kept kept, const base::Hash& name);

 private:
  std::optional<Held> find(const base::Hash& name, const base::Call* remote, bool& borrowed) const;
  bool put_sign(const base::Hash& first, const Response& sign);

  keep::Shelf& shelf_;
};

}  // namespace gopouch::revproxy
