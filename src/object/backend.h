// What a backend is to open(): a scheme, the parameters of its URLs, and a function that makes a
// store of one.
//
// A backend translates; it does not retry, log, count or read the environment, for stack.h does the
// first three for all of them. Each is a constant of its own file, and backends.cc is the list.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/net.h"
#include "object/object.h"

namespace gopouch::object {

// One that a URL may carry: "?region=eu-west-1".
struct Parameter {
  std::string_view name;
  std::string_view doc;  // one line, without a full stop
};

// What a URL's query says, decoded; only of names that the backend has.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(std::vector<std::pair<std::string, std::string>> said)
      : said_(std::move(said)) {}

  // The last one of that name; nullopt: not said.
  std::optional<std::string> find(std::string_view name) const;
  // All of that name, in order.
  std::vector<std::string> all(std::string_view name) const;
  // "true" or "false"; nullopt: not said; kInvalid: something else.
  base::Result<std::optional<bool>> flag(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> said_;
};

// A store without decorators, and what else there is to know of it. The functions may be called
// from any thread while the store lives.
struct Opened {
  std::unique_ptr<Store> store;
  Features features = {};
  std::string name;              // "s3://bucket/prefix": without secrets and parameters
  bool has_prefix = true;        // false: its keys are all that the bucket holds
  std::string_view layout = {};  // as Remote::layout
  // As Remote::who and Remote::clock_offset; null: no credentials are needed, no clock is known.
  std::function<base::Result<std::string>(const base::Call& call)> who = {};
  std::function<std::optional<std::chrono::milliseconds>()> clock_offset = {};
};

struct Backend {
  std::string_view scheme;
  std::string_view doc;                   // one line for help: what it is and how its URL looks
  std::span<const Parameter> parameters;  // beside those that all have: "mode"
  // Touches neither network nor disk. kInvalid: one line for the user, which names what is wrong.
  base::Result<Opened> (*open)(const net::Url& url, const Parameters& parameters,
                               const Options& options);
  bool several_hosts = false;  // its URLs may name more than one
};

extern const Backend dir, gcs, memory, redis, rediss, s3;
extern const Backend go_cacher, go_cacher_tls, http, https;

// The backends that users may name, and for tests those that they may not.
std::span<const Backend* const> backends();
// Null: there is none of that scheme.
const Backend* find_backend(std::string_view scheme);

// What the query of `url` says. kInvalid for a name that neither the backend nor all have: the
// message lists those that exist.
base::Result<Parameters> read_parameters(const net::Url& url, const Backend& backend);

// The prefix that a bucket's URL has for its path: decoded, and empty or with one "/" at its end;
// with kRawPrefix as it is written there.
base::Result<std::string> read_prefix(const net::Url& url, const Parameters& parameters);
inline constexpr Parameter kRawPrefix{
    "raw-prefix", "true: keys follow the path without a / between, as in older layouts"};

// Whether a text is a Key: for stores that find other things beside their objects.
bool is_key(std::string_view text);

}  // namespace gopouch::object
