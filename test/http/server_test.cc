#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "http/http.h"
#include "test/support/certificate.h"
#include "test/support/temp_dir.h"

namespace gopouch::http {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kTime{20'000};

// A client that says what it is told, byte for byte.
class Peer {
 public:
  explicit Peer(const net::Address& address)
      : socket_(*net::dial(address, base::Call::within(kTime))) {}
  void say(std::string_view text) {
    EXPECT_TRUE(base::write_all(socket_.get(), base::bytes_of(text)).ok());
  }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }
  void go() { socket_.reset(); }

  // All that comes until `end`, or until the server hangs up.
  std::string hear(std::string_view end = "\x01nothing ends so") {
    while (heard_.find(end) == std::string::npos) {
      if (!listen()) return std::exchange(heard_, {});
    }
    const std::size_t at = heard_.find(end) + end.size();
    const std::string text = heard_.substr(0, at);
    heard_.erase(0, at);
    return text;
  }
  // "200 body"
  std::string ask(std::string_view request) {
    say(request);
    return reply();
  }
  std::string reply() {
    const std::string head = hear("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    std::string body;
    const auto size = static_cast<std::size_t>(std::atoi(head.c_str() + at + 16));
    while (heard_.size() < size && listen()) {
    }
    body = heard_.substr(0, size);
    heard_.erase(0, body.size());
    return head.substr(9, 3) + " " + body;
  }

 private:
  bool listen() {
    pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(kTime.count())) <= 0) {
      heard_ += "(and no more came)";
      return false;
    }
    std::string piece(65536, '\0');
    const ssize_t size = ::read(socket_.get(), piece.data(), piece.size());
    if (size > 0) heard_.append(piece, 0, static_cast<std::size_t>(size));
    return size > 0;
  }

  base::Fd socket_;
  std::string heard_;
};

std::string get(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path);
}

class ServerTest : public testing::Test {
 protected:
  Server& start(Options options = {}, std::string_view where = "0") {
    options.on_done = [this](const Done& done) {
      last_status_ = done.status;
      last_bytes_ = done.bytes;
      whole_ = done.whole;
      ++done_;
    };
    std::vector<Route> routes;
    routes.push_back({"/echo", [](Exchange& exchange) {
                        std::string all, piece(1000, '\0');
                        while (true) {
                          const auto got = exchange.read(piece);
                          if (!got) return exchange.cut();
                          if (*got == 0) break;
                          all.append(piece, 0, *got);
                        }
                        exchange.send({}, exchange.request().method + " " + all);
                      }});
    routes.push_back({"/path", [](Exchange& exchange) {
                        exchange.send({}, exchange.request().path + " " + exchange.request().query);
                      }});
    routes.push_back({"/path/deep", [](Exchange& exchange) { exchange.send({}, "deep"); }});
    routes.push_back({"/ignore", [](Exchange& exchange) { exchange.send({}, "ok"); }});
    routes.push_back({"/none", [](Exchange&) {}});
    routes.push_back({"/pieces", [](Exchange& exchange) {
                        const bool sized = exchange.request().query == "sized";
                        exchange.begin({}, sized ? std::optional<std::int64_t>(6) : std::nullopt);
                        for (const char* const piece : {"ab", "", "cd", "ef"})
                          exchange.write(piece);
                      }});
    routes.push_back({"/short", [](Exchange& exchange) {
                        exchange.begin({}, 6);
                        exchange.write("abc");
                      }});
    routes.push_back({"/cut", [](Exchange& exchange) {
                        exchange.begin({}, std::nullopt);
                        exchange.write("abc");
                        exchange.cut();
                      }});
    routes.push_back({"/endless", [this](Exchange& exchange) {
                        exchange.begin({}, std::nullopt);
                        while (exchange.write(std::string(100'000, 'x'))) {
                        }
                        ++gave_up_;
                      }});
    routes.push_back({"/slow", [](Exchange& exchange) {
                        std::this_thread::sleep_for(milliseconds(200));
                        exchange.send({}, "slow");
                      }});
    routes.push_back({"/file", [this](Exchange& exchange) {
                        base::Fd file(::open((folder_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
                        exchange.send_file({206, {{"X-Y", "z"}}}, std::move(file), 2, 200'000);
                      }});
    auto listener = net::Listener::open(*net::parse_address(where));
    server_ = std::make_unique<Server>(std::move(*listener), std::move(routes), options);
    return *server_;
  }
  Peer peer() { return Peer(server_->address()); }
  void wait_done(int count) {
    for (int i = 0; i < 2000 && done_ < count; ++i) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_GE(done_, count);
  }

  const test::TempDir folder_;
  std::atomic<int> done_ = 0, last_status_ = 0, gave_up_ = 0;
  std::atomic<std::int64_t> last_bytes_ = 0;
  std::atomic<bool> whole_ = true;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, HandsOnWhatAForwardProxyIsAsked) {
  Options options;
  options.forward = [](Exchange& exchange) {
    const Request& request = exchange.request();
    if (request.method != "CONNECT") {
      return exchange.send({}, request.scheme + " " + request.authority + " " + request.path);
    }
    if (request.authority == "no:1") return exchange.send({403, {}}, "no");
    const base::Fd client = exchange.take_over();
    EXPECT_TRUE(base::write_all(client.get(), base::bytes_of("raw bytes")).ok());
  };
  Peer peer(start(std::move(options)).address());
  EXPECT_EQ(peer.ask("GET http://a:1/x HTTP/1.1\r\nHost: b\r\n\r\n"), "200 http a:1 /x");
  EXPECT_EQ(peer.ask("GET https://a/x HTTP/1.1\r\nHost: a\r\n\r\n").substr(0, 3), "400");
  Peer other(server_->address());
  EXPECT_EQ(other.ask(get("/path")), "200 /path ");
  EXPECT_EQ(other.ask("CONNECT no:1 HTTP/1.1\r\nHost: no:1\r\n\r\n"), "403 no");
  other.say("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
  EXPECT_EQ(other.hear(), "HTTP/1.1 200 Connection established\r\n\r\nraw bytes");
}

TEST_F(ServerTest, AnswersOnConnectionsThatStay) {
  start();
  Peer one = peer();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(one.ask(get("/path/x%2Fy?q=%20")), "200 /path/x%2Fy q=%20");
  one.say(get("/path") + get("/path/deep/er") + get("/path/deeper"));
  EXPECT_EQ(one.reply(), "200 /path ");
  EXPECT_EQ(one.reply(), "200 deep");
  EXPECT_EQ(one.reply(), "200 /path/deeper ");
  EXPECT_EQ(one.ask(get("/pathology")), "404 not found\n");
  EXPECT_EQ(one.ask(get("/none")), "500 no answer\n");
  wait_done(8);
  EXPECT_EQ(last_status_, 500);
}

TEST_F(ServerTest, AnswersOnAUnixSocket) {
  start({}, "unix:" + (folder_ / "socket").string());
  EXPECT_EQ(peer().ask(get("/path")), "200 /path ");
}

TEST_F(ServerTest, HangsUpWhereThatIsWanted) {
  start();
  Peer one = peer();
  one.say("GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(one.hear().find("\r\nConnection: close\r\n"), std::string::npos);
  Peer old = peer();
  old.say("GET /path HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.hear().ends_with("\r\n\r\n/path "));
}

TEST_F(ServerTest, ReadsBodiesInAnyForm) {
  start();
  Peer one = peer();
  EXPECT_EQ(one.ask("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
            "200 PUT hello");
  EXPECT_EQ(one.ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
            "200 POST abcde");
  one.say("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(one.hear("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(one.ask("hi"), "200 PUT hi");
  const std::string large(3'000'000, 'L');
  EXPECT_EQ(one.ask("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + large),
            "200 PUT " + large);
}

TEST_F(ServerTest, GoesOnBehindABodyThatNobodyRead) {
  start();
  Peer one = peer();
  EXPECT_EQ(one.ask("PUT /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), "200 ok");
  EXPECT_EQ(one.ask(get("/path")), "200 /path ");
  one.say("PUT /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_NE(one.hear().find("Connection: close"), std::string::npos);
}

TEST_F(ServerTest, StreamsReplies) {
  start();
  Peer one = peer();
  EXPECT_EQ(one.ask(get("/pieces?sized")), "200 abcdef");
  one.say(get("/pieces"));
  EXPECT_TRUE(
      one.hear("0\r\n\r\n").ends_with("\r\n\r\n2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"));
  EXPECT_EQ(one.ask(get("/path")), "200 /path ");
}

TEST_F(ServerTest, LetsTheClientSeeThatABodyIsCut) {
  start();
  Peer one = peer();
  one.say(get("/short"));
  EXPECT_TRUE(one.hear().ends_with("\r\n\r\nabc"));
  Peer other = peer();
  other.say(get("/cut"));
  EXPECT_TRUE(other.hear().ends_with("\r\n\r\n3\r\nabc\r\n"));
  wait_done(2);
  EXPECT_FALSE(whole_);
}

TEST_F(ServerTest, SendsPartsOfFiles) {
  start();
  std::string text(300'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  test::write(folder_ / "file", text);
  Peer one = peer();
  EXPECT_EQ(one.ask(get("/file")), "206 " + text.substr(2, 200'000));
  one.say("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n" + get("/path"));
  const std::string head = one.hear("\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 200000\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Y: z\r\n"), std::string::npos);
  EXPECT_EQ(one.reply(), "200 /path ") << "no body behind the head";
}

TEST_F(ServerTest, RefusesWhatIsNoRequest) {
  start({.header_limit = 2000});
  const auto status = [&](const std::string& request) {
    Peer one = peer();
    one.say(request);
    one.end();
    const std::string reply = one.hear();
    return reply.empty() ? "" : reply.substr(9, 3);
  };
  EXPECT_EQ(status("hello\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), "400");
  EXPECT_EQ(status("PUT /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "400");
  EXPECT_EQ(status("GET /" + std::string(3000, 'x') + " HTTP/1.1\r\n\r\n"), "431");
  EXPECT_EQ(status("GET x HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nA: b"), "400");
}

TEST_F(ServerTest, HangsUpOnWhoIsTooSlow) {
  start({.header_time = milliseconds(100),
         .idle_time = milliseconds(200),
         .piece_time = milliseconds(100)});
  Peer idle = peer();
  EXPECT_EQ(idle.hear(), "");
  Peer head = peer();
  head.say("GET /path HT");
  EXPECT_EQ(head.hear(), "");
  Peer body = peer();
  body.say("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(body.hear(), "");
  Peer taker = peer();
  taker.say(get("/endless"));
  wait_done(2);
  EXPECT_EQ(gave_up_, 1);
  EXPECT_FALSE(whole_);
}

TEST_F(ServerTest, SurvivesClientsThatGo) {
  start();
  for (int i = 0; i < 20; ++i) {
    Peer one = peer();
    one.say(get("/endless"));
    one.hear("xxxx");
    one.go();
    Peer other = peer();
    other.say("PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhe");
    other.go();
  }
  wait_done(40);
  EXPECT_EQ(gave_up_, 20);
  EXPECT_EQ(peer().ask(get("/path")), "200 /path ");
}

TEST_F(ServerTest, EndsWhenWhatItAnswersIsAnswered) {
  start();
  Peer idle = peer();
  EXPECT_EQ(idle.ask(get("/path")), "200 /path ");
  Peer busy = peer();
  busy.say(get("/slow"));
  std::this_thread::sleep_for(milliseconds(50));
  server_->stop(std::chrono::steady_clock::now() + kTime);
  EXPECT_TRUE(busy.hear().ends_with("\r\n\r\nslow"));
  EXPECT_EQ(idle.hear(), "");
}

TEST_F(ServerTest, EndsAtLastWhateverItAnswers) {
  start();
  Peer endless = peer();
  endless.say(get("/endless"));
  endless.hear("xxxx");
  server_->stop(std::chrono::steady_clock::now() + milliseconds(50));
  server_.reset();
  EXPECT_EQ(gave_up_, 1);
}

TEST_F(ServerTest, HasManyConnections) {
  start();
  std::vector<Peer> peers;
  for (int i = 0; i < 300; ++i) peers.push_back(peer());
  for (Peer& one : peers) one.say(get("/path"));
  for (Peer& one : peers) EXPECT_EQ(one.reply(), "200 /path ");
}

// The reply to `request` over TLS; empty: none came.
std::string ask_over_tls(const net::Address& address, const test::Certificate& certificate,
                         const std::string& request) {
  const base::Fd socket = *net::dial(address, base::Call::within(kTime));
  const auto session =
      *crypto::Session::client(*crypto::Trust::load(certificate.file()), "localhost");
  bool shaken = false, asked = false;
  std::string wire(65536, '\0'), reply(65536, '\0'), heard;
  while (true) {
    if (!shaken) shaken = session->shake_hands().ok() && *session->shake_hands();
    if (shaken && !asked) asked = session->write(request).ok();
    EXPECT_TRUE(
        base::write_all(socket.get(), base::bytes_of(std::exchange(session->out(), {}))).ok());
    const auto size = ::read(socket.get(), wire.data(), wire.size());
    if (size <= 0) return heard;
    EXPECT_TRUE(session->take_in(std::span(wire).first(static_cast<std::size_t>(size))));
    while (const auto got = shaken ? session->read(reply) : base::Result<std::size_t>(0)) {
      if (*got == 0) break;
      heard.append(reply, 0, *got);
    }
  }
}

TEST_F(ServerTest, SpeaksTlsWhereThatIsWanted) {
  const test::Certificate certificate, next;
  auto shown = *crypto::ServerContext::make(
      {*crypto::Identity::load(certificate.file(), certificate.key())});
  Options options;
  options.header_time = milliseconds(300);
  options.tls = [&shown] { return shown; };
  start(options);
  const std::string request =
      "PUT /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n";
  const std::string body(200'000, 'b');
  const std::string reply = ask_over_tls(server_->address(), certificate, request + body);
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << reply.substr(0, 100);
  EXPECT_TRUE(reply.ends_with("PUT " + body));
  EXPECT_EQ(peer().ask(get("/path")), "") << "a plain request";
  EXPECT_EQ(peer().hear(), "") << "somebody who says nothing";
  Peer half = peer();
  half.say("\x16\x03\x01\x02");
  EXPECT_EQ(half.hear(), "");
  shown = *crypto::ServerContext::make({*crypto::Identity::load(next.file(), next.key())});
  EXPECT_EQ(ask_over_tls(server_->address(), certificate, request + body), "");
  EXPECT_NE(ask_over_tls(server_->address(), next, request + body), "");
}

}  // namespace
}  // namespace gopouch::http
