// The entry format: what lies under v1/e/<action hex>.
//
//   entry     = header signature body
//   header    = 128 bytes, integers little-endian:
//       0   7  "gopouch"
//       7   1  version, 1
//       8   1  codec: 0 raw, 1 zstd
//       9   1  0
//      10   2  length of the signature, at most 1024; 0: unsigned
//      12   4  cost: ms from the get that missed to the put, what a hit saves
//      16   8  put time, ns since the Unix epoch
//      24   8  raw size of the body
//      32   8  stored size of the body
//      40  32  ActionID
//      72  32  OutputID: the SHA-256 of the raw body
//     104  24  the first 24 bytes of the SHA-256 of bytes 0 to 103
//   body      = stored-size bytes: the output, or one zstd frame of it
//
// A reader takes versions and codecs that it knows, and nothing after the body. The ActionID is
// there so that an object under another's key is noticed; the sum in the header so that a flipped
// bit in a time or cost is. Numbers here never change their meaning.
#pragma once

#include <zstd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/compress.h"
#include "base/hash.h"
#include "base/result.h"
#include "object/object.h"
#include "store/store.h"

namespace gopouch::remote {

enum class Codec : std::uint8_t { kRaw = 0, kZstd = 1 };

constexpr std::size_t kHeaderSize = 128;
constexpr std::size_t kMaxSignature = 1024;

struct Header {
  Codec codec = Codec::kRaw;
  std::uint16_t signature_size = 0;
  std::uint32_t cost_ms = 0;
  store::ActionId action = {};
  store::Entry entry = {};  // output, raw size, put time
  std::int64_t stored_size = 0;
};

using HeaderBytes = std::array<std::uint8_t, kHeaderSize>;

HeaderBytes encode(const Header& header);

// kCorrupt: it is none, or none that this version knows. Sizes are not negative.
base::Result<Header> decode(std::span<const std::uint8_t, kHeaderSize> bytes);

// What is ready to be sent: in memory where it is small, else in a file, which has no name where it
// is ours.
class Encoded {
 public:
  net::Body whole() const { return part(0); }
  net::Body body() const { return part(kHeaderSize); }  // of an entry: what follows its header
  Codec codec() const { return codec_; }
  std::int64_t size() const { return size_; }
  const base::Hash& sha256() const { return sha256_; }  // of all its bytes

 private:
  friend class Encoder;
  net::Body part(std::int64_t from) const;
  static base::Result<Encoded> make(std::int64_t size, const std::filesystem::path& temp_dir);
  base::Status sum();

  Codec codec_ = Codec::kRaw;
  std::string bytes_;
  base::Fd file_;
  std::int64_t size_ = 0;
  base::Hash sha256_{};
};

// Makes entries from files. For one thread at a time.
class Encoder {
 public:
  // `header` says all but codec and stored size; `path` is the body's file, whose size must be the
  // header's. Files without a name are made in `temp_dir`.
  base::Result<Encoded> encode(Header header, const char* path, bool compress,
                               const std::filesystem::path& temp_dir);

  // A body alone, as the older layouts have it: the file as it is, or its `size` bytes as `pack`
  // writes them.
  static base::Result<Encoded> raw(const char* path, const store::Entry& entry);
  using Pack = base::Status (*)(int fd, std::int64_t size, const base::Compressor::Write& write);
  static base::Result<Encoded> bare(const char* path, std::int64_t size, Pack pack,
                                    const std::filesystem::path& temp_dir);

 private:
  base::Compressor compressor_;
};

// Takes an entry apart as it arrives.
class EntryDecoder {
 public:
  // `on_header` is called once, when it is known to be one of the action; `on_bytes` with the body,
  // raw, and never with more of it than the header says. Whether its hash is right is theirs to
  // see.
  using OnHeader = std::function<void(const Header&)>;
  using OnBytes = std::function<void(std::span<const std::uint8_t>)>;
  EntryDecoder(const store::ActionId& action, std::int64_t max_body, OnHeader on_header,
               OnBytes on_bytes)
      : action_(action),
        max_body_(max_body),
        on_header_(std::move(on_header)),
        on_bytes_(std::move(on_bytes)) {}

  // False: enough, for problem() says why.
  bool write(std::span<const std::uint8_t> bytes);

  // After the last byte; kCorrupt: it is no whole entry of the action.
  base::Status finish() const;

  const std::optional<base::Error>& problem() const { return problem_; }
  const std::optional<Header>& header() const { return header_; }
  std::int64_t received() const { return received_; }

 private:
  bool fail(std::string why);
  bool take_header();
  bool take_body(std::span<const std::uint8_t> bytes);
  bool inflate(std::span<const std::uint8_t> bytes);
  bool produce(std::span<const std::uint8_t> bytes);

  const store::ActionId action_;
  const std::int64_t max_body_;
  const OnHeader on_header_;
  const OnBytes on_bytes_;

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::string front_;  // header and signature, as far as they are here
  std::optional<Header> header_;
  std::int64_t received_ = 0;  // bytes in all
  std::int64_t body_ = 0;      // stored bytes of the body
  std::int64_t produced_ = 0;  // raw bytes of the body
  bool frame_ended_ = false;
  std::unique_ptr<ZSTD_DCtx, Free> inflater_;
  std::optional<base::Error> problem_;
};

// Takes an entry as it arrives and lays its body into the local store.
class EntrySink final : public object::Sink {
 public:
  // `local` must outlive the sink.
  EntrySink(store::Store& local, const store::ActionId& action, std::int64_t max_body)
      : local_(local), action_(action), max_body_(max_body) {}

  void begin() override;
  bool write(std::span<const std::uint8_t> bytes) override { return decoder_->write(bytes); }

  // After the last byte: the stored file; kCorrupt when this was no entry of the action, any other
  // fault is the local disk's. REQUIRES: called once.
  base::Result<store::Hit> finish();

  // Why write() wanted no more, where it did not.
  std::optional<base::Error> problem() const {
    return decoder_ ? decoder_->problem() : std::nullopt;
  }
  std::uint32_t cost_ms() const {
    return decoder_ && decoder_->header() ? decoder_->header()->cost_ms : 0;
  }
  std::int64_t received() const { return decoder_ ? decoder_->received() : 0; }

 private:
  store::Store& local_;
  const store::ActionId action_;
  const std::int64_t max_body_;
  std::optional<EntryDecoder> decoder_;
  std::optional<store::Put> put_;
};

}  // namespace gopouch::remote
