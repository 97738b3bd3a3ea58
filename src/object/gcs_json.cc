// The JSON of Google Cloud Storage, by nlohmann's parser. Rules: gcs_json.h.
#include "object/gcs_json.h"

#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "object/times.h"

#include <nlohmann/json.hpp>

namespace gopouch::object {

namespace {

using nlohmann::json;

base::Error corrupt(std::string_view what) {
  return {base::Fault::kCorrupt, fmt::format("the answer is no {}", what)};
}

// Null where there is none of that name.
const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &*at;
}

std::string text_of(const json& object, const char* name) {
  const json* const value = member(object, name);
  return value != nullptr && value->is_string() ? value->get_ref<const std::string&>()
                                                : std::string();
}

// A text, since 64 bits are more than JSON's numbers bear; -1: none.
std::int64_t size_of(const json& value) {
  return base::parse_number<std::int64_t>(text_of(value, "size")).value_or(-1);
}

std::optional<GcsObject> object_of(const json& value) {
  GcsObject object{.name = text_of(value, "name"), .size = size_of(value)};
  if (object.name.empty() || object.size < 0) return std::nullopt;
  object.modified = parse_iso_time(text_of(value, "updated")).value_or(object.modified);
  return object;
}

}  // namespace

base::Result<GcsPage> parse_gcs_page(std::string_view text) {
  const json whole = json::parse(text, nullptr, false);
  if (!whole.is_object()) return corrupt("listing");
  GcsPage page{.objects = {}, .next = text_of(whole, "nextPageToken")};
  const json* const items = member(whole, "items");
  if (items == nullptr) return page;
  if (!items->is_array()) return corrupt("listing");
  page.objects.reserve(items->size());
  for (const json& item : *items) {
    auto object = object_of(item);
    if (!object) return corrupt("listing");
    page.objects.push_back(*std::move(object));
  }
  return page;
}

base::Result<GcsObject> parse_gcs_object(std::string_view text) {
  auto object = object_of(json::parse(text, nullptr, false));
  if (!object) return corrupt("object's description");
  return *std::move(object);
}

std::int64_t parse_gcs_size(std::string_view text) {
  return size_of(json::parse(text, nullptr, false));
}

std::string gcs_metadata(const Metadata& metadata) {
  return json{{"metadata", metadata}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

GcsError parse_gcs_error(std::string_view text) {
  const json whole = json::parse(text, nullptr, false);
  const json* const error = member(whole, "error");
  if (error == nullptr) return {.reason = {}, .message = std::string(text)};
  GcsError found{.reason = {}, .message = text_of(*error, "message")};
  const json* const errors = member(*error, "errors");
  if (errors != nullptr && errors->is_array() && !errors->empty()) {
    found.reason = text_of(errors->front(), "reason");
  }
  return found;
}

}  // namespace gopouch::object
