// LZ4 frames, written and read by liblz4. Rules: bare.h.
//
// Memory is bounded whatever a frame says: its blocks are 4 MiB at most, so a reader holds twice
// that; what it unpacks to is bounded by the spool.
#include <lz4frame.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "remote/bare.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kMagic = "\x04\x22\x4d\x18";
constexpr std::size_t kPiece = std::size_t{64} << 10U;

struct Free {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
};

Error corrupt(const char* why) { return {Fault::kCorrupt, why}; }

}  // namespace

bool is_lz4(const Spool& body) { return body.starts_with(kMagic); }

base::Status unpack_lz4(const Spool& packed, Spool& body) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) {
    return Error{Fault::kUnavailable, "no memory for LZ4"};
  }
  const std::unique_ptr<LZ4F_dctx, Free> context(made);
  std::vector<std::uint8_t> out(kPiece);
  bool ended = false;
  body.begin();
  auto read = packed.each([&](std::span<const std::uint8_t> bytes) -> base::Status {
    bool full = false;  // the last piece filled `out`: there may be more inside
    while (!bytes.empty() || full) {
      if (ended) return corrupt("bytes after the LZ4 frame");
      std::size_t taken = bytes.size(), made_size = out.size();
      const std::size_t left =
          LZ4F_decompress(context.get(), out.data(), &made_size, bytes.data(), &taken, nullptr);
      if (LZ4F_isError(left) != 0) return corrupt(LZ4F_getErrorName(left));
      bytes = bytes.subspan(taken);
      if (!body.write({out.data(), made_size})) return *body.problem();
      ended = left == 0;
      full = made_size == out.size() && !ended;
    }
    return base::Done{};
  });
  if (!read) return read;
  return ended ? base::Status(base::Done{}) : corrupt("an LZ4 frame cut short");
}

base::Status pack_lz4(int fd, std::int64_t size, const base::Compressor::Write& write) {
  LZ4F_cctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createCompressionContext(&made, LZ4F_VERSION)) != 0) {
    return Error{Fault::kUnavailable, "no memory for LZ4"};
  }
  const std::unique_ptr<LZ4F_cctx, Free> context(made);
  // As its own writer does: blocks that stand alone, and a sum of the content.
  LZ4F_preferences_t how{};
  how.frameInfo.blockMode = LZ4F_blockIndependent;
  how.frameInfo.blockSizeID = LZ4F_max256KB;
  how.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  std::vector<std::uint8_t> out(std::max<std::size_t>(LZ4F_compressBound(kPiece, &how), 64));
  const auto give = [&](std::size_t made_size) -> base::Status {
    if (LZ4F_isError(made_size) != 0) {
      return Error{Fault::kUnavailable, LZ4F_getErrorName(made_size)};
    }
    return made_size == 0 ? base::Done{} : write({out.data(), made_size});
  };
  if (auto done = give(LZ4F_compressBegin(context.get(), out.data(), out.size(), &how)); !done) {
    return done;
  }
  auto done = base::copy(fd, size, [&](std::span<const std::uint8_t> piece) -> base::Status {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), kPiece));
      piece = piece.subspan(part.size());
      if (auto given = give(LZ4F_compressUpdate(context.get(), out.data(), out.size(), part.data(),
                                                part.size(), nullptr));
          !given) {
        return given;
      }
    }
    return base::Done{};
  });
  if (!done) return done;
  return give(LZ4F_compressEnd(context.get(), out.data(), out.size(), nullptr));
}

}  // namespace gopouch::remote
