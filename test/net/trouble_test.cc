// Servers and networks that do not do what they should, and callers that have had enough.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "net/curl.h"
#include "test/net/fixture.h"

namespace gopouch::net {
namespace {

using base::Fault;

HttpServer::Handler always(HttpReply reply) {
  return [reply = std::move(reply)](const HttpRequest&) { return reply; };
}

void expect(const base::Result<Reply>& reply, Fault fault) {
  ASSERT_FALSE(reply.ok()) << reply->status;
  EXPECT_EQ(reply.error().fault, fault) << reply.error().message;
  EXPECT_TRUE(reply.error().message.find("://127.0.0.1:") != std::string::npos)
      << reply.error().message;
}

TEST(Trouble, NobodyListens) {
  HttpServer server(always({}));
  server.stop();
  Client client(quick());
  const Stopwatch watch;
  Request request = request_to(server, "/key?token=hidden");
  request.url.password = "hidden";
  const auto reply = client.send(request, within(5s));
  expect(reply, Fault::kUnavailable);
  EXPECT_NE(reply.error().message.find("GET http://127.0.0.1:" + std::to_string(server.port()) +
                                       "/key: "),
            std::string::npos);
  EXPECT_EQ(reply.error().message.find("hidden"), std::string::npos) << reply.error().message;
  EXPECT_LT(watch.time(), 1s);
}

TEST(Trouble, NoSuchHost) {
  Client client(quick());
  Request request;
  request.url = *parse_url("http://no-such-host.invalid/");
  const Stopwatch watch;
  const auto reply = client.send(request, within(5s));
  ASSERT_FALSE(reply.ok());
  EXPECT_TRUE(reply.error().fault == Fault::kUnavailable || reply.error().fault == Fault::kTimeout);
  EXPECT_LT(watch.time(), 2s);
}

// A queue that is full lets nobody connect.
TEST(Trouble, ConnectingTakesTooLong) {
  const base::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), any, size), 0);
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  ASSERT_EQ(::getsockname(listener.get(), any, &size), 0);
  std::vector<base::Fd> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(fillers.back().get(), any, size);
  }
  Client client(quick());
  Request request;
  request.url = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  const Stopwatch watch;
  expect(client.send(request, within(5s)), Fault::kTimeout);
  EXPECT_GE(watch.time(), 450ms);
  EXPECT_LT(watch.time(), 1s);
}

TEST(Trouble, NoAnswer) {
  HttpServer server(always({.mode = Mode::kHang}));
  Client client(quick());
  const std::string small = "text";
  for (const Request& request : {request_to(server), upload_to(server, small)}) {
    const Stopwatch watch;
    const auto reply = client.send(request, within(5s));
    expect(reply, Fault::kTimeout);
    EXPECT_GE(watch.time(), 300ms) << request.method;
    EXPECT_LT(watch.time(), 700ms) << request.method;
  }
}

TEST(Trouble, AnAnswerInTimeIsTaken) {
  HttpServer server(always({.body = "late", .delay = 200ms}));
  Client client(quick());
  EXPECT_TRUE(client.send(request_to(server), within(5s)).ok());
}

TEST(Trouble, ABodyHasTimeToBeTakenIn) {
  HttpServer server(always({.delay = 700ms}));
  Client client(quick());
  const std::string text(std::size_t{64} << 10U, 'x');
  EXPECT_TRUE(client.send(upload_to(server, text), within(5s)).ok());
}

TEST(Trouble, AStoreHasLongerForABodyThanForAQuestion) {
  HttpServer server(always({.delay = 400ms}));
  Options options = quick();
  options.first_byte_timeout = 100ms;
  options.body_taken_timeout = 3s;
  Client client(options);
  expect(client.send(request_to(server), within(5s)), Fault::kTimeout);
  EXPECT_TRUE(client.send(upload_to(server, "x"), within(5s)).ok());
}

TEST(Trouble, TheBodyStops) {
  HttpServer server(always({.body = std::string(100'000, 'x'), .mode = Mode::kHangInBody}));
  Client client(quick());
  Request request = request_to(server);
  request.sink = [](auto) { return true; };
  const Stopwatch watch;
  expect(client.send(request, within(5s)), Fault::kTimeout);
  EXPECT_GE(watch.time(), 400ms);
  EXPECT_LT(watch.time(), 900ms);
}

TEST(Trouble, ADripIsAsBadAsNothing) {
  HttpServer server(always({.body = std::string(1000, 'x'), .mode = Mode::kDrip, .drip = 20ms}));
  Client client(quick());
  const Stopwatch watch;
  expect(client.send(request_to(server), within(20s)), Fault::kTimeout);
  EXPECT_LT(watch.time(), 900ms);
}

TEST(Trouble, ASlowBodyThatMovesIsTaken) {
  HttpServer server(always({.body = std::string(200, 'x'), .mode = Mode::kDrip, .drip = 5ms}));
  Options options = quick();
  options.stall_bytes = 20;
  Client client(options);
  const auto reply = client.send(request_to(server), within(20s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body.size(), 200U);
}

TEST(Trouble, NobodyReadsWhatIsSent) {
  HttpServer server(always({}), [](const HttpRequest&) {
    return HttpReply{.mode = Mode::kWhole, .delay = 5s};  // and does not read meanwhile
  });
  Client client(quick());
  const std::string text(std::size_t{20} << 20U, 'x');
  const Stopwatch watch;
  expect(client.send(upload_to(server, text), within(20s)), Fault::kTimeout);
  EXPECT_LT(watch.time(), 2s);
}

// Far more lies in our queue than leaves it in the time for a first byte or a stall.
TEST(Trouble, AThinLineIsNotAServerThatIsSlow) {
  const base::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int small = 4096;
  const int segment = 1000;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  ::setsockopt(listener.get(), IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), any, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), any, &size), 0);
  const std::string text(80'000, 'x');
  const std::jthread reader([&] {
    const base::Fd peer(::accept(listener.get(), nullptr, nullptr));
    std::array<char, 2048> buffer{};
    const std::string_view reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    ::recv(peer.get(), buffer.data(), buffer.size(), 0);
    ::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    for (std::size_t got = 0; got < text.size();) {
      const ssize_t count = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      got += static_cast<std::size_t>(count);
      std::this_thread::sleep_for(70ms);
    }
    ::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    while (::recv(peer.get(), buffer.data(), buffer.size(), 0) > 0) {
    }
  });
  Options options = quick();
  options.body_taken_timeout = 250ms;
  options.stall_timeout = 600ms;
  Client client(options);
  Request request;
  request.url = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  ASSERT_TRUE(client.send(request, within(5s)).ok());  // the connection is there
  request.method = "PUT";
  request.body = Body{.bytes = bytes_of(text)};
  const Stopwatch watch;
  const auto reply = client.send(request, within(20s));
  EXPECT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_GT(watch.time(), 2s);
}

TEST(Trouble, TheConnectionEnds) {
  const std::string body(100'000, 'x');
  const HttpReply replies[] = {
      {.mode = Mode::kClose},
      {.body = body, .mode = Mode::kReset},
      {.body = body, .content_length = body.size() + 1},
      {.body = "HTTP/1.1 200 OK\r\nContent-Le", .mode = Mode::kRaw},
      {.body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .mode = Mode::kRaw},
      {.body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", .mode = Mode::kRaw},
      {.body = "<html>not HTTP at all</html>\r\n\r\n", .mode = Mode::kRaw},
  };
  for (const HttpReply& reply : replies) {
    SCOPED_TRACE(reply.body.substr(0, 50));
    HttpServer server(always(reply));
    Client client(quick());
    for (const bool sink : {false, true}) {
      Request request = request_to(server);
      if (sink) request.sink = [](auto) { return true; };
      expect(client.send(request, within(5s)), Fault::kUnavailable);
    }
  }
}

TEST(Trouble, MoreThanWasAnnouncedIsLeft) {
  HttpServer server(always({.body = "12345", .content_length = 3}));
  Client client(quick());
  EXPECT_EQ(client.send(request_to(server), within(5s))->body, "123");
  EXPECT_EQ(client.send(request_to(server), within(5s))->body, "123");
  EXPECT_EQ(server.connections(), 2);
}

TEST(Trouble, HeadersWithoutEnd) {
  const HttpReply many = [] {
    HttpReply reply;
    for (int i = 0; i < 70; ++i) reply.headers.emplace_back("X", std::string(1000, 'x'));
    return reply;
  }();
  const HttpReply long_one{.headers = {{"X", std::string(70'000, 'x')}}};
  const HttpReply endless{.body = "HTTP/1.1 200 OK\r\nX: " + std::string(500'000, 'x'),
                          .mode = Mode::kRaw};
  const HttpReply fits{.headers = {{"X", std::string(60'000, 'x')}}};
  for (const HttpReply& reply : {many, long_one, endless}) {
    HttpServer server(always(reply));
    Client client(quick());
    expect(client.send(request_to(server), within(5s)), Fault::kCorrupt);
  }
  HttpServer server(always(fits));
  Client client(quick());
  EXPECT_TRUE(client.send(request_to(server), within(5s)).ok());
}

TEST(Trouble, AnInterimReplyIsNotTheReply) {
  HttpServer server(
      always({.body = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n"
                      "Content-Length: 2\r\n\r\nok",
              .mode = Mode::kRaw}));
  Client client(quick());
  const auto reply = client.send(request_to(server), within(5s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->headers.size(), 2U);
  EXPECT_EQ(reply->body, "ok");
}

TEST(Trouble, ARefusalWhileTheBodyIsSentIsSeen) {
  HttpServer server(always({}), [](const HttpRequest&) {
    return HttpReply{.status = 403, .body = "<Code>AccessDenied</Code>"};
  });
  Client client(quick());
  const std::string text(100, 'x');
  const auto reply = client.send(upload_to(server, text), within(5s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 403);
}

TEST(Trouble, AKeptConnectionThatDiedIsReplaced) {
  std::atomic<int> count = 0;
  HttpServer server([&](const HttpRequest& request) {
    if (count++ == 1) return HttpReply{.mode = Mode::kClose};
    return HttpReply{.body = request.body};
  });
  Client client(quick());
  const std::string text(200'000, 'y');
  ASSERT_TRUE(client.send(request_to(server), within(5s)).ok());
  const auto reply = client.send(upload_to(server, text), within(5s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_TRUE(reply->body == text);
  EXPECT_EQ(server.connections(), 2);
}

TEST(Trouble, TheDeadlineEndsIt) {
  HttpServer server(always({.mode = Mode::kHang}));
  Client client;
  for (int round = 0; round < 2; ++round) {
    const Stopwatch watch;
    expect(client.send(request_to(server), within(150ms)), Fault::kTimeout);
    EXPECT_GE(watch.time(), 149ms);
    EXPECT_LT(watch.time(), 250ms);
  }
  expect(client.send(request_to(server), within(-1s)), Fault::kTimeout);
}

TEST(Trouble, TheDeadlineCountsForThoseThatWaitToo) {
  HttpServer server(always({.mode = Mode::kHang}));
  Options options;
  options.connections_per_host = 2;
  Client client(options);
  const std::vector<Request> requests(10, request_to(server));
  int ends = 0;
  const Stopwatch watch;
  client.send(requests, within(150ms), [&](std::size_t, const base::Result<Reply>& reply) {
    expect(reply, Fault::kTimeout);
    ++ends;
  });
  EXPECT_EQ(ends, 10);
  EXPECT_LT(watch.time(), 300ms);
  EXPECT_LE(server.connections(), 2);
}

TEST(Trouble, TheCallerStops) {
  HttpServer server([](const HttpRequest& request) {
    return request.path() == "/body"
               ? HttpReply{.body = std::string(100'000, 'x'), .mode = Mode::kHangInBody}
               : HttpReply{.mode = Mode::kHang};
  });
  Options options;
  options.connections_per_host = 4;
  Client client(options);
  std::vector<Request> requests(8, request_to(server));
  requests[0] = request_to(server, "/body");
  requests[0].sink = [](auto) { return true; };
  std::stop_source stop;
  std::chrono::steady_clock::time_point asked;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(200ms);
    asked = std::chrono::steady_clock::now();
    stop.request_stop();
  });
  int ends = 0;
  client.send(requests, {.stop = stop.get_token()},
              [&](std::size_t, const base::Result<Reply>& reply) {
                expect(reply, Fault::kStopped);
                ++ends;
              });
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 100ms);
  EXPECT_EQ(ends, 8);
  // And where it had stopped before.
  expect(client.send(request_to(server), {.stop = stop.get_token()}), Fault::kStopped);
}

TEST(Trouble, TheClientEnds) {
  HttpServer server(always({.mode = Mode::kHang}));
  auto client = std::make_unique<Client>();
  std::vector<std::jthread> threads;
  std::atomic<int> stopped = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, raw = client.get()] {
      const auto reply = raw->send(request_to(server), within(20s));
      if (!reply.ok() && reply.error().fault == Fault::kStopped) ++stopped;
    });
  }
  while (server.count() < 4) std::this_thread::sleep_for(1ms);
  const Stopwatch watch;
  client.reset();
  threads.clear();
  EXPECT_EQ(stopped, 4);
  EXPECT_LT(watch.time(), 500ms);
}

TEST(Trouble, OthersGoOnBesideOneThatHangs) {
  HttpServer server([](const HttpRequest& request) {
    return request.path() == "/hang" ? HttpReply{.mode = Mode::kHang} : HttpReply{.body = "ok"};
  });
  Client client(quick());
  std::vector<Request> requests{request_to(server, "/hang")};
  for (int i = 0; i < 20; ++i) requests.push_back(request_to(server));
  std::size_t good = 0;
  std::size_t last = 0;
  client.send(requests, within(5s), [&](std::size_t index, const base::Result<Reply>& reply) {
    good += reply.ok();
    last = index;
  });
  EXPECT_EQ(good, 20U);
  EXPECT_EQ(last, 0U);
}

TEST(Trouble, ConnectionsAreClosedInChildren) {
  HttpServer server(always({.body = "ok"}));
  Client client;
  ASSERT_TRUE(client.send(request_to(server), within(5s)).ok());
  for (int fd = 3; fd < 64; ++fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        ntohs(address.sin_port) == server.port()) {
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    }
  }
}

// Those may be let go of while requests are under way.
TEST(Trouble, ConnectionsLeaveTheFirstThreeDescriptorsAlone) {
  HttpServer first(always({.body = "ok"}));
  HttpServer second(always({.body = "ok"}));
  Client client;
  EXPECT_TRUE(client.send(request_to(first), within(5s)).ok());
  const int kept = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
  ::close(0);
  EXPECT_TRUE(client.send(request_to(second), within(5s)).ok());
  sockaddr_in peer{};  // 0 may be the server's end by now
  socklen_t size = sizeof peer;
  const int named = ::getpeername(0, reinterpret_cast<sockaddr*>(&peer), &size);
  EXPECT_TRUE(named != 0 || ntohs(peer.sin_port) != second.port());
  second.stop();
  ::dup2(kept, 0);
  ::close(kept);
}

TEST(LoadCurl, SaysWhatIsMissing) {
  const auto curl = load_curl("libno-such-thing.so.4");
  ASSERT_FALSE(curl.ok());
  EXPECT_EQ(curl.error().fault, Fault::kUnavailable);
  EXPECT_EQ(curl.error().message, "libcurl is not installed (package libcurl4)");
}

TEST(LoadCurl, KnowsALibraryThatLacksAFunction) {
  const auto curl = load_curl("libc.so.6");
  ASSERT_FALSE(curl.ok());
  EXPECT_NE(curl.error().message.find("too old"), std::string::npos);
}

}  // namespace
}  // namespace gopouch::net
