// TLS as a transformation of bytes: plain text in, what goes over the wire out, and back.
//
// libssl is loaded (dlopen) when the first connection wants it: linked in, it would cost every go
// command its share of start-up time. Knows nothing of sockets and of Redis.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

namespace gopouch::object {

// Whom we believe: the system's certificates, and those of a file. Safe for concurrent use.
class TlsTrust {
 public:
  // `ca_file` is PEM; empty: the system's only. kUnavailable: there is no libssl; kInvalid: the
  // file holds no certificate.
  static base::Result<std::shared_ptr<const TlsTrust>> load(const std::string& ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

 private:
  friend class TlsSession;
  explicit TlsTrust(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

// One connection's. Not for two threads at once.
class TlsSession {
 public:
  // `host` is a name or an address; the certificate must be for it. kUnavailable: no memory.
  static base::Result<std::unique_ptr<TlsSession>> make(std::shared_ptr<const TlsTrust> trust,
                                                        const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Goes on with the handshake; true when it is done. kInvalid: that certificate, or a server
  // without TLS, will never do.
  base::Result<bool> shake_hands();

  // What came over the wire.
  base::Status take_in(std::span<const char> wire);
  // What is to go over the wire; the caller removes what has gone.
  std::string& out() { return out_; }

  // Plain text into `space`; 0: more of the wire is needed. kUnavailable: the other side has ended.
  base::Result<std::size_t> read(std::span<char> space);
  // Encrypts all of it.
  base::Status write(std::span<const char> text);

 private:
  TlsSession(std::shared_ptr<const TlsTrust> trust, ssl_st* ssl, bio_st* in, bio_st* out)
      : trust_(std::move(trust)), ssl_(ssl), in_(in), wire_(out) {}
  void drain();
  base::Error failure() const;

  const std::shared_ptr<const TlsTrust> trust_;  // held by all sessions under it, and by the store
  ssl_st* const ssl_;                            // owns both ends of the wire
  bio_st* const in_;
  bio_st* const wire_;
  bool shaken_ = false;
  std::string out_;
};

}  // namespace gopouch::object
