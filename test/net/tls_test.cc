// HTTPS: whom we believe. The server is Python's, its certificate made by the openssl command.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "net/curl.h"
#include "test/net/fixture.h"
#include "test/support/temp_dir.h"

namespace gopouch::net {
namespace {

// Serves "secret" over TLS on a port of its own, as `name`.
class TlsServer {
 public:
  explicit TlsServer(const std::string& subject, const std::string& version = "TLSv1_3") {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=" +
        temp_.path().filename().string() + " -addext subjectAltName=" + subject + " -keyout " +
        (temp_ / "key.pem").string() + " -out " + ca_file() + " 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0);
    test::write(temp_ / "server.py", R"(
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"secret")
    def log_message(self, *_): pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.set_ciphers("ALL:@SECLEVEL=0")
context.minimum_version = ssl.TLSVersion.TLSv1
context.maximum_version = ssl.TLSVersion[sys.argv[3]]
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.handle_error = lambda *_: None
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
)");
    int out[2];  // NOLINT
    EXPECT_EQ(::pipe(out), 0);
    const std::string script = temp_ / "server.py";
    const std::string key = temp_ / "key.pem";
    const std::string certificate = ca_file();
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(out[1], 1);
      ::execlp("python3", "python3", "-Wignore", script.c_str(), certificate.c_str(), key.c_str(),
               version.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    char text[16] = {};  // NOLINT
    EXPECT_GT(::read(out[0], text, sizeof text - 1), 0);
    ::close(out[0]);
    port_ = std::atoi(text);  // NOLINT
  }
  ~TlsServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string ca_file() const { return temp_ / "certificate.pem"; }

  base::Result<Reply> get(const std::string& host, const std::string& ca,
                          const std::string& folder = Options().ca_folder) const {
    Options options;
    options.ca_file = ca;
    options.ca_folder = folder;
    Client client(options);
    Request request;
    request.url = *parse_url("https://" + host + ":" + std::to_string(port_) + "/x");
    return client.send(request, within(10s));
  }

 private:
  test::TempDir temp_;
  pid_t child_ = -1;
  int port_ = 0;
};

TEST(Tls, BelievesTheCertificatesThatItWasGiven) {
  const TlsServer server("IP:127.0.0.1");
  const auto reply = server.get("127.0.0.1", server.ca_file());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->body, "secret");

  const auto unknown = server.get("127.0.0.1", "");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().fault, base::Fault::kInvalid);
  EXPECT_NE(unknown.error().message.find("certificate"), std::string::npos)
      << unknown.error().message;

  const auto missing = server.get("127.0.0.1", server.ca_file() + ".none");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().fault, base::Fault::kInvalid) << missing.error().message;
}

// The system's certificates go on being believed where a file of ours is named.
TEST(Tls, BelievesTheSystemBesideTheFile) {
  const TlsServer known("IP:127.0.0.1");
  const TlsServer ours("IP:127.0.0.1");
  const test::TempDir system;
  const std::string rehash = "cp " + known.ca_file() + " " + system.path().string() +
                             " && openssl rehash " + system.path().string() + " 2>/dev/null";
  ASSERT_EQ(std::system(rehash.c_str()), 0);
  const std::string folder = system.path();
  for (const TlsServer* const server : {&known, &ours}) {
    const auto reply = server->get("127.0.0.1", ours.ca_file(), folder);
    EXPECT_TRUE(reply.ok()) << reply.error().message;
  }
  EXPECT_TRUE(known.get("127.0.0.1", "", folder).ok());
  EXPECT_FALSE(ours.get("127.0.0.1", "", folder).ok());
  EXPECT_FALSE(known.get("127.0.0.1", ours.ca_file()).ok());
}

TEST(Tls, AsksForTheRightName) {
  const TlsServer server("DNS:other.example");
  const auto reply = server.get("127.0.0.1", server.ca_file());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, base::Fault::kInvalid) << reply.error().message;
}

TEST(Tls, SpeaksNoOldVersion) {
  const TlsServer twelve("IP:127.0.0.1", "TLSv1_2");
  EXPECT_TRUE(twelve.get("127.0.0.1", twelve.ca_file()).ok());
  const TlsServer eleven("IP:127.0.0.1", "TLSv1_1");
  EXPECT_FALSE(eleven.get("127.0.0.1", eleven.ca_file()).ok());
}

TEST(Tls, FindsAFolderOfHashedCertificates) {
  const test::TempDir temp;
  EXPECT_STREQ(hashed_certificates((temp / "none").c_str()), "");
  for (const char* name :
       {"ca-certificates.crt", "0123456.0", "012345678.0", "0123456g.0", "01234567.1"}) {
    test::write(temp / name, "x");
  }
  EXPECT_STREQ(hashed_certificates(temp.path().c_str()), "");
  test::write(temp / "0123abcf.0", "x");
  EXPECT_STREQ(hashed_certificates(temp.path().c_str()), temp.path().c_str());
}

}  // namespace
}  // namespace gopouch::net
