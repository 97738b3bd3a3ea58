#include "pack/writer.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/compress.h"

namespace gopouch::pack {

namespace {

// Appends the bytes of another file, within the kernel where it can.
base::Status append_file(int to, const Spool::Place& from) {
  auto offset = static_cast<off_t>(from.offset);
  for (std::int64_t left = from.size; left > 0;) {
    const ssize_t n = ::sendfile(to, from.fd, &offset, static_cast<std::size_t>(left));
    if (n <= 0) return base::system_error("a temporary file", n == 0 ? EIO : errno);
    left -= n;
  }
  return base::Done{};
}

// Builds the frames of one pack.
class PackFile {
 public:
  PackFile(base::Fd file, std::int64_t room, const Spool& spool)
      : spool_(spool), file_(std::move(file)), end_(room) {}

  base::Status add(const Source& source);
  base::Status flush();  // the frame of small ones
  base::Result<Packed> finish();

 private:
  base::Status add_alone(const Source& source, int fd);
  base::Status add_shared(const Source& source, int fd);
  base::Status append(std::span<const std::uint8_t> bytes);
  void end_frame(Codec codec, std::int64_t raw);
  void add_output(const Source& source, std::int64_t offset);

  const Spool& spool_;
  base::Compressor compressor_;
  base::Fd file_;
  std::int64_t end_;        // of the file
  std::int64_t start_ = 0;  // of the frame under way
  Tables tables_;
  std::string shared_;  // raw bytes of the frame of small ones
  std::vector<Source> sharing_;
  std::vector<std::int64_t> offsets_;  // of sharing_
};

base::Status PackFile::append(std::span<const std::uint8_t> bytes) {
  auto done = base::write_all(file_.get(), bytes);
  if (done) end_ += std::ssize(bytes);
  return done;
}

void PackFile::end_frame(Codec codec, std::int64_t raw) {
  tables_.frames.push_back({0, codec, start_, end_ - start_, raw});
}

void PackFile::add_output(const Source& source, std::int64_t offset) {
  tables_.outputs.push_back({source.output, source.size,
                             static_cast<std::uint32_t>(tables_.frames.size() - 1),
                             static_cast<std::uint32_t>(offset)});
}

base::Status PackFile::add(const Source& source) {
  if (source.size > kSmall) {
    if (const auto kept = spool_.find(source.output)) {
      start_ = end_;
      if (auto done = append_file(file_.get(), *kept); !done) return done;
      end_ += kept->size;
      end_frame(kept->codec, source.size);
      add_output(source, 0);
      return base::Done{};
    }
  }
  const base::Fd fd(::open(source.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_size != source.size) {
    return base::Done{};  // it went: left out
  }
  return source.size > kSmall ? add_alone(source, fd.get()) : add_shared(source, fd.get());
}

base::Status PackFile::add_alone(const Source& source, int fd) {
  start_ = end_;
  auto done = compressor_.compress(fd, source.size, [this](auto bytes) { return append(bytes); });
  if (!done) return done;
  end_frame(Codec::kZstd, source.size);
  add_output(source, 0);
  return base::Done{};
}

base::Status PackFile::add_shared(const Source& source, int fd) {
  if (std::ssize(shared_) + source.size > kSharedFrame) {
    if (auto done = flush(); !done) return done;
  }
  const auto before = shared_.size();
  const auto done = base::copy(fd, source.size, [this](std::span<const std::uint8_t> bytes) {
    shared_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return base::Status(base::Done{});
  });
  if (!done) {
    shared_.resize(before);
    return base::Done{};  // it cannot be read: left out
  }
  sharing_.push_back(source);
  offsets_.push_back(static_cast<std::int64_t>(before));
  return base::Done{};
}

base::Status PackFile::flush() {
  if (sharing_.empty()) return base::Done{};
  const auto raw = base::bytes_of(shared_);
  std::string stored;
  compressor_.compress(raw, stored);
  start_ = end_;
  const bool smaller = stored.size() < raw.size();
  const std::span<const std::uint8_t> bytes = smaller ? base::bytes_of(stored) : raw;
  if (auto done = append(bytes); !done) return done;
  end_frame(smaller ? Codec::kZstd : Codec::kRaw, std::ssize(raw));
  for (std::size_t i = 0; i < sharing_.size(); ++i) add_output(sharing_[i], offsets_[i]);
  shared_.clear();
  sharing_.clear();
  offsets_.clear();
  return base::Done{};
}

// The front goes into the room that was left for it.
base::Result<Packed> PackFile::finish() {
  if (auto done = flush(); !done) return done.error();
  const std::string front = encode(Kind::kPack, tables_);
  const int file = file_.get();
  if (::pwrite(file, front.data(), front.size(), 0) != std::ssize(front) ||
      ::lseek(file, 0, SEEK_SET) != 0) {
    return base::system_error("a temporary file", errno);
  }
  const auto id = base::hash_file(file);
  if (!id) return id.error();
  return Packed{std::move(tables_), {*id, end_}, std::move(file_)};
}

// Bytes that the front can take at most.
std::int64_t front_room(std::size_t outputs) {
  Tables most;
  most.frames.resize(outputs);
  most.outputs.resize(outputs);
  return max_encoded_size(most);
}

}  // namespace

void Spool::keep(const store::OutputId& output, Codec codec, const net::Body& frame) {
  auto state = state_.lock();
  if (state->full || state->places.contains(output.hash)) return;
  if (!state->file) state->file = base::unnamed_file(dir_);
  const int to = state->file.get();
  Place place{to, state->end, 0, codec};
  base::Status done = base::Done{};
  if (frame.fd >= 0) {
    place.size = frame.size;
    done = append_file(to, {frame.fd, frame.offset, frame.size, codec});
  } else {
    place.size = std::ssize(frame.bytes);
    done = base::write_all(to, frame.bytes);
  }
  if (!done) {
    state->full = true;  // no room: what is there stays good
    return;
  }
  state->end += place.size;
  state->places.emplace(output.hash, place);
}

std::optional<Spool::Place> Spool::find(const store::OutputId& output) const {
  auto state = state_.lock();
  const auto found = state->places.find(output.hash);
  return found == state->places.end() ? std::nullopt : std::optional(found->second);
}

base::Result<Packed> write_pack(std::span<const Source> sources, const Spool& spool,
                                const std::filesystem::path& dir, const base::Call& call,
                                const std::function<void()>& moved) {
  base::Fd file = base::unnamed_file(dir);
  const std::int64_t room = front_room(sources.size());
  if (!file || ::lseek(file.get(), room, SEEK_SET) != room) {
    return base::system_error("a temporary file", errno);
  }
  PackFile pack(std::move(file), room, spool);
  for (const Source& source : sources) {
    if (call.over()) return base::Error{base::Fault::kStopped, "no time left for a pack"};
    if (auto done = pack.add(source); !done) return done.error();
    moved();
  }
  return pack.finish();
}

}  // namespace gopouch::pack
