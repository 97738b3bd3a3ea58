// A real nginx for tests: a WebDAV folder on a free loopback port, as docs/backends/http.md sets it
// up, with its data in a folder that goes away with it.
//
// It is Debian's (packages nginx-light and libnginx-mod-http-dav-ext); where one is missing, tests
// skip.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "test/support/server_process.h"
#include "test/support/temp_dir.h"

namespace gopouch::test {

// An authority of the tests' own, a certificate for 127.0.0.1 and one for a client.
class Authority {
 public:
  Authority() {
    const std::string make = fmt::format(
        "cd {} && exec >/dev/null 2>&1 && new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        "-nodes' && openssl req -x509 $new -days 2 -subj /CN=authority -keyout ca.key -out ca.pem "
        "&& for who in server client; do openssl req $new -subj /CN=$who -keyout $who.key -out "
        "$who.csr && echo subjectAltName=IP:127.0.0.1 >ext && openssl x509 -req -in $who.csr -CA "
        "ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.pem || exit 1; done",
        dir_.path().string());
    if (std::system(make.c_str()) != 0) std::abort();
  }
  // "ca.pem", "server.pem", "server.key", "client.pem", "client.key"
  std::string file(const std::string& name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

class Nginx {
 public:
  static constexpr const char* kUser = "team";
  static constexpr const char* kPassword = "hunter2";

  // Why there is no nginx; empty: there is.
  static std::string missing() {
    for (const char* file : {kBinary, kListing}) {
      if (!std::filesystem::exists(file)) {
        return std::string(file) + " is missing (nginx-light, libnginx-mod-http-dav-ext)";
      }
    }
    return {};
  }

  // `location` are further lines for its one location. With an authority it speaks TLS. The thread
  // that starts it must outlive it.
  explicit Nginx(std::string location = {}, const Authority* authority = nullptr)
      : location_(std::move(location)), tls_(authority) {
    if (!start_on_free_port([this](int port) {
          port_ = port;
          return start();
        }))
      std::abort();
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  // "127.0.0.1:8080"
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }
  std::string url() const { return (tls_ != nullptr ? "https://" : "http://") + address(); }
  std::filesystem::path data() const { return dir_ / "data"; }
  // A line for each request: method, status, path, bytes of the answer.
  std::string log() const { return read(dir_ / "access.log"); }

  // Lines for its location: who may come in.
  static std::string basic() { return "auth_basic cache; auth_basic_user_file users;"; }

  void kill() { process_.reset(); }

 private:
  static constexpr const char* kBinary = "/usr/sbin/nginx";
  static constexpr const char* kListing = "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so";

  std::string settings() const {
    const std::string tls =
        tls_ == nullptr
            ? ""
            : fmt::format(
                  "ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {};"
                  "ssl_verify_client on;",
                  tls_->file("server.pem"), tls_->file("server.key"), tls_->file("ca.pem"));
    return fmt::format(R"(
load_module {listing};
daemon off;
master_process off;
pid {dir}/pid;
error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format short '$request_method $status $uri $bytes_sent';
  access_log {dir}/access.log short;
  client_body_temp_path {dir}/data/.body;
  proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{
    listen 127.0.0.1:{port}{ssl};
    {tls}
    root {dir}/data;
    location / {{
      dav_methods PUT DELETE;
      dav_ext_methods PROPFIND;
      {folders}
      client_max_body_size 0;
      {location}
    }}
  }}
}}
)",
                       fmt::arg("listing", kListing), fmt::arg("dir", dir_.path().string()),
                       fmt::arg("port", port_), fmt::arg("ssl", tls_ == nullptr ? "" : " ssl"),
                       fmt::arg("tls", tls),
                       fmt::arg("folders", location_.find("create_full") == std::string::npos
                                               ? "create_full_put_path on;"
                                               : ""),
                       fmt::arg("location", location_));
  }

  bool listens() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool there =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return there;
  }

  bool start() {
    std::filesystem::create_directories(data());
    const std::string file = dir_ / "nginx.conf", log = dir_ / "error.log";
    write(file, settings());
    write(dir_ / "users", fmt::format("{}:{{PLAIN}}{}\n", kUser, kPassword));
    process_.emplace(
        std::vector<std::string>{kBinary, "-e", log, "-p", dir_.path().string(), "-c", file},
        std::vector<std::string>{"PATH=/usr/bin:/bin"}, log);
    return process_->wait_until([this] { return listens(); });
  }

  TempDir dir_;
  const std::string location_;
  const Authority* const tls_;
  int port_ = 0;
  std::optional<ServerProcess> process_;
};

}  // namespace gopouch::test
