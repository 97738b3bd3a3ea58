#include "proxy/upstream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace gopouch::proxy {

namespace {

using base::Error;
using base::Fault;
using std::chrono::milliseconds;

constexpr int kMostRedirects = 10;  // as go
constexpr milliseconds kLongestPause{5000};

bool is_absent(int status) { return status == 404 || status == 410; }

bool may_pass(int status) {
  return status == 429 || (status >= 500 && status <= 504 && status != 501);
}

base::Result<Upstream> parse_upstream(std::string_view text, bool any_fault) {
  const bool bare = text.find("://") == std::string_view::npos;
  constexpr std::string_view kFile = "file://";
  Upstream upstream{.url = {}, .any_fault = any_fault};
  if (text.starts_with(kFile)) {
    const auto path = net::percent_decode(text.substr(kFile.size()));
    if (!path || !path->starts_with('/')) {
      return Error{Fault::kInvalid, fmt::format("\"{}\": a folder is file:///path", text)};
    }
    upstream.url.scheme = "file";
    upstream.url.path = *path;
  } else {
    auto url = net::parse_url(bare ? fmt::format("https://{}", text) : std::string(text));
    if (!url) return url.error();
    const bool web = url->scheme == "http" || url->scheme == "https";
    if (!web || url->host.empty() || !url->query.empty()) {
      return Error{Fault::kInvalid, fmt::format("{}: no URL of http, https or file", url->text())};
    }
    upstream.url = *std::move(url);
  }
  while (upstream.url.path.ends_with('/')) upstream.url.path.pop_back();
  return upstream;
}

// What a folder has.
base::Result<Answer> read_folder(const Upstream& upstream, const Wanted& wanted,
                                 const Taker& taker) {
  const std::string path = upstream.url.path + "/" + wanted.path;
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd && errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
    return base::system_error(path, errno);
  }
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Answer{404, {}, "not found: no such file\n"};
  }
  if (info.st_size > wanted.limit) return Error{Fault::kCorrupt, path + ": too large"};
  taker.begin();
  std::vector<char> piece(std::size_t{64} << 10U);
  while (true) {
    const std::ptrdiff_t size = base::read_some(fd.get(), piece);
    if (size < 0) return base::system_error(path, errno);
    if (size == 0) return Answer{200, {}, {}};
    if (!taker.write({reinterpret_cast<const std::uint8_t*>(piece.data()),
                      static_cast<std::size_t>(size)})) {
      return Error{Fault::kStopped, path + ": not wanted any more"};
    }
  }
}

// Where a redirect leads; RFC 3986, 5.2, as far as servers use it.
base::Result<net::Url> redirected(const net::Url& from, std::string_view location) {
  if (location.starts_with("//"))
    return net::parse_url(fmt::format("{}:{}", from.scheme, location));
  if (location.find("://") != std::string_view::npos) return net::parse_url(location);
  net::Url to = from;
  const std::size_t question = location.find('?');
  const std::string_view path = location.substr(0, question);
  to.query = question == std::string_view::npos ? "" : location.substr(question + 1);
  to.path = path.starts_with('/') ? std::string(path)
                                  : from.path.substr(0, from.path.rfind('/') + 1).append(path);
  return to;
}

// One request, and where it was sent on, those.
base::Result<net::Reply> send(net::Client& client, net::Request request, const Taker& taker,
                              const base::Call& call, const std::function<void()>& asked) {
  for (int i = 0; i <= kMostRedirects; ++i) {
    taker.begin();
    asked();
    auto reply = client.send(request, call);
    if (!reply || reply->status < 301 || reply->status > 308 || reply->status == 304) return reply;
    const std::string_view location = net::find_header(reply->headers, "Location");
    auto url = redirected(request.url, location);
    const bool worse = url && request.url.scheme == "https" && url->scheme != "https";
    if (!url || location.empty() || worse) {
      return Error{Fault::kInvalid,
                   fmt::format("GET {}: a redirect that leads nowhere", request.url.text())};
    }
    if (url->user.empty() && url->authority() == request.url.authority() &&
        url->scheme == request.url.scheme) {
      url->user = request.url.user;
      url->password = request.url.password;
    }
    request.url = *std::move(url);
  }
  return Error{Fault::kInvalid, fmt::format("GET {}: stopped after {} redirects",
                                            request.url.text(), kMostRedirects)};
}

milliseconds pause_before(int attempt, const Asking& how, const base::Result<net::Reply>& last) {
  thread_local std::minstd_rand random(std::random_device{}());
  const milliseconds most = how.first_pause * (1 << (attempt - 1));
  milliseconds pause(std::uniform_int_distribution<long>(most.count() / 2, most.count())(random));
  if (last) {
    const auto seconds = base::parse_number<int>(net::find_header(last->headers, "Retry-After"));
    if (seconds) pause = std::max<milliseconds>(pause, std::chrono::seconds(*seconds));
  }
  return std::min(pause, kLongestPause);
}

base::Result<Answer> ask_server(net::Client& client, const Upstream& upstream, const Wanted& wanted,
                                const Taker& taker, const Asking& how, const base::Call& call,
                                const std::function<void()>& asked) {
  net::Request request;
  request.url = upstream.url;
  request.headers = wanted.headers;
  request.url.path += "/" + net::percent_encode(wanted.path, "/@!+=:,;$&'()*");
  std::int64_t got = 0;
  bool enough = false;
  const Taker counted{[&] {
                        got = 0;
                        taker.begin();
                      },
                      taker.write};
  request.sink = [&](std::span<const std::uint8_t> piece) {
    got += std::ssize(piece);
    enough = got > wanted.limit || !taker.write(piece);
    return !enough;
  };
  for (int attempt = 1;; ++attempt) {
    auto reply = send(client, request, counted, call, asked);
    if (enough) {
      return Error{got > wanted.limit ? Fault::kCorrupt : Fault::kStopped,
                   fmt::format("GET {}: more than {} bytes", request.url.text(), wanted.limit)};
    }
    const bool again = reply ? may_pass(reply->status)
                             : reply.error().fault == Fault::kUnavailable ||
                                   reply.error().fault == Fault::kTimeout;
    if (!again || attempt >= how.attempts || call.over() ||
        !base::pause(call, pause_before(attempt, how, reply))) {
      if (!reply) return reply.error();
      return Answer{reply->status, std::move(reply->headers), std::move(reply->body)};
    }
  }
}

}  // namespace

base::Result<std::vector<Upstream>> parse_upstreams(std::string_view list) {
  std::vector<Upstream> all;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(",|"), list.size());
    std::string_view one = list.substr(0, end);
    const bool any_fault = end < list.size() && list[end] == '|';
    list.remove_prefix(std::min(end + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    if (one == "direct" || one == "off") break;
    auto upstream = parse_upstream(one, any_fault);
    if (!upstream) return upstream.error();
    all.push_back(*std::move(upstream));
  }
  return all;
}

base::Result<Answer> ask(net::Client& client, std::span<const Upstream> upstreams,
                         const Wanted& wanted, const Taker& taker, const Asking& how,
                         const base::Call& call, const std::function<void()>& asked) {
  base::Result<Answer> best = Answer{404, {}, "not found: there is nobody to ask\n"};
  bool failed = false;
  for (const Upstream& upstream : upstreams) {
    const bool folder = upstream.url.scheme == "file";
    auto answer = folder ? read_folder(upstream, wanted, taker)
                         : ask_server(client, upstream, wanted, taker, how, call, asked);
    if (answer && (answer->status == 200 || answer->status == 304)) return answer;
    const bool absent = answer && is_absent(answer->status);
    if (!failed) best = std::move(answer);
    if (absent) continue;
    failed = true;
    if (!upstream.any_fault || call.over()) break;
  }
  return best;
}

}  // namespace gopouch::proxy
