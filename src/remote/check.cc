// Whether an object is what its key says, before it is kept for others: remote.h.
#include "base/bytes.h"
#include "base/files.h"
#include "remote/entry.h"
#include "remote/remote.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

// What an error says of the file.
constexpr std::string_view kName = "what came";

base::Status check_entry(const base::Hash& action, int fd, std::int64_t size,
                         std::int64_t max_body) {
  base::Sha256 sum;
  std::int64_t raw = 0;
  EntryDecoder decoder(
      {action}, max_body, [](const Header&) {},
      [&](std::span<const std::uint8_t> bytes) {
        sum.update(bytes);
        raw += std::ssize(bytes);
      });
  auto read = base::each_piece(fd, 0, size, kName, [&](auto piece) {
    return decoder.write(piece) ? base::Status(base::Done{}) : decoder.finish();
  });
  if (!read) return read;
  if (auto whole = decoder.finish(); !whole) return whole;
  const store::Entry& entry = decoder.header()->entry;
  if (raw == entry.size && sum.finish() == entry.output.hash) return base::Done{};
  return Error{Fault::kCorrupt, "a body that is not the output it claims to be"};
}

base::Status check_pack(const base::Hash& name, int fd, std::int64_t size) {
  base::Sha256 sum;
  auto read = base::each_piece(fd, 0, size, kName, [&](auto piece) {
    sum.update(piece);
    return base::Done{};
  });
  if (!read) return read;
  if (sum.finish() == name) return base::Done{};
  return Error{Fault::kCorrupt, "a pack of another hash"};
}

base::Status check_manifest(int fd, std::int64_t size) {
  if (size > static_cast<std::int64_t>(pack::kMaxManifest)) {
    return Error{Fault::kCorrupt, "a manifest beyond all bounds"};
  }
  std::string text;
  auto read = base::each_piece(fd, 0, size, kName, [&](auto piece) {
    text.append(piece.begin(), piece.end());
    return base::Done{};
  });
  if (!read) return read;
  const auto summary = pack::summary_of(text);
  return summary ? base::Status(base::Done{}) : summary.error();
}

}  // namespace

base::Status check_object(std::string_view key, int fd, std::int64_t size, std::int64_t max_body) {
  const auto kind = pack::kind_of(key);
  if (kind == pack::Kind::kManifest) return check_manifest(fd, size);
  const std::string_view folder = kind ? pack::kPacks : kEntries;
  const auto name =
      key.starts_with(folder) ? base::hash_from_hex(key.substr(folder.size())) : std::nullopt;
  if (name) return kind ? check_pack(*name, fd, size) : check_entry(*name, fd, size, max_body);
  for (const std::string_view ours : {kEntries, pack::kPacks, pack::kManifests}) {
    if (key.starts_with(ours)) return Error{Fault::kInvalid, "no name for what lies there"};
  }
  return base::Done{};
}

}  // namespace gopouch::remote
