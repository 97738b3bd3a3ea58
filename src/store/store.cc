// The store's front: which folder is asked, where a put goes when its folder fails, and what is
// counted. How a folder looks is folder.cc's, how one is kept small gc.cc's.
#include "store/store.h"

#include <atomic>
#include <mutex>
#include <vector>

#include "base/files.h"
#include "base/log.h"
#include "store/folder.h"
#include "store/gc.h"

namespace gopouch::store {

namespace {

std::unique_ptr<Folder> open_folder(const std::filesystem::path& dir, bool own_only) {
  auto folder = Folder::open(dir, own_only);
  if (folder) return std::move(*folder);
  base::log(base::LogLevel::kWarning, "cache folder cannot be used: {}", folder.error().message);
  return nullptr;
}

}  // namespace

struct Store::Rep {
  std::unique_ptr<Folder> primary;  // null: it cannot be used

  std::once_flag fallback_made;
  std::atomic<Folder*> fallback = nullptr;  // points to fallback_owner's
  std::unique_ptr<Folder> fallback_owner;

  std::once_flag room_made;
  std::atomic<bool> room = false;
  std::atomic<std::int64_t> written = 0;  // bytes of outputs and entries since the last count

  std::vector<Folder*> folders() const {
    std::vector<Folder*> all;
    if (primary) all.push_back(primary.get());
    if (Folder* second = fallback.load()) all.push_back(second);
    return all;
  }
};

Store::Store(Options options) : options_(std::move(options)), rep_(std::make_unique<Rep>()) {
  rep_->primary = open_folder(options_.dir, false);
  // What an earlier session had to put there is still good.
  std::error_code ignored;
  if (!options_.fallback_dir.empty() &&
      (!rep_->primary || std::filesystem::exists(options_.fallback_dir, ignored))) {
    fallback();
  }
}

Store::~Store() = default;

Folder* Store::fallback() {
  std::call_once(rep_->fallback_made, [this] {
    if (options_.fallback_dir.empty()) return;
    rep_->fallback_owner = open_folder(options_.fallback_dir, true);
    rep_->fallback = rep_->fallback_owner.get();
  });
  return rep_->fallback;
}

bool Store::make_room() {
  std::call_once(rep_->room_made, [this] {
    if (rep_->primary) rep_->room = free_some(*rep_->primary, options_.now());
  });
  return rep_->room;
}

// Where an action is in both folders, the later put counts: either may have been out of reach for
// the other's.
base::Result<std::optional<Hit>> Store::get(const ActionId& action) {
  const Time now = options_.now();
  std::optional<Hit> latest;
  for (Folder* folder : {rep_->primary.get(), rep_->fallback.load()}) {
    if (folder == nullptr) continue;
    auto hit = folder->get(action, now, options_.verify);
    if (!hit) return hit;
    if (*hit && (!latest || latest->entry.put_time < (*hit)->entry.put_time))
      latest = std::move(*hit);
  }
  return latest;
}

// --- a put
// -----------------------------------------------------------------------------------------------

// A put tries its folder, the same folder once more when room could be made, then the fallback: one
// step() after another, each repeated in the next place when it fails.
struct Put::Rep {
  Rep(Store& in, const ActionId& key, const OutputId& id, std::int64_t bytes,
      std::optional<Time> time)
      : store(in),
        action(key),
        output(id),
        size(bytes),
        put_time(time),
        name(id),
        folder(in.rep_->primary.get()) {}

  Store& store;
  const ActionId action;
  const OutputId output;
  const std::int64_t size;
  const std::optional<Time> put_time;
  const FileName name;

  Folder* folder;                     // where it goes; null: nowhere yet
  std::optional<base::NewFile> file;  // in `folder`, once there is a byte
  bool room_was_made = false;
  base::Sha256 hasher;
  std::int64_t received = 0;
  std::optional<base::Error> failure;  // what the last place said

  void step(const std::function<base::Status()>& attempt);
  bool next_place(const base::Error& error);
  base::Status ensure_file();
  base::Status publish();
};

void Put::Rep::step(const std::function<base::Status()>& attempt) {
  while (!failure) {
    const base::Status done =
        folder != nullptr ? attempt() : base::Error{base::Fault::kDenied, "no cache folder"};
    if (done) return;
    if (!next_place(done.error())) failure = done.error();
  }
}

bool Put::Rep::next_place(const base::Error& error) {
  if (error.fault == base::Fault::kFull && !std::exchange(room_was_made, true) &&
      folder == store.rep_->primary.get() && store.make_room()) {
    return true;
  }
  Folder* const second = store.fallback();
  if (second == nullptr || second == folder) return false;
  std::optional<base::NewFile> begun = std::exchange(file, std::nullopt);
  folder = second;
  if (!begun) return true;
  return ensure_file().ok() && file->write_copy_of(*begun).ok();
}

base::Status Put::Rep::ensure_file() {
  if (file) return base::Done{};
  auto created = base::NewFile::create(folder->fd(), name.c_str());
  if (!created) return created.error();
  file.emplace(std::move(*created));
  return base::Done{};
}

base::Status Put::Rep::publish() {
  const Time now = store.options_.now();
  if (size == 0 && folder->holds(output, 0, now)) return base::Done{};
  if (auto made = ensure_file(); !made) return made;
  auto published = file->publish();
  if (!published) return published.error();
  if (*published || folder->holds(output, size, now)) return base::Done{};
  return file->publish_over();
}

Put::Put(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Put::Put(Put&&) noexcept = default;
Put::~Put() = default;

const ActionId& Put::action() const { return rep_->action; }

Put Store::put(const ActionId& action, const OutputId& output, std::int64_t size,
               std::optional<Time> put_time) {
  return Put(std::make_unique<Put::Rep>(*this, action, output, size, put_time));
}

void Put::write(std::span<const std::uint8_t> bytes) {
  Rep& r = *rep_;
  r.received += std::ssize(bytes);
  if (r.received > r.size) return;  // commit() will refuse
  r.hasher.update(bytes);
  r.step([&]() -> base::Status {
    if (auto made = r.ensure_file(); !made) return made;
    return r.file->write(bytes);
  });
}

base::Result<Hit> Put::commit() {
  Rep& r = *rep_;
  if (r.received != r.size) {
    return base::Error{base::Fault::kInvalid,
                       fmt::format("body of {} bytes, announced {}", r.received, r.size)};
  }
  if (r.hasher.finish() != r.output.hash) {
    return base::Error{base::Fault::kInvalid, "body does not hash to its OutputID"};
  }
  Entry entry{r.output, r.size, {}};
  r.step([&]() -> base::Status {
    if (auto published = r.publish(); !published) return published;
    const Time now = r.store.options_.now();
    entry.put_time = std::min(r.put_time.value_or(now), now);
    return r.folder->write_entry(r.action, entry);
  });
  if (r.failure) return *r.failure;
  r.store.rep_->written += r.size;
  return Hit{entry, r.folder->path_of(r.output)};
}

base::Result<Hit> Store::put_again(const Hit& stored, const ActionId& action,
                                   std::optional<Time> put_time) {
  const Time now = options_.now();
  const Entry entry{stored.entry.output, stored.entry.size, std::min(put_time.value_or(now), now)};
  for (const Folder* folder : rep_->folders()) {
    if (folder->path_of(entry.output) != stored.path) continue;
    if (auto written = folder->write_entry(action, entry); !written) return written.error();
    return Hit{entry, stored.path};
  }
  return base::Error{base::Fault::kInvalid, "an output of another store"};
}

// --- keeping house
// ---------------------------------------------------------------------------------------

bool Store::trim_due() {
  const auto folders = rep_->folders();
  return !folders.empty() &&
         gopouch::store::trim_due(*folders.front(), options_, rep_->written.exchange(0));
}

std::optional<TrimReport> Store::trim() {
  std::optional<TrimReport> total;
  for (Folder* folder : rep_->folders()) {
    const auto report = gopouch::store::trim(*folder, options_);
    if (!report) continue;
    if (!total) total.emplace();
    total->kept_files += report->kept_files;
    total->kept_bytes += report->kept_bytes;
    total->removed_files += report->removed_files;
    total->removed_bytes += report->removed_bytes;
  }
  return total;
}

VerifyReport Store::verify() {
  VerifyReport report;
  for (Folder* folder : rep_->folders()) gopouch::store::verify(*folder, options_.now(), report);
  return report;
}

bool Store::clear() {
  bool all = true;
  for (Folder* folder : rep_->folders()) all = gopouch::store::clear(*folder) && all;
  return all;
}

}  // namespace gopouch::store
