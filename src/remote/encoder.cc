// From a file to an entry: header, then the body as one zstd frame, or raw where that is no larger.
//
// The header says how long the body is, so the body is made first and the header written over the
// room that was left for it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "remote/entry.h"

namespace gopouch::remote {

namespace {

constexpr std::int64_t kInMemory = std::int64_t{256} << 10U;

base::Status append(std::string& bytes, const base::Fd& file, std::span<const std::uint8_t> more) {
  if (file) return base::write_all(file.get(), more);
  bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
  return base::Done{};
}

base::Result<base::Fd> open_body(const char* path, std::int64_t size) {
  base::Fd source(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!source || ::fstat(source.get(), &info) != 0) return base::system_error(path, errno);
  if (info.st_size != size) {
    return base::Error{base::Fault::kCorrupt, fmt::format("{}: changed its size", path)};
  }
  return source;
}

}  // namespace

base::Result<Encoded> Encoded::make(std::int64_t size, const std::filesystem::path& temp_dir) {
  Encoded encoded;
  if (size > kInMemory && !(encoded.file_ = base::unnamed_file(temp_dir))) {
    return base::system_error("a temporary file", errno);
  }
  return encoded;
}

base::Status Encoded::sum() {
  if (!file_) {
    sha256_ = base::sha256(base::bytes_of(bytes_));
    return base::Done{};
  }
  if (::lseek(file_.get(), 0, SEEK_SET) != 0) return base::system_error("a temporary file", errno);
  const auto hash = base::hash_file(file_.get());
  if (!hash) return hash.error();
  sha256_ = *hash;
  return base::Done{};
}

net::Body Encoded::part(std::int64_t from) const {
  if (file_) return {.fd = file_.get(), .offset = from, .size = size_ - from};
  const auto all = base::bytes_of(bytes_);
  return {.bytes = all.subspan(static_cast<std::size_t>(from))};
}

base::Result<Encoded> Encoder::encode(Header header, const char* path, bool compress,
                                      const std::filesystem::path& temp_dir) {
  const std::int64_t size = header.entry.size;
  const auto source = open_body(path, size);
  if (!source) return source.error();
  auto made = Encoded::make(size, temp_dir);
  if (!made) return made;
  Encoded& encoded = *made;
  std::string& bytes = encoded.bytes_;
  const HeaderBytes room{};
  if (auto done = append(bytes, encoded.file_, room); !done) return done.error();

  header.codec = compress && size >= base::kWorthCompressing ? Codec::kZstd : Codec::kRaw;
  header.stored_size = 0;
  const auto write = [&](std::span<const std::uint8_t> piece) {
    header.stored_size += std::ssize(piece);
    return append(bytes, encoded.file_, piece);
  };
  const auto done = header.codec == Codec::kZstd ? compressor_.compress(source->get(), size, write)
                                                 : base::copy(source->get(), size, write);
  if (!done) return done.error();
  if (header.codec == Codec::kZstd && header.stored_size >= size) {
    return encode(header, path, false, temp_dir);  // it did not shrink
  }

  encoded.codec_ = header.codec;
  encoded.size_ = static_cast<std::int64_t>(kHeaderSize) + header.stored_size;
  const HeaderBytes front = remote::encode(header);
  if (!encoded.file_) {
    bytes.replace(0, kHeaderSize, reinterpret_cast<const char*>(front.data()), kHeaderSize);
  } else if (::pwrite(encoded.file_.get(), front.data(), front.size(), 0) != std::ssize(front)) {
    return base::system_error("a temporary file", errno);
  }
  if (auto summed = encoded.sum(); !summed) return summed.error();
  return made;
}

base::Result<Encoded> Encoder::raw(const char* path, const store::Entry& entry) {
  auto source = open_body(path, entry.size);
  if (!source) return source.error();
  Encoded encoded;
  encoded.file_ = *std::move(source);
  encoded.size_ = entry.size;
  encoded.sha256_ = entry.output.hash;
  return encoded;
}

base::Result<Encoded> Encoder::bare(const char* path, std::int64_t size, Pack pack,
                                    const std::filesystem::path& temp_dir) {
  const auto source = open_body(path, size);
  if (!source) return source.error();
  auto made = Encoded::make(size, temp_dir);
  if (!made) return made;
  const auto done = pack(source->get(), size, [&](std::span<const std::uint8_t> piece) {
    made->size_ += std::ssize(piece);
    return append(made->bytes_, made->file_, piece);
  });
  if (!done) return done.error();
  if (auto summed = made->sum(); !summed) return summed.error();
  return made;
}

}  // namespace gopouch::remote
