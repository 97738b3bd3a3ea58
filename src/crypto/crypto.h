// What the system's OpenSSL 3 is used for: TLS on both sides, and signatures.
//
// It is loaded (dlopen) when something first wants it: linked in, it would cost every go command
// its share of start-up time. SHA-256 is base's, which has it linked in. Knows nothing of sockets:
// TLS is a transformation of bytes, plain text in, what goes over the wire out, and back.
//
// kUnavailable from anything that makes one of these: there is no OpenSSL, or no memory.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;

namespace gopouch::crypto {

// RS256 of `text` by a PEM private key (RFC 7518, 3.3), raw bytes. kInvalid: no such key.
base::Result<std::string> sign_rs256(const base::Secret& pem, std::string_view text);

// A key to check signatures with. Safe for concurrent use.
class PublicKey {
 public:
  // For RS256; numbers as JWK has them, big-endian (RFC 7518, 6.3.1). Of 2048 bits at least.
  static base::Result<std::shared_ptr<const PublicKey>> rsa(std::string_view modulus,
                                                            std::string_view exponent);
  // For ES256 (RFC 7518, 6.2.1).
  static base::Result<std::shared_ptr<const PublicKey>> p256(std::string_view x,
                                                             std::string_view y);
  ~PublicKey();
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;

  // Whether `signature` is that of `text`, as JWS writes it (RFC 7518, 3.3 and 3.4).
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  PublicKey(evp_pkey_st* key, bool rsa) : key_(key), rsa_(rsa) {}
  evp_pkey_st* const key_;
  const bool rsa_;
};

// Whom a client believes: the system's certificates, and those of a file. Safe for concurrent use.
class Trust {
 public:
  // `ca_file` is PEM; empty: the system's only. kInvalid: the file holds no certificate.
  static base::Result<std::shared_ptr<const Trust>> load(const std::string& ca_file);
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

 private:
  friend class Session;
  explicit Trust(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

// A server's certificate, those between it and its root, and its key. Safe for concurrent use.
class Identity {
 public:
  // `chain`: the certificate first, PEM. kInvalid: not that, or the key of another.
  static base::Result<std::shared_ptr<const Identity>> parse(const std::string& chain,
                                                             const base::Secret& key);
  // The same from files, whose names the error has.
  static base::Result<std::shared_ptr<const Identity>> load(const std::string& chain_file,
                                                            const std::string& key_file);
  // One for a host (a name or an address), signed by `authority`, with a key of its own; good for a
  // week. kInvalid: no certificate can be for that.
  static base::Result<std::shared_ptr<const Identity>> issue(const Identity& authority,
                                                             const std::string& host);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

 private:
  friend class ServerContext;
  struct Rep;
  explicit Identity(std::unique_ptr<Rep> rep);
  const std::unique_ptr<Rep> rep_;
};

// A certificate authority of one's own: a new private key, PEM; and a certificate for ten years
// under which it signs others, PEM. Together they are the Identity for issue(). kInvalid: no key.
base::Result<base::Secret> new_private_key();
base::Result<std::string> new_authority(const base::Secret& key, const std::string& name);

struct ServerOptions {
  std::shared_ptr<const Identity> identity;  // null: choose() has one for every name
  // Clients must have a certificate of one of these, PEM; empty: they are not asked.
  std::string client_ca_file = {};
  // What to show to a client that asks for `name` (empty: for none); null: `identity`. Called in
  // the handshake, on the thread that drives it. Must not throw.
  std::function<std::shared_ptr<const Identity>(const std::string& name)> choose = {};
};

// How a server greets: TLS 1.2 at least, HTTP/1.1 where the client wants to know (ALPN). Safe for
// concurrent use.
class ServerContext {
 public:
  // kInvalid: the file of CAs holds no certificate.
  static base::Result<std::shared_ptr<const ServerContext>> make(ServerOptions options);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

 private:
  friend class Session;
  ServerContext(ServerOptions options, ssl_ctx_st* context)
      : options_(std::move(options)), context_(context) {}
  base::Status set_up();
  static int show(ssl_st* ssl, void* self);

  const ServerOptions options_;
  ssl_ctx_st* const context_;
};

// One connection's, on either side. Not for two threads at once.
class Session {
 public:
  // `host` is a name or an address; the certificate must be for it. kInvalid: none can be.
  static base::Result<std::unique_ptr<Session>> client(std::shared_ptr<const Trust> trust,
                                                       const std::string& host);
  static base::Result<std::unique_ptr<Session>> server(
      std::shared_ptr<const ServerContext> context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Goes on with the handshake; true when it is done. kInvalid: that certificate, or another side
  // without TLS, will never do; kDenied: the other side has something against ours. Where it fails,
  // out() may hold the words in which the other side is told why.
  base::Result<bool> shake_hands();

  // What came over the wire.
  base::Status take_in(std::span<const char> wire);
  // What is to go over the wire; the caller removes what has gone.
  std::string& out() { return out_; }

  // Plain text into `space`; 0: more of the wire is needed. kUnavailable: the other side has ended.
  base::Result<std::size_t> read(std::span<char> space);
  // Encrypts all of it.
  base::Status write(std::span<const char> text);
  // Says that nothing more is to come.
  void end();

 private:
  Session(std::shared_ptr<const void> under, ssl_st* ssl, bio_st* in, bio_st* out, bool serves)
      : under_(std::move(under)), ssl_(ssl), in_(in), wire_(out), serves_(serves) {}
  static base::Result<std::unique_ptr<Session>> make(std::shared_ptr<const void> under,
                                                     ssl_ctx_st* context, bool serves);
  void drain();
  base::Error failure() const;

  // The Trust or ServerContext, held by all sessions under it and by whoever makes them.
  const std::shared_ptr<const void> under_;
  ssl_st* const ssl_;  // owns both ends of the wire
  bio_st* const in_;
  bio_st* const wire_;
  const bool serves_;
  bool shaken_ = false;
  std::string out_;
};

}  // namespace gopouch::crypto
