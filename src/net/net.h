// The HTTP client: requests out, replies back, blocking for the caller and multiplexed underneath.
//
// One loop thread drives libcurl's multi interface for all callers, with connections kept alive; it
// is a secret of client.cc, the only file that includes curl/curl.h. libcurl is loaded (dlopen)
// when the first request is sent: linked in, it would cost every go command 3.4 ms at its start.
//
// HTTP/1.1, http_proxy and its kin as curl reads them, no redirect followed, nothing retried (that
// is object/'s business). Nothing here knows what the requests are for.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "net/address.h"

namespace gopouch::net {

struct Host {
  std::string name;  // as Url::host
  int port = 0;      // as Url::port
};

struct Url {
  std::string scheme;            // lower case
  std::string user, password;    // percent-decoded; empty: none
  std::string host;              // lower case; an IPv6 address without its brackets
  int port = 0;                  // 0: the scheme's own
  std::vector<Host> more_hosts;  // behind the first one and a comma
  std::string path;              // as written: "" or "/…"
  std::string query;             // as written, without "?"

  // "host", "host:8080", "[::1]:8080": what the Host header says; the first one's.
  std::string authority() const;
  // Without user and password: fit for requests and messages.
  std::string text() const;
};

// RFC 3986 with an authority ("scheme://host…"); no fragment. The error shows no password. Several
// hosts, with commas between them, only where they are asked for: no server is named so.
enum class Hosts { kOne, kSeveral };
base::Result<Url> parse_url(std::string_view text, Hosts hosts = Hosts::kOne);

// Whether a host is this very machine: 127.…, ::1, localhost. Nothing is looked up.
bool is_loopback(const std::string& host);

// Percent-encodes all but unreserved characters (RFC 3986, 2.3: letters, digits, - . _ ~) and those
// in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});
// nullopt for a bad escape.
std::optional<std::string> percent_decode(std::string_view text);

struct Header {
  std::string name, value;
};

// Whether both name one header: upper and lower case are the same.
bool same_name(std::string_view a, std::string_view b);

// The value of the first header of that name; empty: none.
std::string_view find_header(std::span<const Header> headers, std::string_view name);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), or one of the two obsolete forms.
std::optional<std::chrono::sys_seconds> parse_http_time(std::string_view text);
std::string http_time(std::chrono::sys_seconds time);

// What a request carries: bytes in memory, or a part of a file. Neither is copied; both must live
// until the reply is there.
struct Body {
  std::span<const std::uint8_t> bytes = {};
  int fd = -1;  // ≥ 0: `size` bytes of this file from `offset` on, read with pread
  std::int64_t offset = 0, size = 0;
  std::atomic<std::int64_t>* sent = nullptr;  // where the bytes are counted as they leave
};

// Takes the body of a reply in pieces, on the thread that called send(). False ends the transfer
// with kStopped.
using Sink = std::function<bool(std::span<const std::uint8_t> piece)>;

struct Reply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
};

struct Request {
  std::string method = "GET";
  Url url;
  std::vector<Header> headers;  // beside Host and Content-Length, which are made here
  std::optional<Body> body;     // PUT and POST; of length 0 where there is none
  // Where the body of a reply with status 200 or 206 goes. Null: into Reply::body.
  Sink sink;
  std::size_t body_limit = std::size_t{1} << 20U;  // for Reply::body; more is kCorrupt
  // Called once, before the sink is, with status and headers; the body goes to the sink then,
  // whatever the status, and soon after it came. REQUIRES: a sink.
  std::function<void(const Reply& head)> on_head = {};
};

struct Options {
  std::chrono::milliseconds connect_timeout{2000};
  // From the request sent to the first byte of the reply; a body takes its store longer.
  std::chrono::milliseconds first_byte_timeout{2000};
  std::chrono::milliseconds body_taken_timeout{10'000};
  // Fewer than stall_bytes either way in this time: a drip is as bad as nothing.
  std::chrono::milliseconds stall_timeout{3000};
  std::int64_t stall_bytes = 1024;
  // PEM, to trust beside the system's: those are the folder, where its files are named by their
  // hashes. Where they are not, the system's are what libcurl was built with, and a file of ours
  // takes the place of its bundle.
  std::string ca_file;
  std::string ca_folder = "/etc/ssl/certs";
  // Who we are to a server that asks for a certificate, PEM; empty: nobody. The key may stand in
  // the certificate's file.
  std::string certificate_file, key_file;
  std::size_t connections_per_host = 64;
  std::size_t connections = 128;  // in all
  std::string user_agent = "gopouch/" GOPOUCH_VERSION;
};

// Safe for concurrent use. No method throws.
class Client {
 public:
  explicit Client(Options options = {});
  ~Client();  // what is in flight ends with kStopped
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The reply, whatever its status; or why there is none: kUnavailable (refused, torn, no libcurl),
  // kTimeout (one of the times above, or the call's), kStopped, kInvalid (a certificate or URL that
  // will never do), kCorrupt (a body above its limit, headers above 64 KiB).
  base::Result<Reply> send(const Request& request, const base::Call& call);

  // All at once; `on_reply` is called once for each, with its index, in any order, on this thread,
  // and so are the sinks.
  using OnReply = std::function<void(std::size_t index, base::Result<Reply> reply)>;
  void send(std::span<const Request> requests, const base::Call& call, const OnReply& on_reply);

 private:
  class Loop;
  const Options options_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace gopouch::net
