// What may lie under a key: entries, packs and manifests that are what they say.
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "remote/entry.h"
#include "remote/remote.h"
#include "test/support/temp_dir.h"

namespace gopouch::remote {
namespace {

using base::Fault;

base::Status check(const std::string& key, std::string_view bytes) {
  const base::Fd file(::memfd_create("object", MFD_CLOEXEC));
  EXPECT_TRUE(base::write_all(file.get(), base::bytes_of(bytes)).ok());
  return check_object(key, file.get(), std::ssize(bytes), 1 << 20);
}

Fault fault_of(const std::string& key, std::string_view bytes) {
  const auto checked = check(key, bytes);
  return checked ? Fault::kStopped : checked.error().fault;
}

std::string entry_of(const store::ActionId& action, const std::string& text, const base::Hash& hash,
                     bool compress) {
  const test::TempDir dir;
  test::write(dir / "body", text);
  Header header{.action = action};
  header.entry = {{hash}, std::ssize(text), {}};
  Encoder encoder;
  const auto made = encoder.encode(header, (dir / "body").c_str(), compress, dir.path());
  const auto bytes = made->whole().bytes;
  return {bytes.begin(), bytes.end()};
}

TEST(Check, TakesEntriesThatAreTrue) {
  const store::ActionId action{base::sha256(base::bytes_of("action"))};
  const std::string key = entry_key(action);
  for (const std::string& text : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
    const base::Hash hash = base::sha256(base::bytes_of(text));
    for (const bool compress : {false, true}) {
      const std::string entry = entry_of(action, text, hash, compress);
      EXPECT_TRUE(check(key, entry));
      EXPECT_EQ(fault_of(entry_key({hash}), entry), Fault::kCorrupt) << "of another action";
      EXPECT_EQ(fault_of(key, entry + "z"), Fault::kCorrupt);
      EXPECT_EQ(fault_of(key, entry.substr(0, entry.size() - 1)), Fault::kCorrupt);
      const base::Hash other = base::sha256(base::bytes_of(text + "!"));
      EXPECT_EQ(fault_of(key, entry_of(action, text, other, compress)), Fault::kCorrupt);
    }
  }
  EXPECT_EQ(fault_of(key, ""), Fault::kCorrupt);
  const std::string bomb(std::size_t{2} << 20U, 'z');
  const std::string packed = entry_of(action, bomb, base::sha256(base::bytes_of(bomb)), true);
  EXPECT_EQ(fault_of(key, packed), Fault::kCorrupt) << "beyond what is allowed, unpacked";
}

TEST(Check, TakesPacksOfTheirHashAndManifestsThatAreSome) {
  const std::string key = "v1/p/" + base::to_hex(base::sha256(base::bytes_of("a pack")));
  EXPECT_TRUE(check(key, "a pack"));
  EXPECT_EQ(fault_of(key, "another"), Fault::kCorrupt);
  EXPECT_EQ(fault_of(pack::manifest_key({}), "no manifest"), Fault::kCorrupt);
  EXPECT_EQ(fault_of(pack::manifest_key({}), ""), Fault::kCorrupt);
}

TEST(Check, KnowsWhatIsNoNameOfOurs) {
  const std::string hex = base::to_hex(base::Hash{});
  for (const std::string key : {"v1/e/", "v1/e/x", "v1/p/0", "v1/m/a/b"}) {
    EXPECT_EQ(fault_of(key, "x"), Fault::kInvalid) << key;
  }
  EXPECT_EQ(fault_of("v1/e/" + hex + "0", "x"), Fault::kInvalid);
  EXPECT_EQ(fault_of("v1/e/" + hex.substr(1) + "A", "x"), Fault::kInvalid);
  EXPECT_TRUE(check("v1/mod/x", "x"));
  EXPECT_TRUE(check("a/b", "x"));
}

}  // namespace
}  // namespace gopouch::remote
