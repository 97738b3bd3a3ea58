// The wire of go-cacher's servers, and what is believed of it. The server is scripted; e2e has one
// in Go.
#include "remote/bare.h"
#include "test/support/http_server.h"
#include "test/support/store_fixture.h"

namespace gopouch::remote {
namespace {

using test::HttpReply;
using test::HttpRequest;

constexpr const char* kBytes = "application/octet-stream";

class GoCacher : public test::StoreTest {
 protected:
  // Answers every GET with `reply`, and remembers PUTs.
  HttpReply answer(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.method == "PUT") {
      puts_.push_back(request);
      return {.status = put_status_};
    }
    if (request.method == "HEAD") return {.status = 400};
    const auto found = replies_.find(request.path());
    return found == replies_.end() ? HttpReply{.status = 404} : found->second;
  }

  base::Result<object::Remote> open(const object::Options& options = {}) {
    return object::open(fmt::format("go-cacher+http://127.0.0.1:{}", server_.port()), options);
  }

  static std::string path(const std::string& kind, const base::Hash& hash) {
    return "/" + kind + "/" + base::to_hex(hash);
  }

  // What one get of action 1 gives: the output, "miss" or "fault".
  std::string get(Counts* counts = nullptr) {
    store::Store local(options());
    auto objects = open();
    EXPECT_TRUE(objects);
    Options how;
    how.temp_dir = dir();
    Remote remote(*objects, local, how);
    const auto hit = remote.get(action(1), base::Call::within(std::chrono::seconds(10)));
    if (counts != nullptr) *counts = remote.counts();
    if (!hit) return "fault";
    if (!*hit) return "miss";
    EXPECT_EQ((*hit)->entry.put_time, store::Time()) << "nobody knows it";
    return test::read((*hit)->path);
  }

  void give(const std::string& text, const base::Hash& output) {
    replies_[path("action", action(1).hash)] = {
        .body = text,
        .headers = {{"Content-Type", kBytes}, {"Go-Output-Id", base::to_hex(output)}}};
  }
  void tell(const std::string& json) {
    replies_[path("action", action(1).hash)] = {.body = json,
                                                .headers = {{"Content-Type", "application/json"}}};
  }
  static std::string value(const base::Hash& output, std::size_t size) {
    return fmt::format("{{\"outputID\":\"{}\",\"size\":{}}}\n", base::to_hex(output), size);
  }

  std::mutex mutex_;
  std::map<std::string, HttpReply> replies_;
  std::vector<HttpRequest> puts_;
  int put_status_ = 204;
  test::HttpServer server_{[this](const HttpRequest& request) { return answer(request); }};
};

TEST_F(GoCacher, AnswersAnActionWithItsOutput) {
  EXPECT_EQ(get(), "miss");
  for (const std::string& text :
       {std::string("an output"), std::string(), std::string(900'000, 'x')}) {
    store::Store(options()).clear();
    give(text, output_of(text).hash);
    Counts counts;
    EXPECT_TRUE(get(&counts) == text);
    EXPECT_EQ(counts.hits, 1);
    EXPECT_EQ(counts.bytes_down, std::ssize(text));
  }
  EXPECT_EQ(server_.requests().back().header("Want-Object"), "1");
}

TEST_F(GoCacher, TheFirstServersNameTheOutput) {
  const base::Hash output = output_of("an output").hash;
  tell(value(output, 9));
  EXPECT_EQ(get(), "miss") << "named, and gone";
  replies_[path("output", output)] = {.body = "an output", .headers = {{"Content-Type", kBytes}}};
  EXPECT_EQ(get(), "an output");
  store::Store(options()).clear();
  tell(value(output_of("").hash, 0));
  EXPECT_EQ(get(), "") << "of nothing, nothing is asked";
}

TEST_F(GoCacher, BelievesNothingThatIsNotSo) {
  const base::Hash output = output_of("an output").hash;
  Counts counts;
  give("another one", output);
  EXPECT_EQ(get(&counts), "miss");
  EXPECT_EQ(counts.corrupt, 1);
  replies_[path("action", action(1).hash)].headers.pop_back();
  EXPECT_EQ(get(&counts), "miss") << "no Go-Output-Id";
  EXPECT_EQ(counts.corrupt, 1);
  replies_[path("output", output)] = {.body = "an output"};
  for (const std::string& json :
       {value(output, 8), value(output, 10), std::string("{}"), std::string("<html>"),
        std::string("[1]"), std::string("{\"a\":{}}"), std::string(500'000, '[')}) {
    tell(json);
    EXPECT_EQ(get(&counts), "miss") << json.substr(0, 80);
    EXPECT_EQ(counts.corrupt, 1);
  }
}

TEST_F(GoCacher, ReadsWhatAnOlderServerSays) {
  const base::Hash output = output_of("x").hash;
  const std::string hex = base::to_hex(output);
  const auto entry =
      parse_action_value("{ \"size\" : 12, \"more\": [1], \"outputID\" : \"" + hex + "\"}");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->size, 12);
  EXPECT_EQ(entry->output.hash, output);
  for (const std::string& json :
       {std::string(), std::string("{"), std::string("null"), std::string("{\"size\":1}"),
        "{\"outputID\":\"" + hex + "\"}", "{\"size\":-1,\"outputID\":\"" + hex + "\"}",
        "{\"size\":1.5,\"outputID\":\"" + hex + "\"}",
        "{\"size\":\"1\",\"outputID\":\"" + hex + "\"}",
        "{\"size\":18446744073709551615,\"outputID\":\"" + hex + "\"}",
        std::string("{\"size\":1,\"outputID\":\"../../x\"}")}) {
    EXPECT_FALSE(parse_action_value(json)) << json;
  }
}

TEST_F(GoCacher, PutsAnOutputUnderBothNames) {
  store::Store local(options());
  auto objects = open();
  ASSERT_TRUE(objects);
  EXPECT_FALSE(objects->features().ranges);
  Options how;
  how.packs.scope = [] { return std::pair<base::Hash, base::Hash>(); };
  Remote remote(*objects, local, how);
  const auto hit = put(local, action(1), "an output");
  ASSERT_TRUE(hit);
  remote.put(action(1), *hit);
  const auto soon = base::Call::Clock::now() + std::chrono::seconds(10);
  ASSERT_TRUE(remote.flush(soon, std::chrono::seconds(10)));
  remote.close();
  ASSERT_TRUE(remote.flush(soon, std::chrono::seconds(10)));
  ASSERT_EQ(puts_.size(), 1U) << "and no packs";
  EXPECT_EQ(puts_[0].path(),
            "/" + base::to_hex(action(1).hash) + "/" + base::to_hex(output_of("an output").hash));
  EXPECT_EQ(puts_[0].body, "an output");
  EXPECT_EQ(remote.counts().uploads, 1);
  EXPECT_EQ(server_.requests().size(), 1U) << "nothing else was asked";

  put_status_ = 403;
  remote.put(action(2), *put(local, action(2), "another"));
  ASSERT_TRUE(remote.flush(soon, std::chrono::seconds(10)));
  EXPECT_TRUE(objects->counts().read_only);
}

}  // namespace
}  // namespace gopouch::remote
