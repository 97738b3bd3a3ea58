// Bodies, both ways: small, large, none, more than was agreed.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "base/files.h"
#include "net/transfer.h"
#include "test/net/fixture.h"
#include "test/support/temp_dir.h"

namespace gopouch::net {
namespace {

constexpr std::size_t kMega = std::size_t{1} << 20U;

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return text;
}

// "VmRSS" now or "VmHWM" at most, in bytes.
std::int64_t memory(const std::string& what) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != what + ":") {
  }
  std::int64_t kib = 0;
  status >> kib;
  return kib * 1024;
}

bool measures_memory() {
#ifdef GOPOUCH_SANITIZE
  return false;  // they keep what was freed
#else
  return true;
#endif
}

TEST(Body, ComesAfterItsHeadWhateverTheStatus) {
  HttpServer server([&](const HttpRequest& request) {
    return HttpReply{.status = request.query() == "404" ? 404 : 200,
                     .body = noise(std::stoul(request.path().substr(1)))};
  });
  Client client;
  for (const char* const target : {"/0", "/9", "/9?404", "/3000000", "/3000000?404"}) {
    Request request = request_to(server, target);
    int status = 0;
    std::size_t size = 0;
    request.on_head = [&](const Reply& head) {
      EXPECT_EQ(status, 0);
      EXPECT_EQ(size, 0U);
      EXPECT_FALSE(find_header(head.headers, "Content-Length").empty());
      status = head.status;
    };
    request.sink = [&](std::span<const std::uint8_t> piece) {
      size += piece.size();
      return true;
    };
    const auto reply = client.send(request, base::Call::within(std::chrono::seconds(20)));
    ASSERT_TRUE(reply.ok()) << target;
    EXPECT_EQ(status, reply->status);
    EXPECT_TRUE(reply->body.empty());
    EXPECT_EQ(size, std::stoul(target + 1));
  }
}

TEST(Body, ComesDownInAnySize) {
  const std::string all = noise(3 * kMega);
  HttpServer server([&](const HttpRequest& request) {
    return HttpReply{.body = all.substr(0, std::stoul(request.path().substr(1))),
                     .chunked = request.query() == "chunked"};
  });
  Client client;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, Mailbox::kPiece,
                                 Mailbox::kPiece + 1, all.size()}) {
    for (const char* query : {"", "?chunked"}) {
      Request request = request_to(server, "/" + std::to_string(size) + query);
      std::string got;
      int pieces = 0;
      request.sink = [&](std::span<const std::uint8_t> piece) {
        EXPECT_FALSE(piece.empty());
        got += text_of(piece);
        ++pieces;
        return true;
      };
      const auto reply = client.send(request, within(20s));
      ASSERT_TRUE(reply.ok()) << reply.error().message;
      EXPECT_TRUE(got == all.substr(0, size)) << size;
      EXPECT_EQ(reply->body, "");
      if (size <= 4096) {
        EXPECT_EQ(pieces, size == 0 ? 0 : 1);
      }
    }
  }
}

TEST(Body, GoesToTheSinkOfAPartialReplyToo) {
  HttpServer server([](const HttpRequest& request) {
    EXPECT_EQ(request.header("Range"), "bytes=0-4");
    return HttpReply{.status = 206, .body = "01234"};
  });
  Client client;
  Request request = request_to(server);
  request.headers = {{"Range", "bytes=0-4"}};
  std::string got;
  request.sink = [&](auto piece) { return !got.append(text_of(piece)).empty(); };
  EXPECT_EQ(client.send(request, within(5s))->status, 206);
  EXPECT_EQ(got, "01234");
}

TEST(Body, OfAnErrorGoesToTheReply) {
  HttpServer server([](const HttpRequest&) { return HttpReply{.status = 404, .body = "<Code>"}; });
  Client client;
  Request request = request_to(server);
  request.sink = [](auto) { return false; };
  const auto reply = client.send(request, within(5s));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "<Code>");
}

TEST(Body, AboveItsLimitIsCorrupt) {
  HttpServer server([](const HttpRequest& request) {
    return HttpReply{
        .status = 500, .body = std::string(1001, 'x'), .chunked = request.path() == "/c"};
  });
  Client client;
  for (const char* target : {"/", "/c"}) {
    Request request = request_to(server, target);
    request.body_limit = 1000;
    const auto reply = client.send(request, within(5s));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().fault, base::Fault::kCorrupt);
    request.body_limit = 1001;
    EXPECT_TRUE(client.send(request, within(5s)).ok());
  }
}

TEST(Body, ComesToTheCallersThread) {
  HttpServer server([](const HttpRequest&) { return HttpReply{.body = std::string(kMega, 'x')}; });
  Client client;
  const auto here = std::this_thread::get_id();
  Request request = request_to(server);
  request.sink = [&](auto) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    return true;
  };
  EXPECT_TRUE(client.send(request, within(5s)).ok());
}

TEST(Body, EndsWhenItsSinkHasEnough) {
  HttpServer server(
      [](const HttpRequest&) { return HttpReply{.body = std::string(kMega, 'x'), .repeat = 50}; });
  server.forget();
  Client client;
  Request request = request_to(server);
  int pieces = 0;
  request.sink = [&](auto) { return ++pieces < 3; };
  const Stopwatch watch;
  const auto reply = client.send(request, within(20s));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, base::Fault::kStopped);
  EXPECT_EQ(pieces, 3);
  EXPECT_LT(watch.time(), 2s);
}

TEST(Body, WaitsForASlowSinkInLittleMemory) {
  HttpServer server(
      [](const HttpRequest&) { return HttpReply{.body = std::string(kMega, 'x'), .repeat = 50}; });
  server.forget();
  Options options = quick();
  options.stall_timeout = 50ms;  // a sink that is slow is not a network that stalls
  Client client(options);
  ASSERT_TRUE(client.send(request_to(server, "/", "HEAD"), within(5s)).ok());
  const std::int64_t before = memory("VmRSS");
  std::size_t size = 0;
  std::size_t next_pause = 0;
  std::int64_t most = 0;
  Request request = request_to(server);
  request.sink = [&](auto piece) {
    if (size >= next_pause) {
      std::this_thread::sleep_for(200ms);
      most = std::max(most, memory("VmRSS"));
      next_pause += 10 * kMega;
    }
    size += piece.size();
    return true;
  };
  const auto reply = client.send(request, within(60s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(size, 50 * kMega);
  if (measures_memory()) {
    EXPECT_LT(most - before, 8 * std::int64_t{kMega});
  }
}

TEST(Body, OfManyAtOnceWaitsInLittleMemory) {
  HttpServer server([](const HttpRequest&) {
    return HttpReply{.body = std::string(kMega / 16, 'x'), .repeat = 64};
  });
  server.forget();
  Client client;
  std::vector<Request> requests(64, request_to(server));
  std::vector<std::size_t> sizes(requests.size());
  std::int64_t most = 0;
  const std::int64_t before = memory("VmRSS");
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].sink = [&, i](auto piece) {
      if (i == 0) std::this_thread::sleep_for(1ms);
      most = std::max(most, memory("VmRSS"));
      sizes[i] += piece.size();
      return true;
    };
  }
  int good = 0;
  client.send(requests, within(60s),
              [&](std::size_t, const base::Result<Reply>& reply) { good += reply.ok(); });
  EXPECT_EQ(good, 64);
  EXPECT_EQ(sizes, std::vector<std::size_t>(64, 4 * kMega));
  if (measures_memory()) {
    EXPECT_LT(most - before, 64 * std::int64_t{kMega} * 3 / 2);
  }  // the server has a body each
}

TEST(Body, GoesUpFromMemory) {
  HttpServer server([](const HttpRequest& request) { return HttpReply{.body = request.body}; });
  Client client;
  const std::string text = noise(3 * kMega / 2);
  std::atomic<std::int64_t> sent = 0;
  Request request = upload_to(server, text);
  request.body->sent = &sent;
  request.body_limit = 2 * kMega;
  const auto reply = client.send(request, within(20s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_TRUE(reply->body == text);
  EXPECT_EQ(sent, std::ssize(text));
  EXPECT_EQ(server.requests().at(0).header("Content-Length"), std::to_string(text.size()));
}

TEST(Body, GoesUpFromAPartOfAFile) {
  const test::TempDir temp;
  const std::string text = noise(kMega);
  test::write(temp / "file", text);
  const base::Fd fd(::open((temp / "file").c_str(), O_RDONLY));
  HttpServer server([](const HttpRequest& request) { return HttpReply{.body = request.body}; });
  Client client;
  std::atomic<std::int64_t> sent = 0;
  for (const auto& [offset, size] : {std::pair{0, 1 << 20}, {1000, 70'000}, {5, 0}, {1 << 20, 0}}) {
    Request request = upload_to(server, {});
    request.body = Body{.fd = fd.get(), .offset = offset, .size = size, .sent = &sent};
    const auto reply = client.send(request, within(20s));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_TRUE(reply->body ==
                text.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)));
  }
  EXPECT_EQ(sent, (1 << 20) + 70'000);
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 0);
}

TEST(Body, OfAFileThatIsTooShortFails) {
  const test::TempDir temp;
  test::write(temp / "file", "12345");
  const base::Fd fd(::open((temp / "file").c_str(), O_RDONLY));
  HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  Client client;
  Request request = upload_to(server, {});
  request.body = Body{.fd = fd.get(), .offset = 0, .size = 6};
  const auto reply = client.send(request, within(5s));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, base::Fault::kUnavailable);
  EXPECT_NE(reply.error().message.find("shorter"), std::string::npos) << reply.error().message;
  EXPECT_EQ(server.count(), 0U);
}

TEST(Body, GoesUpInLittleMemory) {
  const test::TempDir temp;
  {
    std::ofstream file(temp / "file", std::ios::binary);
    const std::string part = noise(kMega);
    for (int i = 0; i < 50; ++i) file << part;
  }
  const base::Fd fd(::open((temp / "file").c_str(), O_RDONLY));
  std::atomic<std::int64_t> after = 0;
  HttpServer server([&](const HttpRequest& request) {
    after = memory("VmRSS");
    return HttpReply{.body = std::to_string(request.body_size)};
  });
  server.forget();
  Client client;
  ASSERT_TRUE(client.send(request_to(server), within(5s)).ok());
  const std::int64_t before = memory("VmRSS");
  Request request = upload_to(server, {});
  request.body = Body{.fd = fd.get(), .offset = 0, .size = 50 << 20};
  const auto reply = client.send(request, within(60s));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body, std::to_string(50 << 20));
  if (measures_memory()) {
    EXPECT_LT(after - before, 8 * std::int64_t{kMega});
  }
}

}  // namespace
}  // namespace gopouch::net
