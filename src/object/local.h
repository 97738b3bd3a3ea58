// What the stores of this machine share: each get, range and page handled the way that those over
// HTTP do it, so that nobody can tell them apart.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "object/object.h"

namespace gopouch::object {

// Why the call is over; nullopt: it is not.
inline std::optional<base::Error> ended(const base::Call& call) {
  if (call.stop.stop_requested()) return base::Error{base::Fault::kStopped, "called off"};
  if (call.over()) return base::Error{base::Fault::kTimeout, "took too long"};
  return std::nullopt;
}

// The part of an object of `size` bytes that is asked for. kCorrupt where the range begins at its
// end or behind it, or where the bytes are more than the caller wants to hold.
inline base::Result<Range> part_of(const Get& get, std::int64_t size) {
  Range part{0, size};
  if (get.range) {
    if (get.range->offset >= size) {
      return base::Error{base::Fault::kCorrupt,
                         fmt::format("{}: has only {} bytes", get.key, size)};
    }
    part = {get.range->offset, std::min(get.range->size, size - get.range->offset)};
  }
  if (get.sink == nullptr && part.size > static_cast<std::int64_t>(get.limit)) {
    return base::Error{base::Fault::kCorrupt,
                       fmt::format("{}: more than {} bytes", get.key, get.limit)};
  }
  return part;
}

// Gathers a listing into pages.
class Pager {
 public:
  explicit Pager(const Store::OnPage& on_page) : on_page_(on_page) {}

  // False: the caller wants no more.
  bool add(Info info) {
    page_.push_back(std::move(info));
    return page_.size() < kPage || flush();
  }

  bool flush() {
    if (!page_.empty() && wanted_) wanted_ = on_page_(page_);
    page_.clear();
    return wanted_;
  }

 private:
  static constexpr std::size_t kPage = 1000;
  const Store::OnPage& on_page_;
  std::vector<Info> page_;
  bool wanted_ = true;
};

}  // namespace gopouch::object
