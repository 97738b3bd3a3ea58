// The HTTP server: requests in, replies out, bodies streamed both ways.
//
// HTTP/1.1 (RFC 9110, 9112) on TCP and Unix sockets, many connections on one loop, which is a
// secret of this module, the only one that includes Boost. A handler runs on a thread of its own,
// as straight code that blocks, for as long as a request is not answered; a connection that waits
// has none. Who asks too slowly, or takes too slowly, is hung up on.
//
// Nothing here knows what the paths mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "net/net.h"

namespace gopouch::crypto {
class ServerContext;
}  // namespace gopouch::crypto

namespace gopouch::http {

struct Request {
  std::string method;
  // Of a request as a forward proxy gets it (RFC 9112, 3.2.2 and 3.2.3): "http" and "host:8080", as
  // they came; of CONNECT no scheme and no path; within what CONNECT led to, "https" and what that
  // named. Both empty: it is for this server.
  std::string scheme, authority;
  std::string path;   // as it came, escapes and all; begins with "/"
  std::string query;  // behind "?"; empty: none
  std::vector<net::Header> headers;
  std::optional<std::int64_t> length;  // of the body, where that was said
  std::string peer;                    // "192.0.2.1:40000", "unix"
};

struct Head {
  int status = 200;
  std::vector<net::Header> headers = {};  // beside Content-Length, Date and Connection
};

// One request and its reply. For the thread of the handler.
class Exchange {
 public:
  const Request& request() const;

  // The next bytes of the request's body; 0: it has ended. The error: the client has gone, or
  // was too slow.
  base::Result<std::size_t> read(std::span<char> space);

  // The reply, in one of three ways, of which one is called, once. None: 500. To HEAD no body is
  // sent, whatever is given. What is not sent before the handler returns is sent after it.
  void send(Head head, std::string body);
  void send_file(Head head, base::Fd file, std::int64_t offset, std::int64_t size);
  // In pieces; false: nobody takes them any more. Without a size, the end of the handler is the end
  // of the body; with one, a body that is shorter is cut, so that the client can tell.
  bool begin(Head head, std::optional<std::int64_t> size);
  bool write(std::string_view bytes);
  // To CONNECT, in place of a reply: 200, then TLS with this greeting, and requests in it. False:
  // the connection is within TLS already, and wants a reply.
  bool secure(std::shared_ptr<const crypto::ServerContext> greeting);
  // To CONNECT, in place of a reply: 200, and the connection is the caller's. None: the client has
  // gone, or the connection is within TLS.
  base::Fd take_over();
  // A word for the log: "hit".
  void note(std::string_view word);
  // Lets the client see that the body is not whole.
  void cut();

 private:
  friend class Server;
  struct Rep;
  explicit Exchange(Rep& rep) : rep_(rep) {}
  Rep& rep_;
};

// Must not throw. Called on many threads at once.
using Handler = std::function<void(Exchange&)>;

// All paths that are `prefix` or begin with it and a "/"; the longest one that fits counts. "" fits
// all.
struct Route {
  std::string prefix;
  Handler handler;
};

// A request that has been dealt with.
struct Done {
  const Request& request;
  int status = 0;          // 0: the client went before there was one
  std::int64_t bytes = 0;  // of the reply's body
  bool whole = true;       // all of it went out
  std::string_view route;  // its prefix; empty: none, or that of all
  std::string_view note;   // what the handler noted
  std::chrono::microseconds time{0};
};

struct Options {
  std::chrono::milliseconds header_time{
      10'000};                                  // from the first byte of a request to its last line
  std::chrono::milliseconds idle_time{90'000};  // between two requests
  std::chrono::milliseconds piece_time{30'000};  // for up to 64 KiB of a body, either way
  std::uint32_t header_limit = 32U << 10U;
  std::size_t connections = 10'000;
  // How each new connection is greeted, within header_time; null: without TLS. On the loop's
  // thread.
  std::function<std::shared_ptr<const crypto::ServerContext>()> tls = {};
  Handler forward = {};       // of requests as a forward proxy gets them; null: they are refused
  std::size_t threads = 256;  // requests that are being answered at once; others wait
  std::function<void(const Done&)> on_done = {};  // on the loop's thread
};

// Safe for concurrent use.
class Server {
 public:
  // Routes must outlive it, in what they refer to.
  Server(net::Listener listener, std::vector<Route> routes, Options options);
  ~Server();  // stops at once, and waits for the handlers to end

  const net::Address& address() const;

  // Takes no more requests, and waits for those that are being answered until `deadline`; then
  // hangs up on their clients.
  void stop(std::chrono::steady_clock::time_point deadline);

 private:
  friend class Exchange;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// As send_file() of a file's first `size` bytes with a head of status 200, or the part of them that
// the request asks for (RFC 9110, 14: one range of bytes; more are answered with all). A "Range"
// with an "If-Range" is heeded where that is the head's ETag.
void send_part(Exchange& exchange, Head head, base::Fd file, std::int64_t size);

// What a "Range" asks for of `size` bytes.
struct Range {
  enum class Kind { kAll, kPart, kNothing } kind = Kind::kAll;  // kNothing: it lies behind the end
  std::int64_t offset = 0, size = 0;
};
Range parse_range(std::string_view range, std::int64_t size);

// The header that tells of kPart or kNothing, of `size` bytes.
net::Header content_range(const Range& range, std::int64_t size);

// GET and HEAD; else it is answered that these are what may be asked.
bool only_reads(Exchange& exchange);

// The "Via" of a proxy's own requests, by which they are known should they come back to it (RFC
// 9110, 7.6.3). Safe for concurrent use.
class ViaName {
 public:
  ViaName();  // of chance

  net::Header header() const { return {"Via", value_}; }
  bool is_in(std::span<const net::Header> headers) const;

 private:
  const std::string value_;
};

// Of a request whose upstream gave no reply: 504, 503 or 502, and a line for people.
int gateway_status(const base::Error& error);
std::string gateway_text(const base::Error& error);

// "OK" for 200; empty where there is no word for it.
std::string_view reason(int status);

// The media type of an error's text and of other words for people.
inline const net::Header kPlainText{"Content-Type", "text/plain; charset=utf-8"};

// Replies with a line for people, which `text` is without its end.
void send_line(Exchange& exchange, int status, std::string_view text);

}  // namespace gopouch::http
