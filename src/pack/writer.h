// Makes a pack: a file without a name, whose frames hold the outputs in the order in which they
// came.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "base/call.h"
#include "base/files.h"
#include "base/guarded.h"
#include "pack/manifest.h"

namespace gopouch::pack {

// Bodies up to this share frames: alone, a body of 3 kB is hardly smaller than itself.
constexpr std::int64_t kSmall = std::int64_t{32} << 10U;

// Bodies that were compressed on their way to the remote, kept so that packing them is a copy.
// Safe for concurrent use. What does not fit onto the disk is not kept.
class Spool {
 public:
  // The file, without a name, is made in `dir` by the first keep().
  explicit Spool(std::filesystem::path dir) : dir_(std::move(dir)) {}

  // `frame` decodes to the output.
  void keep(const store::OutputId& output, Codec codec, const net::Body& frame);

  struct Place {
    int fd = -1;
    std::int64_t offset = 0, size = 0;
    Codec codec = Codec::kRaw;
  };
  std::optional<Place> find(const store::OutputId& output) const;

 private:
  struct State {
    base::Fd file;
    std::int64_t end = 0;
    bool full = false;
    std::map<base::Hash, Place> places;
  };
  const std::filesystem::path dir_;
  mutable base::Guarded<State> state_;
};

// An output to be packed, and its file.
struct Source {
  store::OutputId output;
  std::int64_t size = 0;
  std::string path;
};

struct Packed {
  Tables tables;  // as they stand in the pack
  PackRef ref;
  base::Fd file;
};

// Packs what can be read; what cannot is left out. The file, without a name, is made in `dir`.
// Stops with the call, and calls `moved` from time to time, for whoever watches for progress.
base::Result<Packed> write_pack(std::span<const Source> sources, const Spool& spool,
                                const std::filesystem::path& dir, const base::Call& call,
                                const std::function<void()>& moved);

}  // namespace gopouch::pack
