// Redis over TLS: whom we believe.
#include "test/object/redis_fixture.h"

namespace gopouch::object {
namespace {

class RedisTls : public RedisTest {
 protected:
  static std::string url(const std::string& host, int port, const std::string& ca_file) {
    return fmt::format("rediss://{}:{}/ci{}{}", host, port,
                       ca_file.empty() ? "" : "?ca-file=", net::percent_encode(ca_file));
  }
};

TEST_F(RedisTls, BelievesACertificateOfTheFile) {
  const Certificate certificate;
  const Redis redis({}, &certificate);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto store = bare(url(host, redis.tls_port(), certificate.file()));
    ASSERT_TRUE(put(*store, "k", "x")) << host;
    EXPECT_EQ(text_of(*store, "k"), "x");
  }
  Options options;
  options.net.ca_file = certificate.file();
  EXPECT_EQ(text_of(*bare(url("localhost", redis.tls_port(), ""), options), "k"), "x");
}

TEST_F(RedisTls, BelievesNoOther) {
  const Certificate certificate, other;
  const Redis redis({}, &certificate);
  for (const std::string& file : {std::string(), other.file()}) {
    const auto store = bare(url("localhost", redis.tls_port(), file));
    EXPECT_EQ(fault_of(*store, "k"), Fault::kInvalid);
    EXPECT_NE(message_of(*store, "k").find("certificate"), std::string::npos)
        << message_of(*store, "k");
  }
}

TEST_F(RedisTls, BelievesACertificateOnlyForItsHost) {
  for (const auto& [names, host] :
       std::vector<std::pair<std::string, std::string>>{{"DNS:redis.example", "localhost"},
                                                        {"DNS:localhost", "127.0.0.1"},
                                                        {"IP:127.0.0.2", "127.0.0.1"},
                                                        {"IP:127.0.0.1", "localhost"}}) {
    const Certificate certificate(names);
    const Redis redis({}, &certificate);
    const auto store = bare(url(host, redis.tls_port(), certificate.file()));
    EXPECT_EQ(fault_of(*store, "k"), Fault::kInvalid) << names << " for " << host;
    EXPECT_NE(message_of(*store, "k").find("mismatch"), std::string::npos)
        << message_of(*store, "k");
  }
}

TEST_F(RedisTls, SaysWhatIsWrongWithTheFile) {
  const TempDir dir;
  test::write(dir / "text", "no certificate");
  for (const std::string& file : {(dir / "none").string(), (dir / "text").string()}) {
    const auto store = bare(url("localhost", 1, file));
    EXPECT_EQ(fault_of(*store, "k"), Fault::kInvalid);
    EXPECT_NE(message_of(*store, "k").find(file), std::string::npos);
  }
}

TEST_F(RedisTls, IsNotSpokenByAll) {
  const Certificate certificate;
  const Redis redis({}, &certificate);
  const auto store = bare(url("127.0.0.1", redis.port(), certificate.file()), quick());
  const Fault fault = fault_of(*store, "k");
  EXPECT_TRUE(fault == Fault::kInvalid || fault == Fault::kUnavailable || fault == Fault::kTimeout)
      << message_of(*store, "k");
  const auto plain = bare(fmt::format("redis://127.0.0.1:{}/ci", redis.tls_port()), quick());
  EXPECT_NE(fault_of(*plain, "k"), Fault::kFull) << "no answer";
}

TEST_F(RedisTls, AServerMayWantOurCertificate) {
  const Certificate certificate;
  const Redis redis({"--tls-auth-clients", "yes"}, &certificate);
  const auto store = bare(url("localhost", redis.tls_port(), certificate.file()), quick());
  EXPECT_EQ(fault_of(*store, "k"), Fault::kDenied) << message_of(*store, "k");
  EXPECT_NE(message_of(*store, "k").find("certificate"), std::string::npos)
      << message_of(*store, "k");
}

TEST_F(RedisTls, CarriesLargeValuesAndManyAtOnce) {
  const Certificate certificate;
  const Redis redis({}, &certificate);
  const auto store = bare(url("localhost", redis.tls_port(), certificate.file()));
  for (const std::size_t size :
       {std::size_t{16'384}, std::size_t{7 << 20}, std::size_t{20 << 20}}) {
    const std::string large = large_text(size);
    ASSERT_TRUE(put(*store, "k", large));
    EXPECT_TRUE(text_of(*store, "k") == large) << size;
  }
  ASSERT_TRUE(put(*store, "small", large_text(5000)));
  std::vector<Get> gets(2000, Get{.key = "small"});
  int good = 0;
  store->get(gets, in_time(), [&](std::size_t, const auto& reply) { good += reply ? 1 : 0; });
  EXPECT_EQ(good, 2000);
}

TEST_F(RedisTls, EndsWithAServerThatHangs) {
  const Certificate certificate;
  Redis redis({}, &certificate);
  redis.signal(SIGSTOP);
  const auto store = bare(url("localhost", redis.tls_port(), certificate.file()), quick());
  const auto start = Clock::now();
  EXPECT_EQ(fault_of(*store, "k"), Fault::kTimeout);
  EXPECT_LT(Clock::now() - start, milliseconds(1200));
  redis.signal(SIGCONT);
  EXPECT_EQ(text_of(*store, "k"), "absent");
  redis.kill();
  EXPECT_EQ(fault_of(*store, "k"), Fault::kUnavailable);
}

}  // namespace
}  // namespace gopouch::object
