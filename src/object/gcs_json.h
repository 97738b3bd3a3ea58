// What Google Cloud Storage says in JSON: pages of a listing, objects, errors.
//
// The shapes are those of the "Cloud Storage JSON API" (objects: list, objects: get, "HTTP status
// and error codes"). Members that are not known are passed over; nothing throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "object/object.h"

namespace gopouch::object {

struct GcsObject {
  std::string name;  // with the store's prefix
  std::int64_t size = 0;
  std::chrono::sys_seconds modified{};
};

struct GcsPage {
  std::vector<GcsObject> objects;
  std::string next;  // where the next page begins; empty: this is the last
};

// `message` is the text itself where that is no JSON: downloads fail in plain words.
struct GcsError {
  std::string reason, message;
};

// kCorrupt where the text is no whole listing, or one with numbers that are none.
base::Result<GcsPage> parse_gcs_page(std::string_view text);
base::Result<GcsObject> parse_gcs_object(std::string_view text);
// The size alone: all that an upload's answer is asked for. -1: it tells none.
std::int64_t parse_gcs_size(std::string_view text);

// What an upload says of its object beside the bytes.
std::string gcs_metadata(const Metadata& metadata);

GcsError parse_gcs_error(std::string_view text);

}  // namespace gopouch::object
