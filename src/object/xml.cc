// The XML of S3, by pugixml. Rules: xml.h.
#include "object/xml.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "net/net.h"
#include "object/times.h"

#include <pugixml.hpp>

namespace gopouch::object {

namespace {

base::Error corrupt(std::string_view what) {
  return {base::Fault::kCorrupt, fmt::format("the answer is no {}", what)};
}

// The outermost element where it has that name, else none.
pugi::xml_node root(pugi::xml_document& document, std::string_view xml, const char* name) {
  // Character data as it stands: a key may begin or end with a space.
  constexpr unsigned kHow = (pugi::parse_default | pugi::parse_ws_pcdata_single) & ~pugi::parse_eol;
  if (!document.load_buffer(xml.data(), xml.size(), kHow, pugi::encoding_utf8)) return {};
  return document.child(name);
}

XmlError error_of(const pugi::xml_node& node) {
  return {.code = node.child_value("Code"),
          .message = node.child_value("Message"),
          .key = node.child_value("Key"),
          .region = node.child_value("Region"),
          .header = node.child_value("Header")};
}

// encoding-type=url writes a space as "+".
std::optional<std::string> decode_key(std::string_view text, bool encoded) {
  std::string key(text);
  if (!encoded) return key;
  for (char& letter : key) {
    if (letter == '+') letter = ' ';
  }
  return net::percent_decode(key);
}

std::optional<XmlObject> object_of(const pugi::xml_node& node, bool encoded) {
  auto key = decode_key(node.child_value("Key"), encoded);
  if (!key || key->empty()) return std::nullopt;
  XmlObject object{.key = *std::move(key)};
  const std::string_view size = node.child_value("Size");
  const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), object.size);
  if (error != std::errc() || stop != size.data() + size.size() || object.size < 0) {
    return std::nullopt;
  }
  // A store that gives no time, or an odd one, still lists.
  object.modified = parse_iso_time(node.child_value("LastModified")).value_or(object.modified);
  return object;
}

// The name behind its prefix: which prefix stands for "DAV:" is the server's choice.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

pugi::xml_node child_named(const pugi::xml_node& node, std::string_view name) {
  return node.find_child([&](const pugi::xml_node& child) { return local_name(child) == name; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// nullopt: a path that is none.
std::optional<XmlEntry> entry_of(const pugi::xml_node& response) {
  std::string_view href = trimmed(child_named(response, "href").child_value());
  if (const std::size_t mark = href.find("://"); mark != std::string_view::npos) {
    const std::size_t slash = href.find('/', mark + 3);
    href = slash == std::string_view::npos ? "/" : href.substr(slash);
  }
  auto path = net::percent_decode(href);
  if (!path || path->find('\0') != std::string::npos) return std::nullopt;
  XmlEntry entry{.path = *std::move(path)};
  for (const pugi::xml_node& stat : response.children()) {
    if (local_name(stat) != "propstat") continue;
    const pugi::xml_node prop = child_named(stat, "prop");
    entry.folder |= !child_named(child_named(prop, "resourcetype"), "collection").empty();
    const std::string_view size = trimmed(child_named(prop, "getcontentlength").child_value());
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), number);
    if (error == std::errc() && stop == size.data() + size.size() && number >= 0) {
      entry.size = number;
    }
    const auto modified = trimmed(child_named(prop, "getlastmodified").child_value());
    entry.modified = net::parse_http_time(modified).value_or(entry.modified);
  }
  return entry;
}

struct Text final : pugi::xml_writer {
  void write(const void* data, size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

std::string text_of(const pugi::xml_document& document) {
  Text writer;
  document.save(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

constexpr const char* kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

}  // namespace

base::Result<std::vector<XmlEntry>> parse_multistatus(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8)) {
    return corrupt("listing");
  }
  const pugi::xml_node node = document.document_element();
  if (local_name(node) != "multistatus") return corrupt("listing");
  std::vector<XmlEntry> entries;
  for (const pugi::xml_node& response : node.children()) {
    if (local_name(response) != "response") continue;
    if (auto entry = entry_of(response)) entries.push_back(*std::move(entry));
  }
  return entries;
}

std::optional<XmlError> parse_error(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node node = root(document, xml, "Error");
  if (!node) return std::nullopt;
  return error_of(node);
}

base::Result<XmlPage> parse_page(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node node = root(document, xml, "ListBucketResult");
  if (!node) return corrupt("listing");
  const bool encoded = std::string_view(node.child_value("EncodingType")) == "url";
  XmlPage page;
  for (const pugi::xml_node& child : node.children("Contents")) {
    auto object = object_of(child, encoded);
    if (!object) return corrupt("listing");
    // A key with a NUL inside is none of ours, and C strings would make another key of it.
    if (object->key.find('\0') != std::string::npos) continue;
    page.objects.push_back(*std::move(object));
  }
  if (std::string_view(node.child_value("IsTruncated")) == "true") {
    page.next = node.child_value("NextContinuationToken");
    if (page.next.empty()) return corrupt("whole listing: more is announced, and not where");
  }
  return page;
}

base::Result<std::vector<XmlError>> parse_removal(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node node = root(document, xml, "DeleteResult");
  if (!node) return corrupt("result of a removal");
  std::vector<XmlError> errors;
  for (const pugi::xml_node& child : node.children("Error")) errors.push_back(error_of(child));
  return errors;
}

base::Result<std::string> parse_upload_id(std::string_view xml) {
  pugi::xml_document document;
  std::string id = root(document, xml, "InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty()) return corrupt("new upload");
  return id;
}

std::string removal_request(std::span<const std::string> keys) {
  pugi::xml_document document;
  pugi::xml_node list = document.append_child("Delete");
  list.append_attribute("xmlns") = kNamespace;
  for (const std::string& key : keys) {
    list.append_child("Object").append_child("Key").text().set(key.c_str());
  }
  list.append_child("Quiet").text().set(true);
  return text_of(document);
}

std::string joining_request(std::span<const std::string> etags) {
  pugi::xml_document document;
  pugi::xml_node list = document.append_child("CompleteMultipartUpload");
  list.append_attribute("xmlns") = kNamespace;
  int number = 0;
  for (const std::string& etag : etags) {
    pugi::xml_node part = list.append_child("Part");
    part.append_child("PartNumber").text().set(++number);
    part.append_child("ETag").text().set(etag.c_str());
  }
  return text_of(document);
}

}  // namespace gopouch::object
