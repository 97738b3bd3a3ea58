#include "remote/uploads.h"

#include <algorithm>

#include "base/log.h"

namespace gopouch::remote {

namespace {

using Clock = base::Call::Clock;
using std::chrono::milliseconds;

// An upload may take this long, and longer the larger it is.
constexpr milliseconds kPutTime{10'000};

// Compressors beside each other: each holds 1.3 MB, and there are only so many cores.
constexpr std::size_t kEncoders = 2;

// Uploads give way to the compiler.
constexpr int kNice = 10;

}  // namespace

Uploads::Uploads(object::Remote& objects, store::Store& local, Layout& layout,
                 const Options& options)
    : objects_(objects),
      local_(local),
      layout_(layout),
      options_(options),
      workers_(std::max<std::size_t>(options.upload_concurrency, 1), kNice) {}

void Uploads::put(const store::ActionId& action, const store::Hit& hit, std::uint32_t cost_ms,
                  bool check, Done done) {
  put_later(
      hit.entry.size == 0,
      [this, action, hit, cost_ms, check] { upload(action, hit, cost_ms, check); },
      std::move(done));
}

void Uploads::put_stored(const store::ActionId& action, const store::Entry& entry,
                         std::uint32_t cost_ms, bool check) {
  const auto job = [this, action, cost_ms, check] {
    const auto hit = local_.get(action);
    if (hit && *hit) upload(action, **hit, cost_ms, check);
  };
  put_later(entry.size == 0, job, {});
}

void Uploads::add(Work work) {
  const auto job = [this, work = std::move(work)] {
    work({Clock::time_point::max(), stop_.get_token()}, [this] { ++moved_; });
  };
  run_later(false, job, {});
}

// If the queue has room.
void Uploads::put_later(bool empty, std::function<void()> job, Done done) {
  if (pending() < static_cast<std::int64_t>(options_.upload_queue)) {
    return run_later(empty, std::move(job), std::move(done));
  }
  ++given_up_;
  if (done) done();
}

void Uploads::run_later(bool empty, std::function<void()> job, Done done) {
  {
    auto now = queue_.lock();
    ++now->all;
    now->empty += empty ? 1 : 0;
  }
  workers_.add([this, empty, job = std::move(job), done = std::move(done)] {
    if (stopped()) {
      ++given_up_;
    } else {
      job();
    }
    if (done) done();
    end_one(empty);
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
  const auto time = kPutTime + object::time_to_move(encoded->size());
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
