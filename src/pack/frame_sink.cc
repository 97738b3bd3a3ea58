// Small frames are gathered and decoded at once, large ones as they arrive: so memory is bounded
// whatever a manifest says. What the bytes are is believed by nobody: the store hashes each output.
#include "pack/frame_sink.h"

#include <algorithm>

namespace gopouch::pack {

namespace {

constexpr int kMaxWindow = 23;  // log2, as for entries
constexpr std::size_t kPiece = std::size_t{128} << 10U;

// Frames that hold no more than this, stored and raw, are decoded at once.
constexpr std::int64_t kAtOnce = std::int64_t{256} << 10U;

bool is_small(const Frame& frame) { return frame.stored <= kAtOnce && frame.raw <= kAtOnce; }

}  // namespace

Contents::Contents(const Tables& tables, const std::vector<bool>& missing)
    : outputs(tables.frames.size()), items(tables.outputs.size()) {
  for (std::uint32_t i = 0; i < tables.items.size(); ++i) {
    const std::uint32_t output = tables.items[i].output;
    if (!missing[i] || output == kNone) continue;
    const std::uint32_t frame = tables.outputs[output].frame;
    if (items[output].empty() && frame != kNone) outputs[frame].push_back(output);
    items[output].push_back(i);
  }
}

FrameSink::FrameSink(const Tables& tables, const Contents& contents, const Range& range,
                     store::Store& local, OnFrame on_frame)
    : tables_(tables),
      contents_(contents),
      range_(range),
      local_(local),
      on_frame_(std::move(on_frame)),
      inflater_(ZSTD_createDCtx()) {
  ZSTD_DCtx_setParameter(inflater_.get(), ZSTD_d_windowLogMax, kMaxWindow);
}

// A retry brings the range from its first byte; what was told of is passed over.
void FrameSink::begin() {
  at_ = range_.offset;
  next_ = done_;
  taken_ = 0;
  failed_ = false;
  put_.reset();
}

bool FrameSink::write(std::span<const std::uint8_t> bytes) {
  received_ += std::ssize(bytes);
  while (!bytes.empty() && next_ < range_.frames.size()) {
    const Frame& frame = tables_.frames[range_.frames[next_]];
    const std::int64_t wanted = frame.offset + taken_;
    if (at_ < wanted) {
      const auto skipped = std::min<std::int64_t>(wanted - at_, std::ssize(bytes));
      at_ += skipped;
      bytes = bytes.subspan(static_cast<std::size_t>(skipped));
      continue;
    }
    if (at_ > wanted) {  // frames that lie over each other: made up
      failed_ = true;
      finish_frame(false);
      continue;
    }
    if (taken_ == 0) open_frame();
    const auto size = std::min<std::int64_t>(frame.stored - taken_, std::ssize(bytes));
    taken_ += size;
    at_ += size;
    if (!failed_) failed_ = !take(bytes.first(static_cast<std::size_t>(size)));
    bytes = bytes.subspan(static_cast<std::size_t>(size));
    if (taken_ == frame.stored) finish_frame(!failed_);
  }
  return true;
}

void FrameSink::open_frame() {
  const std::uint32_t index = range_.frames[next_];
  held_.clear();
  ended_ = false;
  produced_ = 0;
  ZSTD_DCtx_reset(inflater_.get(), ZSTD_reset_session_only);
  if (!is_small(tables_.frames[index])) put_.emplace(begin_put(contents_.outputs[index].front()));
}

void FrameSink::finish_frame(bool good) {
  const std::uint32_t index = range_.frames[next_];
  if (good && put_) {
    const bool whole = produced_ == tables_.frames[index].raw &&
                       (tables_.frames[index].codec == Codec::kRaw || ended_);
    good = whole && commit(contents_.outputs[index].front(), *std::move(put_));
  }
  put_.reset();
  ++next_;
  ++done_;
  taken_ = 0;
  failed_ = false;
  on_frame_(index, good);
}

// False: the frame is no good.
bool FrameSink::take(std::span<const std::uint8_t> bytes) {
  const Frame& frame = tables_.frames[range_.frames[next_]];
  if (!is_small(frame)) return decode_part(bytes);
  const auto stored = static_cast<std::size_t>(frame.stored);
  if (bytes.size() == stored) return decode_whole(bytes);
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  return held_.size() < stored || decode_whole(held_);
}

bool FrameSink::decode_whole(std::span<const std::uint8_t> stored) {
  const std::uint32_t index = range_.frames[next_];
  const Frame& frame = tables_.frames[index];
  std::span<const std::uint8_t> raw = stored;
  if (frame.codec == Codec::kZstd) {
    raw_.resize(static_cast<std::size_t>(frame.raw));
    const std::size_t size = ZSTD_decompressDCtx(inflater_.get(), raw_.data(), raw_.size(),
                                                 stored.data(), stored.size());
    if (size != raw_.size()) return false;
    raw = raw_;
  }
  // One that lies does not take the others with it, but the frame is not good any more.
  bool good = true;
  for (const std::uint32_t output : contents_.outputs[index]) {
    const Output& one = tables_.outputs[output];
    good &= keep(output, raw.subspan(one.offset, static_cast<std::size_t>(one.size)));
  }
  return good;
}

bool FrameSink::decode_part(std::span<const std::uint8_t> bytes) {
  const Frame& frame = tables_.frames[range_.frames[next_]];
  if (frame.codec == Codec::kRaw) {
    produced_ += std::ssize(bytes);
    put_->write(bytes);
    return true;
  }
  raw_.resize(std::max(raw_.size(), kPiece));
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  bool full = false;
  while (input.pos < input.size || full) {
    if (ended_) return false;  // bytes behind the frame
    ZSTD_outBuffer output{raw_.data(), kPiece, 0};
    const std::size_t left = ZSTD_decompressStream(inflater_.get(), &output, &input);
    if (ZSTD_isError(left) != 0) return false;
    produced_ += static_cast<std::int64_t>(output.pos);
    if (produced_ > frame.raw) return false;
    if (output.pos > 0) put_->write({raw_.data(), output.pos});
    ended_ = left == 0;
    full = output.pos == output.size && !ended_;
  }
  return true;
}

store::Put FrameSink::begin_put(std::uint32_t output) {
  const Item& item = tables_.items[contents_.items[output].front()];
  const Output& one = tables_.outputs[output];
  return local_.put(item.action, one.id, one.size, item.put_time);
}

bool FrameSink::keep(std::uint32_t output, std::span<const std::uint8_t> bytes) {
  store::Put put = begin_put(output);
  put.write(bytes);
  return commit(output, std::move(put));
}

// The output, then an entry for each action that gave it.
bool FrameSink::commit(std::uint32_t output, store::Put put) {
  const auto stored = put.commit();
  if (!stored) return false;
  const auto& items = contents_.items[output];
  return std::all_of(items.begin() + 1, items.end(), [&](std::uint32_t index) {
    const Item& item = tables_.items[index];
    return local_.put_again(*stored, item.action, item.put_time).ok();
  });
}

}  // namespace gopouch::pack
