// What the older layouts share: bodies that stand alone, and say nothing of themselves.
//
// Where ours says in its first bytes what follows, theirs keep that in metadata or in another
// object, and none tells the size of what a body unpacks to. So a body is taken down first and laid
// into the local store when all is known: then its size is right, and its SHA-256 is what was
// promised, or it is not served.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "remote/layout.h"

namespace gopouch::remote {

// A body on its way, whole: in memory where it is small, else in a file without a name.
class Spool final : public object::Sink {
 public:
  // More than `limit` bytes are refused.
  Spool(std::filesystem::path temp_dir, std::int64_t limit)
      : temp_dir_(std::move(temp_dir)), limit_(limit) {}

  void begin() override;
  bool write(std::span<const std::uint8_t> bytes) override;

  std::int64_t size() const { return size_; }
  // Why write() wanted no more: kCorrupt where there was too much of it, else the local disk's.
  const std::optional<base::Error>& problem() const { return problem_; }
  bool starts_with(std::string_view bytes) const;
  // All of it; empty where it is not small.
  std::string_view text() const { return file_ ? std::string_view() : front_; }

  // Gives all of it to `use`, in pieces, until that fails.
  base::Status each(const base::UsePiece& use) const;

 private:
  const std::filesystem::path temp_dir_;
  const std::int64_t limit_;
  std::string front_;  // its first bytes, and all of it while there is no file
  base::Fd file_;      // all of it
  std::int64_t size_ = 0;
  std::optional<base::Error> problem_;
};

// Lays a whole body into the local store. kCorrupt: it is not the output that was promised.
base::Result<store::Hit> lay(store::Store& local, const store::ActionId& action,
                             const store::OutputId& output, std::optional<store::Time> put_time,
                             const Spool& body);

// The same as the end of a get: `reply` is that of the get which filled `body`, and `make` makes a
// hit of it, or says why there is none.
Fetched finish(const base::Result<std::optional<object::Object>>& reply, const Spool& body,
               const std::function<base::Result<store::Hit>(const object::Object&)>& make);

// A 64-digit word of metadata, or of another object.
std::optional<store::OutputId> output_from_hex(std::string_view text);
std::optional<store::OutputId> output_in(const object::Object& object);  // under "outputid"

// Seconds or nanoseconds since the Unix epoch; nullopt: no such time.
std::optional<store::Time> time_from_seconds(std::string_view text);
std::optional<store::Time> time_from_nanoseconds(std::string_view text);

// Go's time.RFC3339Nano: "2025-12-16T09:00:00.123456789+01:00", "…Z".
std::optional<store::Time> time_from_rfc3339(std::string_view text);
std::string rfc3339(store::Time time);

// Of that much metadata, the few bytes of its body that a get must ask for.
std::optional<object::Object> look(object::Store& store, const object::Key& key,
                                   const base::Call& call);

// What an action of go-cache-plugin's says.
struct ActionLine {
  store::OutputId output;
  store::Time time;
};
std::optional<ActionLine> parse_action_line(std::string_view text);
std::string action_line(const ActionLine& line);

// What an index says: gocacheprog's, and the answer of go-cacher's first servers.
struct Index {
  store::OutputId output = {};
  std::int64_t size = 0;
};
std::optional<Index> parse_index(std::string_view text);
std::string index_text(const Index& index);
std::optional<Index> parse_action_value(std::string_view text);

// LZ4 frames (its "Frame format description" 1.6), as gobuildcache writes them.
bool is_lz4(const Spool& body);
// The frame `packed` into `body`. kCorrupt: it is none, or something follows it.
base::Status unpack_lz4(const Spool& packed, Spool& body);
// `size` bytes of `fd` as one frame. kCorrupt: the file has fewer.
base::Status pack_lz4(int fd, std::int64_t size, const base::Compressor::Write& write);

}  // namespace gopouch::remote
