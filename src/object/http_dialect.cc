// Requests and judgements of plain HTTP. Rules: http_dialect.h.
#include "object/http_dialect.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "object/backend.h"
#include "object/s3_dialect.h"
#include "object/xml.h"

namespace gopouch::object {

namespace {

using base::Fault;

constexpr std::string_view kAsk =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/>"
    "<getcontentlength/><getlastmodified/></prop></propfind>";

// A listing has no pages: one folder at a time, of as many entries as it has.
constexpr std::size_t kLargestListing = std::size_t{256} << 20U;

// A folder below this depth of letters holds no key.
constexpr std::size_t kLongestFolder = 512;

// Servers of all kinds know a few more than object stores do.
Fault fault_of(int status) {
  if (status == 425) return Fault::kUnavailable;
  return status == 505 ? Fault::kInvalid : fault_of_status(status);
}

std::string_view folder_of(std::string_view key) { return key.substr(0, key.rfind('/') + 1); }

class HttpDialect final : public Dialect {
 public:
  HttpDialect(net::Url base, HttpPaths paths) : base_(std::move(base)), paths_(paths) {}

  Draft request_for(const Operation& operation) const override;
  Judgement judge(const Operation& operation, const net::Reply& reply) const override;
  base::Result<Page> read_page(const Operation& operation, const std::string& body) const override;
  std::size_t removal_size() const override { return 0; }
  Metadata metadata_of(const net::Reply& reply) const override {
    return paths_ == HttpPaths::kGoCacher ? metadata_with("", reply) : Metadata();
  }

 private:
  net::Url url_of(std::string_view key) const;
  Draft list_request(const Operation& operation) const;
  bool is_absent(const Operation& operation, const net::Reply& reply) const;
  bool is_folder(const Operation& operation, const net::Reply& reply) const;
  Judgement failed(const Operation& operation, Fault fault, std::string_view why) const;
  Judgement judge_good(const Operation& operation, const net::Reply& reply) const;
  Judgement judge_bad(const Operation& operation, const net::Reply& reply) const;

  const net::Url base_;
  const HttpPaths paths_;
};

net::Url HttpDialect::url_of(std::string_view key) const {
  net::Url url = base_;
  if (paths_ == HttpPaths::kBazel) {
    url.path += "/ac/" + base::to_hex(base::sha256(base::bytes_of(key)));
  } else {
    url.path += "/" + net::percent_encode(key, "/");
  }
  return url;
}

// Operation::page holds the folders that are still to be looked at, the next one first, each
// between "/" and a line's end.
Draft HttpDialect::list_request(const Operation& operation) const {
  const std::string& page = operation.page;
  const std::string_view folder = page.empty()
                                      ? folder_of(operation.key)
                                      : std::string_view(page).substr(1, page.find('\n') - 1);
  Draft draft;
  draft.request.method = "PROPFIND";
  draft.request.url = url_of(folder);
  draft.request.headers.push_back({"Depth", "1"});
  draft.request.headers.push_back({"Content-Type", "application/xml"});
  draft.request.body_limit = kLargestListing;
  draft.text = kAsk;
  return draft;
}

Draft HttpDialect::request_for(const Operation& operation) const {
  if (operation.op == Op::kList) return list_request(operation);
  Draft draft;
  net::Request& request = draft.request;
  request.url = url_of(operation.key);
  switch (operation.op) {
    case Op::kHead:
      request.method = "HEAD";
      break;
    case Op::kPut:
      request.method = "PUT";
      request.headers.push_back({"Content-Type", "application/octet-stream"});
      if (operation.put.if_absent) request.headers.push_back({"If-None-Match", "*"});
      // A weak one matches nothing (RFC 9110, 13.1.1).
      if (!operation.put.if_version.empty() && !operation.put.if_version.starts_with("W/")) {
        request.headers.push_back({"If-Match", operation.put.if_version});
      }
      break;
    case Op::kRemove:
      request.method = "DELETE";
      break;
    default:
      if (operation.range) {
        request.headers.push_back(range_header(*operation.range));
      }
      if (paths_ == HttpPaths::kGoCacher) request.headers.push_back({"Want-Object", "1"});
      break;
  }
  return draft;
}

Judgement HttpDialect::failed(const Operation& operation, Fault fault, std::string_view why) const {
  Judgement judgement{.verdict = Verdict::kFailed};
  judgement.error.fault = fault;
  judgement.error.message =
      fmt::format("{}: {}: {}", base_.text(), name_of(operation.op), one_line(why));
  return judgement;
}

// A folder of that name: the server sends us to the same name with "/" behind it, or will not
// remove it.
bool HttpDialect::is_folder(const Operation& operation, const net::Reply& reply) const {
  if (operation.op == Op::kRemove) return reply.status == 409;
  const bool moved =
      reply.status == 301 || reply.status == 302 || reply.status == 307 || reply.status == 308;
  return moved && (operation.op == Op::kGet || operation.op == Op::kHead) &&
         net::find_header(reply.headers, "Location").ends_with(url_of(operation.key).path + "/");
}

bool HttpDialect::is_absent(const Operation& operation, const net::Reply& reply) const {
  if (operation.op == Op::kPut) return false;
  if (reply.status == 404 || reply.status == 410) return true;
  // Such a server answers a HEAD, if only with this.
  const bool no_head = paths_ == HttpPaths::kGoCacher && operation.op == Op::kHead &&
                       (reply.status == 400 || reply.status == 405);
  return no_head || is_folder(operation, reply);
}

Judgement HttpDialect::judge_good(const Operation& operation, const net::Reply& reply) const {
  if (operation.op == Op::kList && reply.status != 207) {
    return failed(operation, Fault::kInvalid, "the server has no listing (WebDAV's PROPFIND)");
  }
  if (operation.op != Op::kGet) return {};
  if (reply.status != 200 && reply.status != 206) {
    return failed(operation, Fault::kCorrupt, fmt::format("{} is no answer", reply.status));
  }
  if (!operation.range) {
    if (reply.status == 200) return {};
    return failed(operation, Fault::kCorrupt, "a part where the whole was asked for");
  }
  if (gives_range(reply, *operation.range)) return {};
  return failed(operation, Fault::kCorrupt,
                reply.status == 200 ? "the server has no ranges: add ?ranges=false to the URL"
                                    : "another range than the one asked for");
}

Judgement HttpDialect::judge_bad(const Operation& operation, const net::Reply& reply) const {
  const int status = reply.status;
  std::string why = fmt::format("{}", status);
  if (operation.op == Op::kList && (status == 400 || status == 405 || status == 501)) {
    return failed(
        operation, Fault::kInvalid,
        why + ": the server has no listing (WebDAV's PROPFIND); remove what is old there");
  }
  if (status >= 300 && status < 400) {
    // Not followed: whoever it is has not been asked whether he may see what we would send.
    const auto to = net::parse_url(net::find_header(reply.headers, "Location"));
    why += to ? fmt::format(": it sends us to {}://{}; name that, if it is meant", to->scheme,
                            to->authority())
              : ": it sends us elsewhere";
  } else if (status == 409 && operation.op == Op::kPut) {
    why += ": the folder is not there, and the server makes none: docs/backends/http.md";
  } else if (status == 413) {
    why += ": larger than the server takes";
  }
  Judgement judgement = failed(operation, fault_of(status), why);
  if (judgement.error.fault == Fault::kUnavailable) {
    judgement.error.retry_after = retry_after(reply);
  }
  return judgement;
}

Judgement HttpDialect::judge(const Operation& operation, const net::Reply& reply) const {
  if (reply.status >= 200 && reply.status < 300) return judge_good(operation, reply);
  if (is_absent(operation, reply)) return {.verdict = Verdict::kAbsent};
  const bool conditional = operation.put.if_absent || !operation.put.if_version.empty();
  if (operation.op == Op::kPut && conditional && reply.status == 412) {
    return {.verdict = Verdict::kConflict};
  }
  return judge_bad(operation, reply);
}

base::Result<Page> HttpDialect::read_page(const Operation& operation,
                                          const std::string& body) const {
  std::string folder(folder_of(operation.key)), rest;
  if (!operation.page.empty()) {
    const std::size_t end = operation.page.find('\n');
    folder = operation.page.substr(1, end - 1);
    rest = operation.page.substr(end + 1);
  }
  Page page;
  if (!body.empty()) {
    auto listed = parse_multistatus(body);
    if (!listed) {
      return base::Error{listed.error().fault,
                         fmt::format("{}: list: {}", base_.text(), listed.error().message)};
    }
    const std::string here = net::percent_decode(base_.path).value_or("") + "/" + folder;
    for (const XmlEntry& entry : *listed) {
      // Only what lies in this very folder, whatever the server says.
      if (!entry.path.starts_with(here)) continue;
      std::string name = entry.path.substr(here.size());
      while (name.ends_with('/')) name.pop_back();
      const std::string key = folder + name;
      if (name.empty() || name.find('/') != std::string::npos || !is_key(key)) continue;
      if (entry.folder) {
        const std::string below = key + "/";
        const bool wanted = below.starts_with(operation.key) || operation.key.starts_with(below);
        if (wanted && below.size() < kLongestFolder) page.next += "/" + below + "\n";
      } else if (key.starts_with(operation.key)) {
        page.objects.push_back({key, entry.size, entry.modified});
      }
    }
  }
  page.next += rest;
  return page;
}

}  // namespace

std::unique_ptr<const Dialect> make_http_dialect(net::Url base, HttpPaths paths) {
  return std::make_unique<HttpDialect>(std::move(base), paths);
}

}  // namespace gopouch::object
