// zstd as this program writes it.
#pragma once

#include <zstd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"

namespace gopouch::base {

// Smaller bodies gain nothing that a request would notice.
constexpr std::int64_t kWorthCompressing = 128;

// For one thread at a time.
class Compressor {
 public:
  Compressor();

  using Write = std::function<Status(std::span<const std::uint8_t> bytes)>;

  // Reads `size` bytes from `fd` and gives `write` one frame of them. kCorrupt: the file has fewer.
  Status compress(int fd, std::int64_t size, const Write& write);

  // Appends one frame of `bytes` to `out`.
  void compress(std::span<const std::uint8_t> bytes, std::string& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::vector<std::uint8_t> in_, out_;
};

// Reads `size` bytes from `fd` and gives them to `write`. kCorrupt: the file has fewer.
Status copy(int fd, std::int64_t size, const Compressor::Write& write);

// A file in `dir` that only this process sees; where the folder takes none, in memory.
Fd unnamed_file(const std::filesystem::path& dir);

}  // namespace gopouch::base
