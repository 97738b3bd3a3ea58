// From an entry to its raw body, in whatever pieces it arrives; and on into the local store.
//
// Memory is bounded whatever the entry says: the window of a zstd frame by kMaxWindow, the body by
// its own raw size, which whoever takes it checks together with the hash.
#include <algorithm>
#include <array>

#include "remote/entry.h"

namespace gopouch::remote {

namespace {

constexpr int kMaxWindow = 23;  // log2: 8 MiB; level 1 needs at most 2^21
constexpr std::size_t kPiece = std::size_t{64} << 10U;

}  // namespace

bool EntryDecoder::fail(std::string why) {
  problem_ = base::Error{base::Fault::kCorrupt, std::move(why)};
  return false;
}

bool EntryDecoder::write(std::span<const std::uint8_t> bytes) {
  if (problem_) return false;
  received_ += std::ssize(bytes);
  while (!header_ || front_.size() < kHeaderSize + header_->signature_size) {
    const std::size_t wanted = kHeaderSize + (header_ ? header_->signature_size : 0);
    const std::size_t size = std::min(wanted - front_.size(), bytes.size());
    front_.append(reinterpret_cast<const char*>(bytes.data()), size);
    bytes = bytes.subspan(size);
    if (front_.size() < wanted) return true;
    if (!header_ && !take_header()) return false;
  }
  return bytes.empty() || take_body(bytes);
}

bool EntryDecoder::take_header() {
  auto header = decode(std::span<const std::uint8_t, kHeaderSize>(
      reinterpret_cast<const std::uint8_t*>(front_.data()), kHeaderSize));
  if (!header) return fail(header.error().message);
  if (header->action != action_) return fail("an entry of another action");
  if (header->entry.size > max_body_ || header->stored_size > max_body_) {
    return fail("a body beyond all bounds");
  }
  header_ = *header;
  on_header_(*header);
  if (header_->codec == Codec::kZstd) {
    inflater_.reset(ZSTD_createDCtx());
    ZSTD_DCtx_setParameter(inflater_.get(), ZSTD_d_windowLogMax, kMaxWindow);
  }
  return true;
}

bool EntryDecoder::take_body(std::span<const std::uint8_t> bytes) {
  body_ += std::ssize(bytes);
  if (body_ > header_->stored_size) return fail("more bytes than announced");
  return header_->codec == Codec::kZstd ? inflate(bytes) : produce(bytes);
}

bool EntryDecoder::inflate(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, kPiece> out;
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  bool full = false;  // the last piece filled `out`: there may be more inside
  while (input.pos < input.size || full) {
    if (frame_ended_) return fail("bytes after the zstd frame");
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(inflater_.get(), &output, &input);
    if (ZSTD_isError(left) != 0) return fail(ZSTD_getErrorName(left));
    if (!produce({out.data(), output.pos})) return false;
    frame_ended_ = left == 0;
    full = output.pos == out.size() && !frame_ended_;
  }
  return true;
}

bool EntryDecoder::produce(std::span<const std::uint8_t> bytes) {
  produced_ += std::ssize(bytes);
  if (produced_ > header_->entry.size) return fail("a body longer than announced");
  if (!bytes.empty()) on_bytes_(bytes);
  return true;
}

base::Status EntryDecoder::finish() const {
  if (problem_) return *problem_;
  const bool whole =
      header_ && body_ == header_->stored_size && (header_->codec == Codec::kRaw || frame_ended_);
  if (whole) return base::Done{};
  return base::Error{base::Fault::kCorrupt, "an entry cut short"};
}

void EntrySink::begin() {
  put_.reset();
  const auto on_header = [this](const Header& header) {
    const store::Entry& entry = header.entry;
    put_.emplace(local_.put(action_, entry.output, entry.size, entry.put_time));
  };
  const auto on_bytes = [this](std::span<const std::uint8_t> bytes) { put_->write(bytes); };
  decoder_.emplace(action_, max_body_, on_header, on_bytes);
}

base::Result<store::Hit> EntrySink::finish() {
  if (!decoder_) begin();
  if (auto whole = decoder_->finish(); !whole) return whole.error();
  auto stored = put_->commit();
  put_.reset();
  // What the store finds invalid is a body that is not what its entry says.
  if (!stored && stored.error().fault == base::Fault::kInvalid) {
    return base::Error{base::Fault::kCorrupt, stored.error().message};
  }
  return stored;
}

}  // namespace gopouch::remote
