// The backends of plain HTTP: what a URL and the options say, checked before anything is asked.
//
// "go-cacher+http" has the same sender: such a server is asked for other keys (remote/ knows them),
// and refuses all that it has no word for.
#include "object/http.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "object/http_access.h"
#include "object/http_store.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

constexpr std::array kParameters{
    Parameter{"layout", "bazel: for servers of Bazel's cache, as bazel-remote"},
    Parameter{"ranges", "false: the server sends whole objects only"},
};

constexpr std::string_view kPrefix = "go-cacher+";

Error invalid(std::string message) { return {Fault::kInvalid, std::move(message)}; }

// A store over one server.
class Site final : public HttpStore {
 public:
  Site(HttpSettings settings, const net::Options& net)
      : HttpStore(sender_),
        paths_(settings.paths),
        name_(settings.base.text()),
        client_(net),
        access_(std::move(settings)),
        sender_(client_, access_, name_) {}

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    if (paths_ != HttpPaths::kPlain) return cannot("lists nothing");
    return HttpStore::list(prefix, call, on_page);
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    if (paths_ == HttpPaths::kGoCacher) return cannot("removes nothing when asked to");
    return HttpStore::remove(keys, call);
  }

 private:
  Error cannot(std::string_view what) const {
    return invalid(fmt::format("{}: this kind of server {}; it keeps itself small", name_, what));
  }

  const HttpPaths paths_;
  const std::string name_;
  net::Client client_;
  HttpAccess access_;
  HttpSender sender_;
};

// RFC 9110, 5.1 and 5.5.
bool is_header(std::string_view name, std::string_view value) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto in_name = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  const auto in_value = [](char c) { return c == '\t' || (c >= ' ' && c != 127) || c < 0; };
  return !name.empty() && std::all_of(name.begin(), name.end(), in_name) &&
         std::all_of(value.begin(), value.end(), in_value);
}

base::Result<std::vector<net::Header>> read_headers(const std::vector<base::Secret>& texts) {
  std::vector<net::Header> headers;
  for (const base::Secret& secret : texts) {
    const std::string_view text = secret.reveal();
    const std::size_t colon = text.find(':');
    std::string_view name = text.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (colon == std::string_view::npos || value.empty() || !is_header(name, value)) {
      return invalid("one of http-headers is no header: they are written Name: value");
    }
    headers.push_back({std::string(name), std::string(value)});
    for (const std::string_view ours : {"Host", "Content-Length", "Transfer-Encoding", "Range"}) {
      if (!net::find_header(std::span(&headers.back(), 1), ours).empty()) {
        return invalid(fmt::format("http-headers cannot hold {}: each request has its own", ours));
      }
    }
  }
  return headers;
}

// Where our authorization comes from, in the order in which HttpAccess takes it.
std::string who_of(const HttpSettings& settings) {
  if (!net::find_header(settings.headers, "Authorization").empty()) return "http-headers";
  if (!settings.user.empty() || !settings.password.empty()) return "the URL";
  if (!settings.token_file.empty()) return "bearer-token-file";
  return settings.token.empty() ? "" : "bearer-token";
}

base::Result<Opened> open_http(const net::Url& url, const Parameters& parameters,
                               const Options& options) {
  auto settings = read_http_settings(url, parameters, options);
  if (!settings) return settings.error();
  const auto ranges = parameters.flag("ranges");
  if (!ranges) return ranges.error();
  Opened opened;
  const bool plain = settings->paths == HttpPaths::kPlain;
  // Of preconditions nobody can tell before a server has kept one; they are sent, not promised.
  opened.features = {.ranges = ranges->value_or(plain), .preconditions = false, .remote = true};
  opened.name =
      fmt::format("{}://{}{}", url.scheme, settings->base.authority(), settings->base.path);
  opened.has_prefix = !settings->base.path.empty();
  if (settings->paths == HttpPaths::kGoCacher) opened.layout = kGoCacherLayout;
  opened.who = [who = who_of(*settings)](const base::Call&) {
    return base::Result<std::string>(who);
  };
  opened.store = make_http_store(*std::move(settings), options.net);
  return opened;
}

}  // namespace

base::Result<HttpSettings> read_http_settings(const net::Url& url, const Parameters& parameters,
                                              const Options& options) {
  HttpSettings settings;
  settings.base = url;
  settings.base.query.clear();
  settings.base.user.clear();
  settings.base.password.clear();
  while (settings.base.path.ends_with('/')) settings.base.path.pop_back();
  if (url.host.empty()) {
    return invalid(fmt::format("{0}:// needs a host: write {0}://host/path", url.scheme));
  }
  if (url.scheme.starts_with(kPrefix)) {
    settings.base.scheme = url.scheme.substr(kPrefix.size());
    settings.paths = HttpPaths::kGoCacher;
  }
  if (const auto layout = parameters.find("layout")) {
    if (*layout != "bazel") return invalid("?layout= is bazel, or not said");
    settings.paths = HttpPaths::kBazel;
  }
  auto headers = read_headers(options.http_headers);
  if (!headers) return headers.error();
  settings.headers = *std::move(headers);
  settings.user = url.user;
  settings.password = base::Secret(url.password);
  if (!is_header("x", url.user + options.bearer_token.reveal())) {
    return invalid("a control character in the user or the token");
  }
  if (url.user.find(':') != std::string::npos) return invalid("a user's name has no colon");
  settings.token = options.bearer_token;
  settings.token_file = options.bearer_token_file;
  return settings;
}

std::unique_ptr<Store> make_http_store(HttpSettings settings, const net::Options& net) {
  return std::make_unique<Site>(std::move(settings), net);
}

const Backend http = {
    .scheme = "http",
    .doc = "http://host/folder: a server that takes GET, PUT and DELETE, as a WebDAV folder",
    .parameters = kParameters,
    .open = open_http,
};
const Backend https = {
    .scheme = "https",
    .doc = "https://host/folder: the same over TLS",
    .parameters = kParameters,
    .open = open_http,
};
const Backend go_cacher = {
    .scheme = "go-cacher+http",
    .doc = "go-cacher+http://host: a server of go-cacher's",
    .parameters = {},
    .open = open_http,
};
const Backend go_cacher_tls = {
    .scheme = "go-cacher+https",
    .doc = "go-cacher+https://host: the same over TLS",
    .parameters = {},
    .open = open_http,
};

}  // namespace gopouch::object
