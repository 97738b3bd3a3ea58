// A server that understands Redis' commands and answers them as a test wants, which may be badly.
//
// One thread a connection. The answers are raw bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace gopouch::test {

struct FakeAnswer {
  std::string bytes = "+OK\r\n";
  bool close = false;                  // the connection ends behind them
  bool hang = false;                   // nothing more is said or read, until the server ends
  std::chrono::milliseconds delay{0};  // before the first byte
  std::chrono::milliseconds drip{0};   // between two bytes; 0: all at once
  std::size_t drip_from = 0;           // the bytes before go at once
};

class FakeRedis {
 public:
  using Words = std::vector<std::string>;
  // Called on many threads at once. CLIENT and CLUSTER are answered here, unless `all` is asked
  // for.
  using Handler = std::function<FakeAnswer(const Words& words)>;

  explicit FakeRedis(Handler handler, bool all = false) : handler_(std::move(handler)), all_(all) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 256) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~FakeRedis() { stop(); }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  void stop() {
    if (stopping_.exchange(true)) return;
    ::shutdown(listener_, SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listener_);
  }

  int port() const { return port_; }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  std::string url(std::string_view rest = "/ci") const {
    return fmt::format("redis://{}{}", address(), rest);
  }
  int connections() const { return connections_; }
  // Commands that the handler was asked.
  int count() const { return count_; }

  static std::string bulk(std::string_view text) {
    return fmt::format("${}\r\n{}\r\n", text.size(), text);
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) {
        if (stopping_) return;
        continue;
      }
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ++connections_;
      const std::lock_guard lock(mutex_);
      if (stopping_) ::shutdown(socket, SHUT_RDWR);
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket] { serve(socket); });
    }
  }

  // The next command; nullopt: the connection has ended.
  static std::optional<Words> read_command(int socket, std::string& in) {
    const auto more = [&] {
      char space[65536];  // NOLINT
      const ssize_t size = ::recv(socket, space, sizeof space, 0);
      if (size > 0) in.append(space, static_cast<std::size_t>(size));
      return size > 0;
    };
    const auto line = [&]() -> std::optional<long> {
      std::size_t end = 0;
      while ((end = in.find("\r\n")) == std::string::npos) {
        if (!more()) return std::nullopt;
      }
      const long number = std::atol(in.c_str() + 1);  // NOLINT
      in.erase(0, end + 2);
      return number;
    };
    const auto count = line();
    if (!count) return std::nullopt;
    Words words;
    for (long i = 0; i < *count; ++i) {
      const auto size = line();
      if (!size) return std::nullopt;
      while (in.size() < static_cast<std::size_t>(*size) + 2) {
        if (!more()) return std::nullopt;
      }
      words.push_back(in.substr(0, static_cast<std::size_t>(*size)));
      in.erase(0, static_cast<std::size_t>(*size) + 2);
    }
    return words;
  }

  void serve(int socket) {
    std::string in;
    while (const auto words = read_command(socket, in)) {
      FakeAnswer answer;
      const bool ours = !all_ && (words->front() == "CLIENT" || words->front() == "CLUSTER");
      if (ours) {
        if (words->front() == "CLUSTER") {
          answer.bytes = "-ERR This instance has cluster support disabled\r\n";
        }
      } else {
        ++count_;
        answer = handler_(*words);
      }
      pause(answer.delay);
      if (!say(socket, answer)) break;
      if (answer.close) break;
      if (answer.hang) {
        while (!stopping_) pause(std::chrono::milliseconds(10));
        break;
      }
    }
    ::shutdown(socket, SHUT_RDWR);
  }

  bool say(int socket, const FakeAnswer& answer) {
    const std::string& bytes = answer.bytes;
    const std::size_t whole = answer.drip.count() == 0 ? bytes.size() : answer.drip_from;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = at < whole ? whole - at : 1;
      const ssize_t sent = ::send(socket, bytes.data() + at, size, MSG_NOSIGNAL);
      if (sent <= 0 || stopping_) return false;
      at += static_cast<std::size_t>(sent);
      if (at >= whole) pause(answer.drip);
    }
    return true;
  }

  static void pause(std::chrono::milliseconds time) {
    if (time.count() > 0) std::this_thread::sleep_for(time);
  }

  const Handler handler_;
  const bool all_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0, count_ = 0;
  std::mutex mutex_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace gopouch::test
