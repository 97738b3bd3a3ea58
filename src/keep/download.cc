#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "keep/keep.h"

namespace gopouch::keep {

namespace {

// The most that lies in memory: whatever is no zip fits, so that nobody need wait for those.
constexpr std::int64_t kWindow = std::int64_t{16} << 20U;

constexpr std::int64_t kPage = 4096;

bool write_at(int fd, std::int64_t at, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

bool Download::write(Shelf& shelf, const base::Hash& name, std::span<const std::uint8_t> bytes) {
  if (const auto again = std::min(state_.lock()->size - at_, std::ssize(bytes)); again > 0) {
    if (!came_before(bytes.first(static_cast<std::size_t>(again)))) return false;
    at_ += again;
    bytes = bytes.subspan(static_cast<std::size_t>(again));
  }
  if (!started()) {
    auto draft = shelf.begin(name);
    if (draft) {
      draft_ = *std::move(draft);
    } else {
      shelf.say_ailing(draft.error());
      if (!keep_in_memory({})) return false;
    }
  }
  if (bytes.empty()) return true;
  bool taken = false;
  if (!memory_) {
    const auto done = draft_->write(bytes);
    taken = done.ok();
    if (!taken) shelf.say_ailing(done.error());
  }
  if (!taken && !keep_in_memory(bytes)) return false;
  at_ += std::ssize(bytes);
  {
    auto state = state_.lock();
    state->size = at_;
    if (taken) state->on_disk = at_;
  }
  moved_.notify_all();
  return true;
}

// At the same places as they would have in the draft: what lies before them takes no room.
bool Download::keep_in_memory(std::span<const std::uint8_t> bytes) {
  if (!memory_) memory_.reset(::memfd_create("gopouch", MFD_CLOEXEC));
  return memory_ &&
         (bytes.empty() || (make_room(std::ssize(bytes)) && write_at(memory_.get(), at_, bytes)));
}

// Waits for the slowest reader. Who does not read at all is hung up on, and leaves.
bool Download::make_room(std::int64_t bytes) {
  auto state = state_.lock();
  const auto held = [&](const State& now) {
    const auto next = now.readers.empty() ? now.size : now.readers.begin()->first;
    return now.size - std::max(next, now.on_disk);
  };
  if (held(*state) + bytes > kWindow) {
    state.wait(moved_, [&](const State& now) { return held(now) + bytes <= kWindow; });
  }
  if (state->size - std::max(state->gone, state->on_disk) + bytes <= kWindow) return true;
  if (state->readers.empty()) return false;
  const std::int64_t from = std::max(state->gone, state->on_disk) / kPage * kPage;
  state->gone = std::max(state->readers.begin()->first, state->on_disk);
  return ::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from,
                     state->gone - from) == 0;
}

bool Download::came_before(std::span<const std::uint8_t> bytes) {
  std::array<char, 4096> before{};
  std::int64_t on_disk = 0;
  {
    auto state = state_.lock();
    // What is not here any more cannot be compared.
    if (state->gone > std::max(at_, state->on_disk)) return false;
    on_disk = state->on_disk;
  }
  for (std::int64_t at = at_; !bytes.empty();) {
    const std::span space = std::span(before).first(std::min(bytes.size(), before.size()));
    const auto got = copy(at, on_disk, space);
    if (got <= 0) return false;
    const auto size = static_cast<std::size_t>(got);
    const auto same = base::bytes_of({before.data(), size});
    if (!std::equal(same.begin(), same.end(), bytes.begin())) return false;
    at += got;
    bytes = bytes.subspan(size);
  }
  return true;
}

// Bytes that are here, of one of both places.
std::int64_t Download::copy(std::int64_t at, std::int64_t on_disk, std::span<char> space) const {
  const bool disk = at < on_disk;
  const auto size = disk ? std::min(std::ssize(space), on_disk - at) : std::ssize(space);
  const int fd = disk ? draft_->fd() : memory_.get();
  while (true) {
    const ssize_t n = ::pread(fd, space.data(), static_cast<std::size_t>(size), at);
    if (n >= 0 || errno != EINTR) return n;
  }
}

void Download::finish(Outcome outcome) {
  state_.lock()->outcome.emplace(std::move(outcome));
  moved_.notify_all();
}

std::optional<Download::Reader> Download::join(const std::shared_ptr<Download>& download) {
  auto state = download->state_.lock();
  if (state->gone > 0) return std::nullopt;
  ++state->readers[0];
  return Reader(download);
}

Download::Reader::~Reader() {
  if (!download_) return;
  {
    auto state = download_->state_.lock();
    const auto place = state->readers.find(at_);
    if (--place->second == 0) state->readers.erase(place);
  }
  download_->moved_.notify_all();
}

const Outcome* Download::Reader::wait_for_start() {
  auto state = download_->state_.lock();
  state.wait(download_->moved_, [](const State& now) { return now.size > 0 || now.outcome; });
  return state->outcome ? &*state->outcome : nullptr;
}

const Outcome& Download::Reader::wait_for_end() {
  auto state = download_->state_.lock();
  state.wait(download_->moved_, [](const State& now) { return now.outcome.has_value(); });
  return *state->outcome;
}

base::Result<std::size_t> Download::Reader::read(std::span<char> space) {
  std::int64_t here = 0, on_disk = 0;
  {
    auto state = download_->state_.lock();
    state.wait(download_->moved_, [&](const State& now) { return now.size > at_ || now.outcome; });
    here = state->size;
    on_disk = state->on_disk;
  }
  if (here == at_) return std::size_t{0};
  const auto wanted = std::min<std::int64_t>(std::ssize(space), here - at_);
  const auto got = download_->copy(at_, on_disk, space.first(static_cast<std::size_t>(wanted)));
  if (got <= 0) return base::system_error("a file on its way", got < 0 ? errno : EIO);
  bool in_memory = false;
  {
    auto state = download_->state_.lock();
    const auto place = state->readers.find(at_);
    if (--place->second == 0) state->readers.erase(place);
    at_ += got;
    ++state->readers[at_];
    in_memory = state->size > state->on_disk;
  }
  if (in_memory) download_->moved_.notify_all();
  return static_cast<std::size_t>(got);
}

}  // namespace gopouch::keep
