// Takes the bytes of one range as they arrive and lays the outputs in them into the local store.
#pragma once

#include <zstd.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "pack/plan.h"

namespace gopouch::pack {

// What each frame is to give.
struct Contents {
  // For each frame the outputs in it that are missing, for each output the items that miss it.
  std::vector<std::vector<std::uint32_t>> outputs, items;

  // One flag for each item.
  Contents(const Tables& tables, const std::vector<bool>& missing);
};

// For one thread at a time.
class FrameSink final : public object::Sink {
 public:
  // `good`: the frame's outputs are in the local store under all their actions; else they are not
  // to be had from here. Told once for each frame of the range that was reached.
  using OnFrame = std::function<void(std::uint32_t frame, bool good)>;

  // All must outlive the sink.
  FrameSink(const Tables& tables, const Contents& contents, const Range& range, store::Store& local,
            OnFrame on_frame);

  void begin() override;
  bool write(std::span<const std::uint8_t> bytes) override;

  // Frames that have been told of.
  std::size_t done() const { return done_; }

  // Bytes that have come, of all attempts.
  std::int64_t received() const { return received_; }

 private:
  bool take(std::span<const std::uint8_t> bytes);
  void open_frame();
  void finish_frame(bool good);
  bool decode_whole(std::span<const std::uint8_t> stored);
  bool decode_part(std::span<const std::uint8_t> bytes);
  bool keep(std::uint32_t output, std::span<const std::uint8_t> bytes);
  bool commit(std::uint32_t output, store::Put put);
  store::Put begin_put(std::uint32_t output);

  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  const Tables& tables_;
  const Contents& contents_;
  const Range& range_;
  store::Store& local_;
  const OnFrame on_frame_;
  const std::unique_ptr<ZSTD_DCtx, Free> inflater_;

  std::int64_t received_ = 0;
  std::size_t done_ = 0;    // frames
  std::int64_t at_ = 0;     // of the next byte, in the pack
  std::size_t next_ = 0;    // index in range_.frames of the frame that `at_` is in or before
  std::int64_t taken_ = 0;  // stored bytes of that frame
  bool failed_ = false;     // that frame is no good, its bytes are passed over
  bool ended_ = false;      // its zstd frame has
  std::vector<std::uint8_t> held_;  // a small frame, as far as it is here
  std::vector<std::uint8_t> raw_;
  std::optional<store::Put> put_;  // of a large frame's only output
  std::int64_t produced_ = 0;
};

}  // namespace gopouch::pack
