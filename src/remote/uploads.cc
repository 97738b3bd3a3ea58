#include "remote/uploads.h"

#include <algorithm>

#include "base/log.h"

namespace gopouch::remote {

namespace {

using Clock = base::Call::Clock;
using std::chrono::milliseconds;

// An upload may take this long, and longer the larger it is.
constexpr milliseconds kPutTime{10'000};
constexpr std::int64_t kSlowestBytesPerMs = 64;  // 64 kB/s

// Compressors beside each other: each holds 1.3 MB, and there are only so many cores.
constexpr std::size_t kEncoders = 2;

// Uploads give way to the compiler.
constexpr int kNice = 10;

}  // namespace

Uploads::Uploads(object::Remote& objects, Layout& layout, const Options& options)
    : objects_(objects),
      layout_(layout),
      options_(options),
      workers_(std::max<std::size_t>(options.upload_concurrency, 1), kNice) {}

void Uploads::put(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost_ms,
                  bool check, Done done) {
  if (pending() >= static_cast<std::int64_t>(options_.upload_queue)) {
    ++given_up_;
    if (done) done();
    return;
  }
  const bool empty = hit.entry.size == 0;
  queue_up(empty);
  workers_.add([this, empty, action, hit, cost_ms, check, done = std::move(done)] {
    if (stopped()) {
      ++given_up_;
    } else {
      upload(action, hit, cost_ms, check);
    }
    if (done) done();
    end_one(empty);
  });
}

void Uploads::add(Work work) {
  queue_up(false);
  workers_.add([this, work = std::move(work)] {
    if (stopped()) {
      ++given_up_;
    } else {
      work({Clock::time_point::max(), stop_.get_token()}, [this] { ++moved_; });
    }
    end_one(false);
  });
}

base::Result<Encoded> Uploads::encode(const Header& header, const std::string& path) {
  std::unique_ptr<Encoder> encoder;
  {
    auto free = encoders_.lock();
    free.wait(encoder_free_,
              [&](const auto& idle) { return !idle.empty() || encoders_made_ < kEncoders; });
    if (free->empty()) {
      ++encoders_made_;
    } else {
      encoder = std::move(free->back());
      free->pop_back();
    }
  }
  if (!encoder) encoder = std::make_unique<Encoder>();
  auto encoded = layout_.encode(*encoder, header, path.c_str());
  encoders_.lock()->push_back(std::move(encoder));
  encoder_free_.notify_one();
  return encoded;
}

void Uploads::upload(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost_ms,
                     bool check) {
  if (check && layout_.has(action, hit.entry, call(kPutTime))) return;
  const auto encoded = encode({.cost_ms = cost_ms, .action = action, .entry = hit.entry}, hit.path);
  if (!encoded) {
    // Something removed the file, or there is no room to compress it: nobody's fault but this
    // machine's.
    ++given_up_;
    base::log(base::LogLevel::kInfo, "upload: {}", encoded.error().message);
    return;
  }
  if (keep_) keep_(hit.entry, encoded->codec() == Codec::kZstd, encoded->body());
  const auto time = kPutTime + milliseconds(encoded->size() / kSlowestBytesPerMs);
  const auto stored = layout_.put(action, hit.entry, *encoded, call(time));
  if (stored) {
    ++uploads_;
    bytes_ += encoded->size();
    return;
  }
  if (stored.error().fault == base::Fault::kDenied) return;  // the store said so, once
  ++given_up_;
  if (stored.error().fault == base::Fault::kStopped) return;
  // Misses that the breaker spared us are no news.
  if (faults_++ == 0 && !objects_.counts().open) {
    base::log(base::LogLevel::kWarning, "upload: {}", stored.error().message);
  }
}

void Uploads::queue_up(bool empty) {
  auto now = queue_.lock();
  ++now->all;
  now->empty += empty ? 1 : 0;
}

void Uploads::end_one(bool empty) {
  ++moved_;
  auto now = queue_.lock();
  --now->all;
  now->empty -= empty ? 1 : 0;
  shorter_.notify_all();
}

bool Uploads::flush(Clock::time_point until, milliseconds stall, Remote::Flush what) {
  auto queue = queue_.lock();
  while (queue->left(what) > 0) {
    const std::int64_t moved = moved_ + objects_.moved();
    const Clock::time_point now = Clock::now();
    if (moved != seen_) {
      seen_ = moved;
      since_ = now;
    }
    if (now >= until || now - since_ >= stall) return false;
    queue.wait_until(shorter_, std::min({until, since_ + stall, now + milliseconds(100)}),
                     [&](const Queue& state) { return state.left(what) == 0; });
  }
  return true;
}

std::int64_t Uploads::give_up() {
  stop_.request_stop();
  // Each job sees the stop and ends at once, so that whoever waits for one is told.
  workers_.wait_idle(Clock::time_point::max());
  return given_up_;
}

}  // namespace gopouch::remote
