// One folder of the store: the names of its files, looking one up, and writing one.
//
// Knows the layout (store.h) and nothing of when to look, where else to put, or what to drop.
#pragma once

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "store/store.h"

namespace gopouch::store {

// Go's own interval: a file's mtime moves on use, but not more often than this.
constexpr std::chrono::hours kMtimeInterval{1};

// "xx/<hash>-a" or "xx/<hash>-d", relative to the folder.
class FileName {
 public:
  explicit FileName(const ActionId& action) : FileName(action.hash, 'a') {}
  explicit FileName(const OutputId& output) : FileName(output.hash, 'd') {}
  const char* c_str() const { return text_.data(); }

 private:
  FileName(const base::Hash& hash, char kind);
  std::array<char, 2 + 1 + 64 + 2 + 1> text_{};
};

// Safe for concurrent use.
class Folder {
 public:
  // Opens `dir`, making it where it is missing. With `own_only` it is made for this user alone and
  // must belong to this user alone: it stands where others could have put one.
  static base::Result<std::unique_ptr<Folder>> open(const std::filesystem::path& dir,
                                                    bool own_only);

  int fd() const { return dir_.get(); }
  const std::filesystem::path& path() const { return path_; }

  // As Store::get.
  base::Result<std::optional<Hit>> get(const ActionId& action, Time now, Verify verify) const;

  // True if the output is here with this size and these very bytes; it counts as used then.
  bool holds(const OutputId& output, std::int64_t size, Time now) const;

  // Writes the action's entry over an older one. Its output must be here.
  base::Status write_entry(const ActionId& action, const Entry& entry) const;

  std::string path_of(const OutputId& output) const;

 private:
  Folder(std::filesystem::path path, base::Fd dir, Time boot);

  base::Result<std::optional<Entry>> read_entry(const ActionId& action, Time now) const;
  bool hashes_to(const char* name, const OutputId& output) const;
  void mark_used(const char* name, const struct stat& info, Time now) const;

  const std::filesystem::path path_;
  const base::Fd dir_;
  const Time boot_;  // when this machine started, by its present clock
};

}  // namespace gopouch::store
