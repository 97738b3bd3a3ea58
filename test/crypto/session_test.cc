// Both sides of TLS, over a wire that is two strings.
#include <gtest/gtest.h>

#include "crypto/crypto.h"
#include "test/support/certificate.h"

namespace gopouch::crypto {
namespace {

using base::Fault;
using test::Certificate;
using test::TempDir;

std::shared_ptr<const Identity> identity_of(const Certificate& certificate) {
  auto loaded = Identity::load(certificate.file(), certificate.key());
  EXPECT_TRUE(loaded) << loaded.error().message;
  return *loaded;
}

std::shared_ptr<const ServerContext> context_of(ServerOptions options) {
  auto made = ServerContext::make(std::move(options));
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

struct Pair {
  Pair(const std::shared_ptr<const ServerContext>& context, const std::string& ca_file,
       const std::string& host)
      : client(*Session::client(*Trust::load(ca_file), host)), server(*Session::server(context)) {}

  static void carry(Session& from, Session& to) {
    EXPECT_TRUE(from.out().empty() || to.take_in(from.out()));
    from.out().clear();
  }

  // Both to the end of the handshake; how it ended on each side.
  std::pair<base::Result<bool>, base::Result<bool>> shake() {
    base::Result<bool> ours = false, theirs = false;
    for (int turn = 0; turn < 10; ++turn) {
      if (ours) ours = client->shake_hands();
      carry(*client, *server);
      if (theirs) theirs = server->shake_hands();
      carry(*server, *client);
    }
    return {ours, theirs};
  }

  // What the server reads of what the client writes.
  std::string up(const std::string& text) {
    EXPECT_TRUE(client->write(text));
    carry(*client, *server);
    std::string got(text.size() + 1, '\0');
    std::size_t size = 0;
    while (const auto more = server->read(std::span(got).subspan(size))) {
      if (*more == 0) break;
      size += *more;
    }
    got.resize(size);
    return got;
  }

  std::unique_ptr<Session> client, server;
};

TEST(Tls, CarriesBytesBothWays) {
  const Certificate certificate;
  Pair pair(context_of({identity_of(certificate)}), certificate.file(), "localhost");
  const auto [ours, theirs] = pair.shake();
  ASSERT_TRUE(ours && *ours) << ours.error().message;
  ASSERT_TRUE(theirs && *theirs) << theirs.error().message;
  EXPECT_EQ(pair.up("a request"), "a request");
  const std::string large(300'000, 'x');
  EXPECT_EQ(pair.up(large), large);
  ASSERT_TRUE(pair.server->write(std::string("a reply")));
  Pair::carry(*pair.server, *pair.client);
  std::string reply(100, '\0');
  ASSERT_EQ(*pair.client->read(reply), 7U);
  EXPECT_EQ(reply.substr(0, 7), "a reply");
  EXPECT_EQ(*pair.client->read(reply), 0U);  // no more for now
  pair.server->end();
  Pair::carry(*pair.server, *pair.client);
  EXPECT_EQ(pair.client->read(reply).error().message, "closed by the other side");
}

TEST(Tls, AClientBelievesOnlyWhomItKnows) {
  const Certificate certificate, other, elsewhere("DNS:gopouch.example");
  Pair stranger(context_of({identity_of(certificate)}), other.file(), "localhost");
  const auto [ours, theirs] = stranger.shake();
  EXPECT_EQ(ours.error().fault, Fault::kInvalid);
  EXPECT_EQ(theirs.error().fault, Fault::kDenied) << theirs.error().message;  // it was told
  Pair wrong(context_of({identity_of(elsewhere)}), elsewhere.file(), "localhost");
  EXPECT_NE(wrong.shake().first.error().message.find("mismatch"), std::string::npos);
}

TEST(Tls, AServerMayWantACertificate) {
  const Certificate certificate;
  Pair pair(context_of({identity_of(certificate), certificate.file()}), certificate.file(),
            "localhost");
  const auto [ours, theirs] = pair.shake();
  ASSERT_FALSE(theirs);
  EXPECT_NE(theirs.error().message.find("certificate"), std::string::npos);
}

TEST(Tls, ShowsWhatTheNameAsksFor) {
  const Certificate own, example("DNS:a.example,DNS:b.example");
  std::vector<std::string> names;
  const auto context = context_of(
      {.identity = identity_of(own), .choose = [&, shown = identity_of(example)](const auto& name) {
         names.push_back(name);
         return name.empty() || name == "localhost" ? nullptr : shown;
       }});
  for (const auto& [host, file] : std::vector<std::pair<std::string, std::string>>{
           {"a.example", example.file()}, {"localhost", own.file()}, {"127.0.0.1", own.file()}}) {
    Pair pair(context, file, host);
    const auto [ours, theirs] = pair.shake();
    ASSERT_TRUE(ours && *ours) << host << ": " << ours.error().message;
    EXPECT_EQ(pair.up("x"), "x");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a.example", "localhost", ""}));
  Pair none(context_of({.identity = nullptr, .choose = [](const auto&) { return nullptr; }}),
            own.file(), "localhost");
  EXPECT_FALSE(none.shake().second);
}

TEST(Tls, EndsWithWhoSpeaksSomethingElse) {
  const Certificate certificate;
  const auto context = context_of({identity_of(certificate)});
  for (const std::string text :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01 no hello of anybody", "SSH-2.0-x\r\n"}) {
    const auto server = *Session::server(context);
    ASSERT_TRUE(server->take_in(text));
    const auto shaken = server->shake_hands();
    EXPECT_TRUE(!shaken || !*shaken) << text;
    if (text.starts_with("GET")) {
      EXPECT_EQ(shaken.error().message, "TLS: the client does not speak it");
    }
  }
}

TEST(Tls, SaysWhatIsWrongWithFiles) {
  const Certificate certificate, other;
  const TempDir dir;
  test::write(dir / "text", "no PEM");
  const std::string text = dir / "text", none = dir / "none";
  const auto why = [](const std::string& chain, const std::string& key) {
    const auto loaded = Identity::load(chain, key);
    return loaded ? std::string() : loaded.error().message;
  };
  EXPECT_EQ(why(certificate.file(), certificate.key()), "");
  EXPECT_NE(why(none, certificate.key()).find(none), std::string::npos);
  EXPECT_NE(why(text, certificate.key()).find("no certificate"), std::string::npos);
  EXPECT_NE(why(certificate.file(), text).find("no private key"), std::string::npos);
  EXPECT_NE(why(certificate.file(), other.key()).find("not that of"), std::string::npos);
  const auto made = ServerContext::make({identity_of(certificate), text});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find(text), std::string::npos);
}

}  // namespace
}  // namespace gopouch::crypto
