// A file on the shelf of the proxies: what is read of it lies within it, whatever the bytes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/bytes.h"
#include "keep/keep.h"

namespace {

// A folder of this process, and the one file in it.
struct Place {
  Place() {
    const std::string hex = gopouch::base::to_hex(name);
    std::filesystem::create_directories(folder / hex.substr(0, 2));
    file.reset(::open((folder / hex.substr(0, 2) / hex).c_str(), O_RDWR | O_CREAT | O_CLOEXEC,
                      S_IRUSR | S_IWUSR));
    auto opened = gopouch::keep::Shelf::open(folder, {}, {}, {"files", "v1/x/"});
    if (!file || !opened) std::abort();
    shelf = *std::move(opened);
  }
  ~Place() { std::filesystem::remove_all(folder); }

  const gopouch::base::Hash name{};
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("gopouch-shelf-fuzz-" + std::to_string(::getpid()));
  gopouch::base::Fd file;
  std::unique_ptr<gopouch::keep::Shelf> shelf;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Place place;
  if (::ftruncate(place.file.get(), 0) != 0) std::abort();
  if (::pwrite(place.file.get(), data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto kept = place.shelf->find(place.name);
  if (!kept) return 0;
  const std::size_t facts = kept->facts.etag.size() + kept->facts.last_modified.size();
  if (kept->size < 0 || static_cast<std::size_t>(kept->size) + facts + 64 != size) std::abort();
  return 0;
}
