// A small HTTP/1.1 server on 127.0.0.1 for tests, which can also misbehave.
//
// One thread a connection, keep-alive, no TLS, request bodies by Content-Length only. The handler
// says how each request is answered, or how it is not.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gopouch::test {

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: path and query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // its first 16 MiB
  std::size_t body_size = 0;
  int connection = 0;  // 0 for the server's first, and so on

  // The value of the first header of that name; empty: none.
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) {
        return value;
      }
    }
    return {};
  }
  std::string path() const { return target.substr(0, target.find('?')); }
  std::string query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? "" : target.substr(mark + 1);
  }
};

struct HttpReply {
  enum class Mode {
    kWhole,       // as it should be
    kClose,       // the connection ends without an answer
    kHang,        // nothing, until the client or the server ends
    kReset,       // head and half of the body, then a reset
    kHangInBody,  // head and half of the body, then nothing
    kDrip,        // head, then one byte of the body each `drip`
    kRaw,         // `body` is all that is sent; then the connection ends
  };

  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside Content-Length
  Mode mode = Mode::kWhole;
  std::chrono::milliseconds delay{0};  // before the first byte
  std::chrono::milliseconds drip{50};
  std::optional<std::size_t> content_length =
      std::nullopt;        // a wrong one; then the connection ends
  std::size_t repeat = 1;  // the body is sent this many times over
  bool chunked = false;    // in place of Content-Length
};

// A proxy that this machine may need has no way to us.
inline const bool kNoProxy = [] {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::unsetenv(name);
  }
  return true;
}();

// Handlers run on many threads at once.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;
  // Asked when the head of a request is there and its body is not; a reply ends the connection
  // without the body being read.
  using OnHead = std::function<std::optional<HttpReply>(const HttpRequest&)>;

  explicit HttpServer(Handler handler, OnHead on_head = {})
      : handler_(std::move(handler)), on_head_(std::move(on_head)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 256) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~HttpServer() { stop(); }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Ends all connections and listens no more; the port refuses from here on.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(stopping_, true)) return;
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    stopped_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const { return port_; }
  // "http://127.0.0.1:1234"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // What was asked so far, in order of arrival, each when its body was there.
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  int connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
  }
  // From here on requests are only counted, and of their bodies the handler sees the first 64 KiB:
  // for many or large ones.
  void forget() {
    const std::lock_guard lock(mutex_);
    keep_ = false;
    requests_.clear();
  }

 private:
  // A connection while it is served.
  struct Peer {
    int socket;
    int number;
    std::string read = {};  // what came and was not used yet
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void accept_all() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      if (stopping_ || socket < 0) {
        if (socket >= 0) ::close(socket);
        return;
      }
      const int one = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket, number = connections_++] {
        Peer peer{socket, number};
        while (serve_one(peer)) {
        }
        const std::lock_guard guard(mutex_);
        std::erase(sockets_, socket);
        ::close(socket);
      });
    }
  }

  // False: the connection is done with.
  bool serve_one(Peer& peer) {
    HttpRequest request;
    request.connection = peer.number;
    if (!read_head(peer, request)) return false;
    if (on_head_) {
      if (const auto reply = on_head_(request)) {
        answer(peer, request, *reply);
        return false;
      }
    }
    if (!read_body(peer, request)) return false;
    {
      const std::lock_guard lock(mutex_);
      ++count_;
      if (keep_) requests_.push_back(request);
    }
    return answer(peer, request, handler_(request)) && request.header("Connection") != "close";
  }

  static bool fill(Peer& peer) {
    char buffer[65536];  // NOLINT
    const ssize_t size = ::recv(peer.socket, buffer, sizeof buffer, 0);
    if (size <= 0) return false;
    peer.read.append(buffer, static_cast<std::size_t>(size));
    return true;
  }

  static bool read_head(Peer& peer, HttpRequest& request) {
    std::size_t end = 0;
    while ((end = peer.read.find("\r\n\r\n")) == std::string::npos) {
      if (!fill(peer)) return false;
    }
    std::string_view head = std::string_view(peer.read).substr(0, end + 2);
    const auto line = [&] {
      const std::string_view first = head.substr(0, head.find("\r\n"));
      head.remove_prefix(first.size() + 2);
      return first;
    };
    const std::string_view first = line();
    const std::size_t space = first.find(' ');
    const std::size_t last = first.rfind(' ');
    if (space == std::string_view::npos || last == space) return false;
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, last - space - 1);
    while (!head.empty()) {
      const std::string_view field = line();
      const std::size_t colon = field.find(':');
      if (colon == std::string_view::npos) return false;
      std::string_view value = field.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      request.headers.emplace_back(field.substr(0, colon), value);
    }
    peer.read.erase(0, end + 4);
    return true;
  }

  bool read_body(Peer& peer, HttpRequest& request) const {
    const std::size_t kept = keep_ ? std::size_t{16} << 20U : std::size_t{64} << 10U;
    const std::size_t size = std::strtoull(request.header("Content-Length").c_str(), nullptr, 10);
    while (true) {
      const std::size_t used = std::min(peer.read.size(), size - request.body_size);
      request.body.append(peer.read, 0, std::min(used, kept - request.body.size()));
      request.body_size += used;
      peer.read.erase(0, used);
      if (request.body_size == size) return true;
      if (!fill(peer)) return false;
    }
  }

  static bool send_all(const Peer& peer, std::string_view text) {
    while (!text.empty()) {
      const ssize_t size = ::send(peer.socket, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  // False when the server stops meanwhile.
  bool sleep(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stopped_.wait_for(lock, time, [this] { return stopping_; });
  }

  // Until the client goes or the server stops.
  static void hang(Peer& peer) {
    while (fill(peer)) peer.read.clear();
  }

  static std::string head_of(const HttpReply& reply) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Text\r\n";
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    if (reply.chunked) {
      head += "Transfer-Encoding: chunked\r\n";
    } else if (reply.status != 204 && reply.status != 304) {
      const std::size_t size = reply.content_length.value_or(reply.body.size() * reply.repeat);
      head += "Content-Length: " + std::to_string(size) + "\r\n";
    }
    return head + "\r\n";
  }

  // False: the connection is done with.
  bool answer(Peer& peer, const HttpRequest& request, const HttpReply& reply) {
    using Mode = HttpReply::Mode;
    if (reply.delay.count() > 0 && !sleep(reply.delay)) return false;
    if (reply.mode == Mode::kClose) return false;
    if (reply.mode == Mode::kHang) {
      hang(peer);
      return false;
    }
    if (reply.mode == Mode::kRaw) {
      send_all(peer, reply.body);
      return false;
    }
    const std::string head = head_of(reply);
    if (request.method == "HEAD" || reply.status == 204 || reply.status == 304) {
      return send_all(peer, head);
    }
    const std::string_view body = reply.body;
    switch (reply.mode) {
      case Mode::kReset: {
        send_all(peer, head);
        send_all(peer, body.substr(0, body.size() / 2));
        sleep(std::chrono::milliseconds(50));  // a reset overtakes what was not read yet
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(peer.socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return false;
      }
      case Mode::kHangInBody:
        send_all(peer, head);
        send_all(peer, body.substr(0, body.size() / 2));
        hang(peer);
        return false;
      case Mode::kDrip:
        if (!send_all(peer, head)) return false;
        for (const char byte : body) {
          if (!sleep(reply.drip) || !send_all(peer, {&byte, 1})) return false;
        }
        return true;
      default:
        return send_whole(peer, head, reply) && !reply.content_length;
    }
  }

  static bool send_whole(const Peer& peer, const std::string& head, const HttpReply& reply) {
    if (reply.repeat == 1 && !reply.chunked && reply.body.size() < 65536) {
      return send_all(peer, head + reply.body);
    }
    if (!send_all(peer, head)) return false;
    for (std::size_t i = 0; i < reply.repeat; ++i) {
      if (!reply.chunked) {
        if (!send_all(peer, reply.body)) return false;
      } else if (!reply.body.empty()) {
        char size[32];  // NOLINT
        const int digits = std::snprintf(size, sizeof size, "%zx\r\n", reply.body.size());
        if (!send_all(peer, {size, static_cast<std::size_t>(digits)}) ||
            !send_all(peer, reply.body) || !send_all(peer, "\r\n")) {
          return false;
        }
      }
    }
    return !reply.chunked || send_all(peer, "0\r\n\r\n");
  }

  const Handler handler_;
  const OnHead on_head_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::atomic<bool> keep_ = true;
  std::vector<int> sockets_;  // of the connections that are open
  std::vector<HttpRequest> requests_;
  std::size_t count_ = 0;
  int connections_ = 0;
  std::vector<std::thread> threads_;  // of the acceptor's thread alone until it is joined
  std::thread acceptor_;
};

}  // namespace gopouch::test
