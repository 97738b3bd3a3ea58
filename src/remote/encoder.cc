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

}  // namespace

net::Body Encoded::part(std::int64_t from) const {
  if (file_) return {.fd = file_.get(), .offset = from, .size = size_ - from};
  const auto all = base::bytes_of(bytes_);
  return {.bytes = all.subspan(static_cast<std::size_t>(from))};
}

base::Result<Encoded> Encoder::encode(Header header, const char* path, bool compress,
                                      const std::filesystem::path& temp_dir) {
  const base::Fd source(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!source || ::fstat(source.get(), &info) != 0) return base::system_error(path, errno);
  const std::int64_t size = header.entry.size;
  if (info.st_size != size) {
    return base::Error{base::Fault::kCorrupt, fmt::format("{}: changed its size", path)};
  }

  Encoded encoded;
  if (size > kInMemory && !(encoded.file_ = base::unnamed_file(temp_dir))) {
    return base::system_error("a temporary file", errno);
  }
  std::string& bytes = encoded.bytes_;
  const HeaderBytes room{};
  if (auto done = append(bytes, encoded.file_, room); !done) return done.error();

  header.codec = compress && size >= base::kWorthCompressing ? Codec::kZstd : Codec::kRaw;
  header.stored_size = 0;
  const auto write = [&](std::span<const std::uint8_t> piece) {
    header.stored_size += std::ssize(piece);
    return append(bytes, encoded.file_, piece);
  };
  const auto done = header.codec == Codec::kZstd ? compressor_.compress(source.get(), size, write)
                                                 : base::copy(source.get(), size, write);
  if (!done) return done.error();
  if (header.codec == Codec::kZstd && header.stored_size >= size) {
    return encode(header, path, false, temp_dir);  // it did not shrink
  }

  encoded.codec_ = header.codec;
  encoded.size_ = static_cast<std::int64_t>(kHeaderSize) + header.stored_size;
  const HeaderBytes front = remote::encode(header);
  if (!encoded.file_) {
    bytes.replace(0, kHeaderSize, reinterpret_cast<const char*>(front.data()), kHeaderSize);
    encoded.sha256_ = base::sha256(base::bytes_of(bytes));
    return encoded;
  }
  const int file = encoded.file_.get();
  if (::pwrite(file, front.data(), front.size(), 0) != std::ssize(front) ||
      ::lseek(file, 0, SEEK_SET) != 0) {
    return base::system_error("a temporary file", errno);
  }
  const auto sum = base::hash_file(file);
  if (!sum) return sum.error();
  encoded.sha256_ = *sum;
  return encoded;
}

}  // namespace gopouch::remote
