// A store in a folder of the test's own, with a clock that the test moves.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "store/store.h"
#include "test/support/temp_dir.h"

namespace gopouch::test {

class StoreTest : public testing::Test {
 protected:
  std::filesystem::path dir() const { return temp_ / "cache"; }

  store::Options options() {
    store::Options options;
    options.dir = dir();
    options.now = [this] { return now_; };
    return options;
  }

  // Each byte is the number's, but for the first where that is above 255.
  static store::ActionId action(int number) {
    store::ActionId id;
    id.hash.fill(static_cast<std::uint8_t>(number));
    id.hash[0] ^= static_cast<std::uint8_t>(number >> 8);
    return id;
  }

  static store::OutputId output_of(std::string_view text) {
    return {base::sha256(base::bytes_of(text))};
  }

  std::filesystem::path path_of(std::string_view text) const {
    return file(output_of(text).hash, "-d");
  }
  std::filesystem::path entry_of(const store::ActionId& id) const { return file(id.hash, "-a"); }

  // Puts `text` in pieces of `step` bytes.
  static base::Result<store::Hit> put(store::Store& store, const store::ActionId& id,
                                      std::string_view text, std::size_t step = 1 << 20) {
    store::Put put = store.put(id, output_of(text), std::ssize(text));
    for (std::size_t at = 0; at < text.size(); at += step)
      put.write(base::bytes_of(text.substr(at, step)));
    return put.commit();
  }

  static std::optional<store::Hit> get(store::Store& store, const store::ActionId& id) {
    auto found = store.get(id);
    return found ? std::move(*found) : std::nullopt;
  }

  static store::Time mtime(const std::filesystem::path& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return store::Time(std::chrono::seconds(info.st_mtim.tv_sec) +
                       std::chrono::nanoseconds(info.st_mtim.tv_nsec));
  }

  static void set_mtime(const std::filesystem::path& path, store::Time time) {
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const timespec spec{.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
    const std::array<timespec, 2> times{spec, spec};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), 0) << path;
  }

  TempDir temp_;
  store::Time now_ = std::chrono::system_clock::now();

 private:
  std::filesystem::path file(const base::Hash& hash, const std::string& kind) const {
    const std::string hex = base::to_hex(hash);
    return dir() / hex.substr(0, 2) / (hex + kind);
  }
};

}  // namespace gopouch::test
