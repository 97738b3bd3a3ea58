#include "revproxy/ca.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/files.h"
#include "revproxy/revproxy.h"

namespace gopouch::revproxy {

namespace {

using base::Error;
using base::Fault;

constexpr const char* kKey = "ca.key";
constexpr const char* kCertificate = "ca.pem";
constexpr std::size_t kLargest = std::size_t{64} << 10U;
constexpr std::size_t kMostHosts = 10'000;
constexpr std::chrono::hours kUsed{3 * 24};  // of the week that a certificate is good

std::string this_machine() {
  std::string name(256, '\0');
  if (::gethostname(name.data(), name.size() - 1) != 0) return "this machine";
  return name.substr(0, name.find('\0')).substr(0, 40);
}

// What stands in the file; where there is none, `text` is put there, whole or not at all, and what
// another process put there meanwhile goes before it.
base::Result<std::string> read_or_put(int dir, const char* name, const std::string& text,
                                      mode_t mode) {
  if (!text.empty()) {
    const std::string hidden = fmt::format(".{}.{}", name, ::getpid());
    const base::Fd file(
        ::openat(dir, hidden.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file) return base::system_error(name, errno);
    auto written = base::write_all(file.get(), base::bytes_of(text));
    const bool there = written && ::fsync(file.get()) == 0 &&
                       (::linkat(dir, hidden.c_str(), dir, name, 0) == 0 || errno == EEXIST);
    const int fault = errno;
    ::unlinkat(dir, hidden.c_str(), 0);
    if (!written) return written.error();
    if (!there) return base::system_error(name, fault);
  }
  auto read = base::read_file(dir, name, kLargest);
  if (!read) return read.error();
  return read->value_or("");
}

}  // namespace

base::Result<std::unique_ptr<Ca>> Ca::open(const std::filesystem::path& dir) {
  std::error_code fault;
  std::filesystem::create_directories(dir.parent_path(), fault);
  ::mkdir(dir.c_str(), S_IRWXU);
  const base::Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::system_error(dir.string(), errno);

  struct stat info {};
  const bool there = ::fstatat(fd.get(), kKey, &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Fault::kInvalid,
                 fmt::format("'{}' can be read by others: chmod 600 it", (dir / kKey).string())};
  }
  std::string new_key;
  if (!there) {
    auto made = crypto::new_private_key();
    if (!made) return made.error();
    new_key = made->reveal();
  }
  auto key_text = read_or_put(fd.get(), kKey, new_key, S_IRUSR | S_IWUSR);
  if (!key_text) return key_text.error();
  const base::Secret key(*std::move(key_text));

  auto certificate = read_or_put(fd.get(), kCertificate, "", 0);
  if (certificate && certificate->empty()) {
    auto made = crypto::new_authority(key, "gopouch on " + this_machine());
    if (!made) {
      return Error{made.error().fault,
                   fmt::format("'{}': {}", (dir / kKey).string(), made.error().message)};
    }
    certificate = read_or_put(fd.get(), kCertificate, *made, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  }
  if (!certificate) return certificate.error();
  auto identity = crypto::Identity::parse(*certificate, key);
  if (!identity) {
    return Error{identity.error().fault,
                 fmt::format("'{}': {}", dir.string(), identity.error().message)};
  }
  return std::make_unique<Ca>(*std::move(certificate), *std::move(identity));
}

base::Result<std::shared_ptr<const crypto::ServerContext>> Ca::greeting(const std::string& host) {
  {
    auto made = made_.lock();
    const auto found = made->find(host);
    if (found != made->end() && Clock::now() - found->second.at < kUsed) {
      return found->second.context;
    }
  }
  auto identity = crypto::Identity::issue(*identity_, host);
  if (!identity) return identity.error();
  auto context = crypto::ServerContext::make({.identity = *std::move(identity)});
  if (!context) return context.error();
  auto made = made_.lock();
  if (made->size() >= kMostHosts) made->clear();
  (*made)[host] = {Clock::now(), *context};
  return *context;
}

base::Result<std::string> ca_certificate(const std::filesystem::path& dir) {
  auto ca = Ca::open(dir);
  if (!ca) return ca.error();
  return (*ca)->certificate();
}

}  // namespace gopouch::revproxy
