#include "base/compress.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace gopouch::base {

namespace {

// Level 1: 26 % of the size at 520 MB/s on real outputs; level 3 gives 25 % at half the speed.
constexpr int kLevel = 1;
constexpr std::int64_t kPiece = std::int64_t{128} << 10U;

const Error kShort{Fault::kCorrupt, "the file is shorter than it was"};

// Reads `size` bytes in pieces through `space`.
Status each_piece(int fd, std::int64_t size, std::vector<std::uint8_t>& space,
                  const std::function<Status(std::span<const std::uint8_t>, bool last)>& use) {
  space.resize(static_cast<std::size_t>(std::min(size, kPiece)));
  for (std::int64_t read = 0; read < size;) {
    const auto wanted = static_cast<std::size_t>(std::min(size - read, kPiece));
    const std::ptrdiff_t n = read_some(fd, {reinterpret_cast<char*>(space.data()), wanted});
    if (n < 0) return system_error("read", errno);
    if (n == 0) return kShort;
    read += n;
    const std::span<const std::uint8_t> piece(space.data(), static_cast<std::size_t>(n));
    if (auto done = use(piece, read == size); !done) return done;
  }
  return Done{};
}

}  // namespace

Compressor::Compressor() : context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize()) {
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
}

Status Compressor::compress(int fd, std::int64_t size, const Write& write) {
  ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only);
  ZSTD_CCtx_setPledgedSrcSize(context_.get(), static_cast<std::uint64_t>(size));
  return each_piece(fd, size, in_, [&](std::span<const std::uint8_t> piece, bool last) -> Status {
    ZSTD_inBuffer input{piece.data(), piece.size(), 0};
    std::size_t left = 1;
    while (last ? left != 0 : input.pos < input.size) {
      ZSTD_outBuffer output{out_.data(), out_.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &output, &input,
                                  last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) return Error{Fault::kUnavailable, ZSTD_getErrorName(left)};
      if (auto done = write({out_.data(), output.pos}); !done) return done;
    }
    return Done{};
  });
}

void Compressor::compress(std::span<const std::uint8_t> bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress2(context_.get(), out.data() + before, out.size() - before,
                                          bytes.data(), bytes.size());
  out.resize(before + size);  // no error: there was room
}

Status copy(int fd, std::int64_t size, const Compressor::Write& write) {
  std::vector<std::uint8_t> space;
  return each_piece(fd, size, space,
                    [&](std::span<const std::uint8_t> piece, bool) { return write(piece); });
}

Fd unnamed_file(const std::filesystem::path& dir) {
  Fd fd(::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) fd.reset(::memfd_create("gopouch", MFD_CLOEXEC));
  return fd;
}

}  // namespace gopouch::base
