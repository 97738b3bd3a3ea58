#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "base/little_endian.h"
#include "base/log.h"
#include "keep/keep.h"
#include "keep/trim.h"

namespace gopouch::keep {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kMagic = "gopouchM";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSumAt = 32, kFootSize = 64;
constexpr std::size_t kLongestFact = 1000;
constexpr std::chrono::minutes kUploadTime{5};
constexpr std::chrono::hours kSilence{1};  // after it was said that the disk ails

using Foot = std::array<std::uint8_t, kFootSize>;

struct Sizes {
  std::int64_t body = 0;
  std::size_t etag = 0, last_modified = 0;
  std::chrono::sys_seconds fetched{};
};

// All but the sum.
Foot make_foot(std::int64_t body, const Facts& facts) {
  Foot foot{};
  std::copy(kMagic.begin(), kMagic.end(), foot.begin());
  base::put_number(&foot[8], kVersion);
  base::put_number(&foot[12], static_cast<std::uint16_t>(facts.etag.size()));
  base::put_number(&foot[14], static_cast<std::uint16_t>(facts.last_modified.size()));
  base::put_number(&foot[16], body);
  base::put_number(&foot[24], static_cast<std::int64_t>(facts.fetched.time_since_epoch().count()));
  return foot;
}

// nullopt where it is none, or of a file of another size.
std::optional<Sizes> read_foot(const Foot& foot, std::int64_t file_size) {
  if (!std::equal(kMagic.begin(), kMagic.end(), foot.begin())) return std::nullopt;
  if (base::get_number<std::uint32_t>(&foot[8]) != kVersion) return std::nullopt;
  Sizes sizes;
  sizes.etag = base::get_number<std::uint16_t>(&foot[12]);
  sizes.last_modified = base::get_number<std::uint16_t>(&foot[14]);
  sizes.body = base::get_number<std::int64_t>(&foot[16]);
  sizes.fetched =
      std::chrono::sys_seconds(std::chrono::seconds(base::get_number<std::int64_t>(&foot[24])));
  const auto more = static_cast<std::int64_t>(sizes.etag + sizes.last_modified + kFootSize);
  if (sizes.body < 0 || sizes.body != file_size - more) return std::nullopt;
  return sizes;
}

// Not each use moves it: a disk has better things to do.
void mark_used(int fd, const struct stat& info) {
  const auto age = std::chrono::seconds(std::time(nullptr) - info.st_mtim.tv_sec);
  if (age > kUseInterval) ::futimens(fd, nullptr);
}

bool read_at(int fd, std::int64_t offset, void* to, std::size_t size) {
  return ::pread(fd, to, size, offset) == static_cast<ssize_t>(size);
}

// What a file on the disk is; nullopt: not whole.
std::optional<Kept> look(base::Fd fd) {
  struct stat info {};
  Foot foot{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto foot_at = info.st_size - static_cast<std::int64_t>(kFootSize);
  if (foot_at < 0 || !read_at(fd.get(), foot_at, foot.data(), foot.size())) return std::nullopt;
  const auto sizes = read_foot(foot, info.st_size);
  if (!sizes) return std::nullopt;
  mark_used(fd.get(), info);
  Kept kept{std::move(fd), sizes->body, {}};
  kept.facts.fetched = sizes->fetched;
  kept.facts.etag.resize(sizes->etag);
  kept.facts.last_modified.resize(sizes->last_modified);
  const auto etag_size = static_cast<std::int64_t>(sizes->etag);
  if (!read_at(kept.file.get(), kept.size, kept.facts.etag.data(), sizes->etag) ||
      !read_at(kept.file.get(), kept.size + etag_size, kept.facts.last_modified.data(),
               sizes->last_modified)) {
    return std::nullopt;
  }
  return kept;
}

// Takes an object into a file without believing it.
class FileSink final : public object::Sink {
 public:
  FileSink(int dir, const char* name, std::int64_t limit) : dir_(dir), name_(name), limit_(limit) {}

  void begin() override {
    auto file = base::NewFile::create(dir_, name_);
    file_.reset();
    if (file) file_.emplace(*std::move(file));
  }
  bool write(std::span<const std::uint8_t> bytes) override {
    return file_ && file_->size() + std::ssize(bytes) <= limit_ && file_->write(bytes).ok();
  }

  // Gives it its name if it is what its foot says.
  bool publish() {
    Foot foot{};
    if (!file_ || file_->size() < static_cast<std::int64_t>(kFootSize)) return false;
    const auto sum_at = file_->size() - static_cast<std::int64_t>(kFootSize - kSumAt);
    if (!read_at(file_->fd(), file_->size() - static_cast<std::int64_t>(kFootSize), foot.data(),
                 foot.size()) ||
        !read_foot(foot, file_->size())) {
      return false;
    }
    base::Sha256 hash;
    const auto read = base::each_piece(file_->fd(), 0, sum_at, name_, [&](auto piece) {
      hash.update(piece);
      return base::Done{};
    });
    const base::Hash sum = hash.finish();
    return read && std::equal(sum.begin(), sum.end(), foot.begin() + kSumAt) &&
           file_->publish_over().ok();
  }

 private:
  const int dir_;
  const char* const name_;
  const std::int64_t limit_;
  std::optional<base::NewFile> file_;
};

std::string place_of(const base::Hash& name) {
  const std::string hex = base::to_hex(name);
  return hex.substr(0, 2) + "/" + hex;
}

std::string fit(const std::string& fact) { return fact.size() > kLongestFact ? "" : fact; }

}  // namespace

bool is_key_of(const Label& label, std::string_view key) {
  return key.starts_with(label.shared) &&
         base::hash_from_hex(key.substr(label.shared.size())).has_value();
}

base::Status Draft::write(std::span<const std::uint8_t> bytes) {
  if (auto written = file_->write(bytes); !written) return written;
  hash_.update(bytes);
  size_ += std::ssize(bytes);
  return base::Done{};
}

base::Result<std::unique_ptr<Shelf>> Shelf::open(const std::filesystem::path& dir, const Room& room,
                                                 std::span<object::Remote> shared,
                                                 const Label& label) {
  std::error_code fault;
  std::filesystem::create_directories(dir, fault);
  base::Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return base::system_error(dir.string(), errno);
  return std::make_unique<Shelf>(std::move(fd), room, shared, label);
}

Shelf::Shelf(base::Fd dir, const Room& room, std::span<object::Remote> shared, const Label& label)
    : dir_(std::move(dir)),
      shared_(shared),
      label_(label),
      trimmer_(std::make_unique<Trimmer>(dir_.get(), room, label_.word)) {
  trimmer_->look();
}

Shelf::~Shelf() = default;

void Shelf::say_ailing(const base::Error& error) {
  using Clock = std::chrono::steady_clock;
  trimmer_->make_room();
  const auto now = Clock::now();
  auto said = said_.load();
  if (said != 0 && now - Clock::time_point(Clock::duration(said)) < kSilence) return;
  if (!said_.compare_exchange_strong(said, now.time_since_epoch().count())) return;
  base::log(base::LogLevel::kWarning, "{}: {}; what comes is handed on, and not kept", label_.word,
            error.message);
}

std::optional<Kept> Shelf::find(const base::Hash& name) const {
  trimmer_->look();
  const std::string place = place_of(name);
  return look(base::Fd(::openat(dir_.get(), place.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)));
}

std::optional<Kept> Shelf::fetch(const base::Hash& name, std::int64_t limit,
                                 const base::Call& call) {
  const std::string place = place_of(name);
  const object::Key key = std::string(label_.shared) + base::to_hex(name);
  for (std::size_t i = 0; i < shared_.size(); ++i) {
    object::Remote& remote = shared_[i];
    if (!remote.layout().empty()) continue;
    FileSink sink(dir_.get(), place.c_str(),
                  limit + static_cast<std::int64_t>(2 * kLongestFact + kFootSize));
    const auto reply = object::get_one(remote.store(), {.key = key, .sink = &sink}, call);
    if (!reply || !*reply) continue;
    if (!sink.publish()) {
      base::log(base::LogLevel::kInfo, "{}: {}: not what was put there", remote.name(), key);
      continue;
    }
    auto kept = find(name);
    if (kept) trimmer_->look(kept->size);
    share(place, i);
    return kept;
  }
  return std::nullopt;
}

base::Result<std::unique_ptr<Draft>> Shelf::begin(const base::Hash& name) {
  auto draft = std::make_unique<Draft>();
  draft->name_ = place_of(name);
  auto file = base::NewFile::create(dir_.get(), draft->name_.c_str());
  if (!file) return file.error();
  draft->file_.emplace(*std::move(file));
  return draft;
}

base::Status Shelf::keep(Draft& draft, const Facts& facts, Sharing sharing) {
  const Facts known{fit(facts.etag), fit(facts.last_modified), facts.fetched};
  Foot foot = make_foot(draft.size_, known);
  const std::string more = known.etag + known.last_modified;
  draft.hash_.update(base::bytes_of(more));
  draft.hash_.update(std::span(foot).first(kSumAt));
  const base::Hash sum = draft.hash_.finish();
  std::copy(sum.begin(), sum.end(), foot.begin() + kSumAt);
  if (auto done = draft.file_->write(base::bytes_of(more)); !done) return done;
  if (auto done = draft.file_->write(foot); !done) return done;
  if (auto done = draft.file_->publish_over(); !done) return done;
  trimmer_->look(draft.file_->size());
  if (sharing == Sharing::kEverywhere) share(draft.name_, shared_.size());
  return base::Done{};
}

void Shelf::renew(const base::Hash& name, const Kept& kept, const Facts& facts) {
  auto draft = begin(name);
  if (!draft) return;
  const auto copied = base::each_piece(kept.file.get(), 0, kept.size, "what is kept",
                                       [&](auto piece) { return (*draft)->write(piece); });
  if (!copied || !keep(**draft, facts)) return;  // it is asked for again, then
}

// To the first `stores` of them.
void Shelf::share(const std::string& name, std::size_t stores) {
  for (object::Remote& remote : shared_.first(stores)) {
    if (stop_.stop_requested()) return;
    if (!remote.layout().empty() || remote.counts().read_only) continue;
    ++*pending_.lock();
    uploads_.add([this, name, &remote] {
      upload(name, remote);
      if (--*pending_.lock() == 0) none_pending_.notify_all();
    });
  }
}

void Shelf::stop(std::chrono::milliseconds uploads) {
  const auto until = base::Call::Clock::now() + uploads;
  pending_.lock().wait_until(none_pending_, until, [](std::int64_t left) { return left == 0; });
  stop_.request_stop();
}

void Shelf::upload(const std::string& name, object::Remote& remote) {
  const object::Key key = std::string(label_.shared) + name.substr(name.find('/') + 1);
  const base::Fd fd(::openat(dir_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return;
  const net::Body body{.fd = fd.get(), .size = info.st_size};
  const auto stored =
      remote.store().put(key, body, {}, base::Call::within(kUploadTime, stop_.get_token()));
  if (!stored) base::log(base::LogLevel::kInfo, "{}: {}", label_.word, stored.error().message);
}

}  // namespace gopouch::keep
