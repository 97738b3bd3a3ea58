// What S3 says in XML: pages of a listing, errors, what a batch removal left behind, parts; and
// WebDAV's listing of a folder.
//
// The shapes are those of the "Amazon S3 API reference" (ListObjectsV2, DeleteObjects,
// CreateMultipartUpload, CompleteMultipartUpload, "Error responses"). pugixml reads them: it
// expands no entities of the text's own and loads nothing, so the work is bounded by the length of
// the text, which net/ has bounded. Elements that are not known are passed over; nothing throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gopouch::object {

struct XmlError {
  std::string code, message;
  std::string key;     // of a batch removal: which object
  std::string region;  // the one that should have been signed for; mostly empty
  std::string header;  // the one that the store does not know; mostly empty
};

struct XmlObject {
  std::string key;  // with the store's prefix, decoded
  std::int64_t size = 0;
  std::chrono::sys_seconds modified{};
};

struct XmlPage {
  std::vector<XmlObject> objects;
  std::string next;  // where the next page begins; empty: this is the last
};

// What WebDAV says of one resource (RFC 4918, 14.24).
struct XmlEntry {
  std::string path;  // decoded, without scheme and host
  bool folder = false;
  std::int64_t size = 0;
  std::chrono::sys_seconds modified{};
};

// kCorrupt where the text is no whole <multistatus> .
base::Result<std::vector<XmlEntry>> parse_multistatus(std::string_view xml);

// nullopt where the text is no <Error>.
std::optional<XmlError> parse_error(std::string_view xml);

// kCorrupt where the text is no whole <ListBucketResult>, or one with numbers that are none.
base::Result<XmlPage> parse_page(std::string_view xml);

// What a batch removal could not remove; kCorrupt where the text is no <DeleteResult>.
base::Result<std::vector<XmlError>> parse_removal(std::string_view xml);

// The <UploadId> of a new upload in parts; kCorrupt where there is none.
base::Result<std::string> parse_upload_id(std::string_view xml);

// The body of a batch removal; `keys` with the store's prefix.
std::string removal_request(std::span<const std::string> keys);

// The body that joins the parts, numbered from 1, by their ETags.
std::string joining_request(std::span<const std::string> etags);

}  // namespace gopouch::object
