// A folder as a store: "file:///shared/folder", which may lie on NFS. An object is a file below it,
// named by its key, so "a" and "a/b" cannot both be there.
//
// A file gets its name when it is whole (base/files.h); nothing is locked. Others write there, too,
// so nothing is believed: links are not followed, and what is no plain file is no object. Files and
// folders get the modes that the umask leaves: the team's business.
//
// Of the preconditions if_absent is kept by the file system. if_version is looked at just before
// the file is replaced, so of two writers in the same moment both may win.
//
// The folder is made by the first put if its parent is there: where even that is missing, somebody
// mistyped or forgot to mount.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "object/backend.h"
#include "object/local.h"
#include "object/walk.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using base::Fd;

constexpr std::int64_t kBuffer = std::int64_t{128} << 10U;
constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kFolderMode = 0777;  // less the umask

// Errors that mean that there is no such file, or no such folder on the way to it.
bool is_absence(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

std::string_view folder_of(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : key.substr(0, slash);
}

std::string file_of(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

std::string version_of(const struct stat& info) {
  return fmt::format("{}-{}.{:09}-{}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                     info.st_size);
}

// What a put stores, piece by piece.
class Reader {
 public:
  explicit Reader(const net::Body& body)
      : body_(body), left_(body.fd >= 0 ? body.size : std::ssize(body.bytes)) {
    if (body.fd >= 0) buffer_.resize(static_cast<std::size_t>(std::min(left_, kBuffer)));
  }

  bool done() const { return left_ == 0; }

  // REQUIRES: !done().
  base::Result<std::span<const std::uint8_t>> next() {
    std::span<const std::uint8_t> piece;
    if (body_.fd < 0) {
      const auto size = static_cast<std::size_t>(std::min(left_, kBuffer));
      piece = body_.bytes.last(static_cast<std::size_t>(left_)).first(size);
    } else {
      const auto size = static_cast<std::size_t>(std::min(left_, std::ssize(buffer_)));
      const ssize_t n = ::pread(body_.fd, buffer_.data(), size, body_.offset + body_.size - left_);
      if (n <= 0) return base::system_error("the file to be stored", n < 0 ? errno : EIO);
      piece = std::span(buffer_).first(static_cast<std::size_t>(n));
    }
    left_ -= std::ssize(piece);
    if (body_.sent != nullptr) *body_.sent += std::ssize(piece);
    return piece;
  }

 private:
  const net::Body& body_;
  std::int64_t left_;
  std::vector<std::uint8_t> buffer_;
};

class Folder final : public Store {
 public:
  Folder(std::string path, std::string name) : path_(std::move(path)), name_(std::move(name)) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    for (std::size_t i = 0; i < gets.size(); ++i) on_reply(i, get_one(gets[i], call));
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    if (const auto end = ended(call)) return *end;
    const auto folder = open_folder(folder_of(key), true);
    if (!folder) return folder.error();
    const std::string file = file_of(key);
    struct stat there {};
    const bool exists = ::fstatat((*folder)->get(), file.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && S_ISDIR(there.st_mode)) {
      return Error{Fault::kInvalid, fmt::format("{}: {} is a folder there", name_, key)};
    }
    const bool other = !exists || version_of(there) != options.if_version;
    if ((options.if_absent && exists) || (!options.if_version.empty() && other)) {
      return PutOutcome::kConflict;
    }
    const std::string name = "./" + file;  // as NewFile wants it: in a folder
    auto draft = base::NewFile::create((*folder)->get(), name.c_str());
    if (!draft) return inside(folder_of(key), draft.error());
    for (Reader reader(body); !reader.done();) {
      if (const auto end = ended(call)) return *end;
      const auto piece = reader.next();
      if (!piece) return named(piece.error(), key);
      if (auto done = draft->write(*piece); !done) return inside(folder_of(key), done.error());
    }
    if (exists) {
      if (auto done = draft->publish_over(); !done) return inside(folder_of(key), done.error());
      return PutOutcome::kStored;
    }
    const auto published = draft->publish();
    if (!published) return inside(folder_of(key), published.error());
    // Without a precondition, whoever was faster has written a moment after us, as it were.
    return *published || !options.if_absent ? PutOutcome::kStored : PutOutcome::kConflict;
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    if (const auto end = ended(call)) return *end;
    const auto folder = open_folder(folder_of(key), false);
    if (!folder) return folder.error();
    if (!*folder) return std::optional<Info>();
    struct stat info {};
    if (::fstatat((*folder)->get(), file_of(key).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (is_absence(errno)) return std::optional<Info>();
      return failed(key, errno);
    }
    if (!S_ISREG(info.st_mode)) return std::optional<Info>();
    return std::optional(Info{key, info.st_size, changed(info)});
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    const std::string_view path = folder_of(prefix);
    const auto folder = open_folder(path, false);
    if (!folder) return folder.error();
    if (!*folder) return base::Done{};
    Pager pager(on_page);
    const auto walked =
        walk((*folder)->get(), path, file_of(prefix), [&](Key key, const struct stat& info) {
          if (auto end = ended(call)) return base::Result<bool>(*std::move(end));
          return base::Result<bool>(pager.add({std::move(key), info.st_size, changed(info)}));
        });
    if (!walked) return named(walked.error(), prefix);
    pager.flush();
    return base::Done{};
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    base::Status result = base::Done{};
    for (const Key& key : keys) {
      if (const auto end = ended(call)) return *end;
      const auto folder = open_folder(folder_of(key), false);
      if (!folder) return folder.error();
      if (!*folder || ::unlinkat((*folder)->get(), file_of(key).c_str(), 0) == 0) continue;
      // A folder of that name is no object. The others go, whatever became of this one.
      if (!is_absence(errno) && errno != EISDIR && result) result = failed(key, errno);
    }
    return result;
  }

 private:
  static std::chrono::sys_seconds changed(const struct stat& info) {
    return std::chrono::sys_seconds(std::chrono::seconds(info.st_mtim.tv_sec));
  }

  Error failed(std::string_view key, int error_number) const {
    return base::system_error(fmt::format("{}: {}", name_, key), error_number);
  }

  Error named(const Error& error, std::string_view key) const {
    return {error.fault, fmt::format("{}: {}: {}", name_, key, error.message)};
  }

  // Of a file that calls itself "./file".
  Error inside(std::string_view folder, const Error& error) const {
    return {error.fault,
            fmt::format("{}{}{}: {}", name_, folder.empty() ? "" : "/", folder, error.message)};
  }

  // The folder of the whole store; nullopt: it is not there yet.
  base::Result<std::optional<Fd>> open_root(bool make) const {
    for (bool again = make;; again = false) {
      Fd root(::open(path_.c_str(), kFolder));
      if (root) return std::optional(std::move(root));
      if (errno == ENOTDIR) return Error{Fault::kInvalid, name_ + ": this is no folder"};
      if (errno != ENOENT) return failed("the folder", errno);
      const std::string parent = path_.substr(0, std::max<std::size_t>(path_.rfind('/'), 1));
      if (!Fd(::open(parent.c_str(), kFolder))) {
        return Error{Fault::kInvalid, fmt::format("{}: {} is not there; make it, or mount what "
                                                  "belongs there",
                                                  name_, parent)};
      }
      if (!again) return std::optional<Fd>();
      if (::mkdir(path_.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return failed("the folder", errno);
      }
    }
  }

  // The folder that `path` names below it, "" being itself; nullopt: it is not there. With `make`
  // it is there, or this fails.
  base::Result<std::optional<Fd>> open_folder(std::string_view path, bool make) const {
    auto folder = open_root(make);
    if (!folder || !*folder) return folder;
    while (!path.empty()) {
      const std::string part(path.substr(0, path.find('/')));
      path.remove_prefix(std::min(part.size() + 1, path.size()));
      const int at = (*folder)->get();
      Fd below(::openat(at, part.c_str(), kFolder | O_NOFOLLOW));
      if (!below && errno == ENOENT && make) {
        if (::mkdirat(at, part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
          return failed(part, errno);
        }
        below.reset(::openat(at, part.c_str(), kFolder | O_NOFOLLOW));
      }
      if (!below) {
        if (!is_absence(errno)) return failed(part, errno);
        if (!make) return std::optional<Fd>();
        return Error{Fault::kInvalid, fmt::format("{}: {} is no folder there", name_, part)};
      }
      *folder = std::move(below);
    }
    return folder;
  }

  base::Result<std::optional<Object>> get_one(const Get& get, const base::Call& call) {
    if (const auto end = ended(call)) return *end;
    const auto folder = open_folder(folder_of(get.key), false);
    if (!folder) return folder.error();
    if (!*folder) return std::optional<Object>();
    const Fd file(::openat((*folder)->get(), file_of(get.key).c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && is_absence(errno)) return std::optional<Object>();
    if (!file && errno != ELOOP) return failed(get.key, errno);
    struct stat info {};
    if (file && ::fstat(file.get(), &info) != 0) return failed(get.key, errno);
    if (S_ISDIR(info.st_mode)) return std::optional<Object>();
    if (!S_ISREG(info.st_mode)) {
      return named({Fault::kCorrupt, "this is no plain file"}, get.key);
    }
    const auto part = part_of(get, info.st_size);
    if (!part) return named(part.error(), get.key);
    Object object{.bytes = {}, .version = version_of(info)};
    auto read = get.sink == nullptr ? read_bytes(file, get.key, *part, object.bytes)
                                    : read_into(*get.sink, file, get.key, *part, call);
    if (!read) return read.error();
    return std::optional(std::move(object));
  }

  base::Status read_bytes(const Fd& file, const Key& key, const Range& part,
                          std::string& bytes) const {
    bytes.resize(static_cast<std::size_t>(part.size));
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = ::pread(file.get(), bytes.data() + done, bytes.size() - done,
                                part.offset + static_cast<std::int64_t>(done));
      if (n < 0) return failed(key, errno);
      if (n == 0) return shrunk(key);
      done += static_cast<std::size_t>(n);
    }
    return base::Done{};
  }

  base::Status read_into(Sink& sink, const Fd& file, const Key& key, const Range& part,
                         const base::Call& call) const {
    sink.begin();
    std::vector<std::uint8_t> buffer(static_cast<std::size_t>(std::min(part.size, kBuffer)));
    for (std::int64_t done = 0; done < part.size;) {
      if (auto end = ended(call)) return *std::move(end);
      const auto wanted = static_cast<std::size_t>(std::min(part.size - done, kBuffer));
      const ssize_t n = ::pread(file.get(), buffer.data(), wanted, part.offset + done);
      if (n < 0) return failed(key, errno);
      if (n == 0) return shrunk(key);
      if (!sink.write(std::span(buffer).first(static_cast<std::size_t>(n)))) {
        return Error{Fault::kStopped, "enough"};
      }
      done += n;
    }
    return base::Done{};
  }

  Error shrunk(const Key& key) const {
    return named({Fault::kCorrupt, "became shorter while it was read"}, key);
  }

  const std::string path_;
  const std::string name_;
};

base::Result<Opened> open_dir(const net::Url& url, const Parameters& /*parameters*/,
                              const Options& /*options*/) {
  const auto invalid = [](std::string message) {
    return Error{Fault::kInvalid, std::move(message)};
  };
  if (!url.user.empty() || !url.password.empty() || url.port != 0 ||
      (!url.host.empty() && url.host != "localhost")) {
    return invalid("file:// takes no host: write file:///folder");
  }
  std::string path = net::percent_decode(url.path).value_or("");
  while (path.ends_with('/')) path.pop_back();
  if (path.empty() || path.find('\0') != std::string::npos) {
    return invalid("file:// needs a folder: write file:///folder");
  }
  std::string name = "file://" + path;
  return Opened{.store = std::make_unique<Folder>(path, name),
                .features = {.ranges = true, .preconditions = true, .remote = false},
                .name = name};
}

}  // namespace

const Backend dir{
    "file", "file:///folder: a folder that machines share, as over NFS", {}, open_dir};

}  // namespace gopouch::object
