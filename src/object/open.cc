// From a URL to a store with its decorators on. Rules: object.h.
#include <fmt/format.h>

#include "object/backend.h"
#include "object/decorators.h"

namespace gopouch::object {

namespace {

base::Error invalid(std::string message) { return {base::Fault::kInvalid, std::move(message)}; }

base::Result<bool> read_mode(const Parameters& parameters) {
  const std::string mode = parameters.find("mode").value_or("rw");
  if (mode == "ro") return true;
  if (mode == "rw") return false;
  return invalid("?mode= is ro or rw");
}

}  // namespace

struct Remote::Rep {
  // What the backend told beside its store; that is in `store`, below the decorators.
  Opened opened;
  Gauges gauges;
  std::unique_ptr<Store> store;
};

Remote::Remote(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Remote::Remote(Remote&&) noexcept = default;
Remote::~Remote() = default;

Store& Remote::store() { return *rep_->store; }
Features Remote::features() const { return rep_->opened.features; }
Counts Remote::counts() const { return rep_->gauges.counts(); }
std::int64_t Remote::moved() const { return rep_->gauges.moved; }
const std::string& Remote::name() const { return rep_->opened.name; }
std::string_view Remote::layout() const { return rep_->opened.layout; }
bool Remote::has_prefix() const { return rep_->opened.has_prefix; }

std::optional<std::chrono::milliseconds> Remote::clock_offset() const {
  return rep_->opened.clock_offset ? rep_->opened.clock_offset() : std::nullopt;
}

base::Result<std::string> Remote::who(const base::Call& call) {
  return rep_->opened.who ? rep_->opened.who(call) : std::string();
}

base::Result<Remote> open(std::string_view url, const Options& options) {
  const auto parsed = net::parse_url(url, net::Hosts::kSeveral);
  if (!parsed) return parsed.error();
  const Backend* const backend = find_backend(parsed->scheme);
  if (backend == nullptr) {
    return invalid(
        fmt::format("no store has the scheme {}://; there are {}", parsed->scheme, schemes()));
  }
  if (!parsed->more_hosts.empty() && !backend->several_hosts) {
    return invalid(fmt::format("{}:// has one host", backend->scheme));
  }
  if (!(options.error_rate >= 0 && options.error_rate <= 1)) {
    return invalid("the error rate is a number from 0 to 1");
  }
  const auto parameters = read_parameters(*parsed, *backend);
  if (!parameters) return parameters.error();
  const auto read_only = read_mode(*parameters);
  if (!read_only) return read_only.error();

  auto opened = backend->open(*parsed, *parameters, options);
  if (!opened) return opened.error();
  auto rep = std::make_unique<Remote::Rep>();
  rep->opened = *std::move(opened);
  rep->gauges.read_only = *read_only || options.read_only;
  rep->store = stack(std::move(rep->opened.store), rep->opened.name, rep->opened.features, options,
                     rep->gauges);
  return Remote(std::move(rep));
}

base::Result<std::optional<Object>> get_one(Store& store, const Get& get, const base::Call& call) {
  base::Result<std::optional<Object>> result = base::Error{};
  store.get(std::span(&get, 1), call, [&](std::size_t, base::Result<std::optional<Object>> reply) {
    result = std::move(reply);
  });
  return result;
}

}  // namespace gopouch::object
