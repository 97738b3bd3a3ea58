// An entry from a remote: whatever arrives, what is taken is whole and hashes to its OutputID, and
// what is not taken leaves nothing.
//
// The input is a header without its sum (104 bytes) and what follows it; the sum is made here, and
// magic, version and action are set where the first byte asks for it, so that the fuzzer gets past
// them. The second byte says in what pieces it arrives.
#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/files.h"
#include "remote/entry.h"
#include "store/store.h"

namespace {

using namespace gopouch;

constexpr std::size_t kSummed = 104;

store::Store& local() {
  static const std::string dir = [] {
    std::string name = "/tmp/gopouch-fuzz-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  static store::Store store([] {
    store::Options options;
    options.dir = dir;
    return options;
  }());
  return store;
}

std::string entry_from(std::string input, bool valid, const store::ActionId& action) {
  if (input.size() < kSummed) return input;
  if (valid) {
    std::memcpy(input.data(), "gopouch\x01", 8);
    std::copy(action.hash.begin(), action.hash.end(), input.begin() + 40);
  }
  const base::Hash sum =
      base::sha256({reinterpret_cast<const std::uint8_t*>(input.data()), kSummed});
  return input.substr(0, kSummed) + std::string(sum.begin(), sum.begin() + 24) +
         input.substr(kSummed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const store::ActionId action{base::sha256({})};
  const std::string entry = entry_from(std::string(data + 2, data + size), data[0] != 0, action);
  const std::size_t step = std::size_t{1} + data[1];

  remote::EntrySink sink(local(), action, std::int64_t{1} << 20U);
  sink.begin();
  for (std::size_t at = 0; at < entry.size(); at += step) {
    const std::size_t piece = std::min(step, entry.size() - at);
    if (!sink.write({reinterpret_cast<const std::uint8_t*>(entry.data()) + at, piece})) break;
  }
  const auto hit = sink.finish();
  if (!hit) return 0;
  const base::Fd file(::open(hit->path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto hash = base::hash_file(file.get());
  if (!hash || *hash != hit->entry.output.hash || hit->entry.size > (std::int64_t{1} << 20U)) {
    std::abort();
  }
  static int taken = 0;
  if (++taken % 1000 == 0) local().clear();
  return 0;
}
