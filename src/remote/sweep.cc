// Mark and sweep: what manifests name stays.
#include <unordered_set>

#include "base/log.h"
#include "remote/remote.h"

namespace gopouch::remote {

namespace {

using object::Info;
using object::Key;

class Sweep {
 public:
  Sweep(object::Store& store, const SweepOptions& options, const base::Call& call)
      : store_(store), options_(options), call_(call), now_(options.now()) {}

  base::Result<SweepReport> run() {
    if (auto done = manifests(); !done) return done.error();
    if (auto done = packs(); !done) return done.error();
    if (auto done = entries(); !done) return done.error();
    return report_;
  }

 private:
  // Calls `goes` for each object below `prefix` that is one of ours, and removes what goes.
  base::Status each(std::string_view prefix, SweepReport::Sum& gone,
                    const std::function<base::Result<bool>(const Info&)>& goes) {
    base::Status done = base::Done{};
    const auto listed = store_.list(std::string(prefix), call_, [&](std::span<const Info> page) {
      std::vector<Key> keys;
      for (const Info& info : page) {
        if (!is_our_key(info.key)) continue;
        const auto decided = goes(info);
        if (!decided) {
          done = decided.error();
          return false;
        }
        SweepReport::Sum& sum = *decided ? gone : report_.kept;
        ++sum.objects;
        sum.bytes += info.size;
        if (*decided) keys.push_back(info.key);
      }
      if (!keys.empty() && !options_.dry_run) done = store_.remove(keys, call_);
      return done.ok();
    });
    return done ? listed : done;
  }

  bool older(const Info& info, std::chrono::seconds age) const {
    return now_ - info.modified > age;
  }

  base::Status manifests() {
    std::vector<Key> kept;
    auto done = each(pack::kManifests, report_.manifests, [&](const Info& info) {
      const bool goes = older(info, options_.max_age);
      if (!goes) kept.push_back(info.key);
      return base::Result<bool>(goes);
    });
    for (std::size_t i = 0; done && i < kept.size(); ++i) done = mark(kept[i]);
    return done;
  }

  base::Status mark(const Key& manifest) {
    const auto read =
        object::get_one(store_, {.key = manifest, .limit = pack::kMaxManifest}, call_);
    if (!read) return read.error();
    if (!*read) return base::Done{};  // gone meanwhile
    const auto summary = pack::summary_of((*read)->bytes);
    if (!summary) {
      return base::Error{base::Fault::kCorrupt,
                         fmt::format("{}: {}; remove it, or use the version that wrote it",
                                     manifest, summary.error().message)};
    }
    named_.insert(summary->packs.begin(), summary->packs.end());
    return base::Done{};
  }

  base::Status packs() {
    return each(pack::kPacks, report_.packs, [&](const Info& info) {
      return base::Result<bool>(!named_.contains(info.key) && older(info, options_.grace));
    });
  }

  base::Status entries() {
    return each(kEntries, report_.entries, [&](const Info& info) {
      return base::Result<bool>(older(info, options_.max_age));
    });
  }

  object::Store& store_;
  const SweepOptions& options_;
  const base::Call& call_;
  const std::chrono::sys_seconds now_;
  std::unordered_set<Key> named_;
  SweepReport report_;
};

}  // namespace

base::Result<SweepReport> sweep(object::Store& store, const SweepOptions& options,
                                const base::Call& call) {
  return Sweep(store, options, call).run();
}

}  // namespace gopouch::remote
