// S3's requests: an operation's method, URL, headers and body. What replies mean: s3_judge.cc.
#include "object/s3_dialect.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "object/xml.h"

namespace gopouch::object {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kMetadata = "x-amz-meta-";

std::string base64(Bytes bytes) {
  std::string text;
  base::append_base64(text, bytes);
  return text;
}

class S3Dialect final : public Dialect {
 public:
  explicit S3Dialect(S3Place place) : place_(std::move(place)) {}

  Draft request_for(const Operation& operation) const override;
  Judgement judge(const Operation& operation, const net::Reply& reply) const override {
    return judge_s3(place_, operation, reply);
  }
  base::Result<Page> read_page(const Operation& operation, const std::string& body) const override;
  std::size_t removal_size() const override { return place_.remove_all ? 1000 : 0; }
  Metadata metadata_of(const net::Reply& reply) const override {
    return metadata_with(kMetadata, reply);
  }

 private:
  Draft object_request(const char* method, const Operation& operation) const;
  void add_storage(net::Request& request, const Metadata& metadata) const;
  void add_preconditions(net::Request& request, const PutOptions& options) const;
  Draft list_request(const Operation& operation) const;
  Draft removal(const Operation& operation) const;
  Draft joining(const Operation& operation) const;

  const S3Place place_;
};

Draft S3Dialect::object_request(const char* method, const Operation& operation) const {
  Draft draft;
  draft.request.method = method;
  draft.request.url = place_.url(operation.key);
  return draft;
}

void S3Dialect::add_storage(net::Request& request, const Metadata& metadata) const {
  if (!place_.storage_class.empty()) {
    request.headers.push_back({"x-amz-storage-class", place_.storage_class});
  }
  if (!place_.tags.empty()) request.headers.push_back({"x-amz-tagging", place_.tags});
  for (const auto& [name, value] : metadata) {
    request.headers.push_back({std::string(kMetadata) + name, value});
  }
}

void S3Dialect::add_preconditions(net::Request& request, const PutOptions& options) const {
  if (!place_.preconditions) return;
  if (options.if_absent) request.headers.push_back({"If-None-Match", "*"});
  if (!options.if_version.empty()) request.headers.push_back({"If-Match", options.if_version});
}

Draft S3Dialect::list_request(const Operation& operation) const {
  Draft draft;
  draft.request.url = place_.url();
  draft.request.url.path += "/";
  std::string prefix = place_.prefix + operation.key;
  // A directory bucket lists folders only; what is too much is dropped by read_page().
  if (!place_.zone.empty()) prefix.resize(prefix.rfind('/') + 1);
  std::string& query = draft.request.url.query;
  query = "list-type=2&encoding-type=url";
  if (!prefix.empty()) query += "&prefix=" + net::percent_encode(prefix);
  if (!operation.page.empty())
    query += "&continuation-token=" + net::percent_encode(operation.page);
  // A thousand keys of 1 KiB, each letter encoded as three.
  draft.request.body_limit = std::size_t{8} << 20U;
  return draft;
}

Draft S3Dialect::removal(const Operation& operation) const {
  Draft draft;
  draft.request.method = "POST";
  draft.request.url = place_.url();
  draft.request.url.path += "/";
  draft.request.url.query = "delete=";
  std::vector<std::string> keys;
  keys.reserve(operation.keys.size());
  for (const Key& key : operation.keys) keys.push_back(place_.prefix + key);
  draft.text = removal_request(keys);
  draft.request.headers.push_back({"Content-Type", "application/xml"});
  // One of the two is obligatory; older stores know only the first.
  draft.request.headers.push_back({"Content-MD5", base64(base::md5(base::bytes_of(draft.text)))});
  if (place_.checksums) {
    const base::Hash hash = base::sha256(base::bytes_of(draft.text));
    draft.request.headers.push_back({"x-amz-checksum-sha256", base64(hash)});
  }
  return draft;
}

Draft S3Dialect::joining(const Operation& operation) const {
  Draft draft = object_request("POST", operation);
  draft.request.url.query = "uploadId=" + net::percent_encode(operation.upload);
  draft.text = joining_request(operation.etags);
  draft.request.headers.push_back({"Content-Type", "application/xml"});
  add_preconditions(draft.request, operation.put);
  return draft;
}

Draft S3Dialect::request_for(const Operation& operation) const {
  Draft draft;
  switch (operation.op) {
    case Op::kGet:
      draft = object_request("GET", operation);
      if (operation.range) {
        draft.request.headers.push_back(range_header(*operation.range));
      }
      return draft;
    case Op::kHead:
      return object_request("HEAD", operation);
    case Op::kPut:
      draft = object_request("PUT", operation);
      add_storage(draft.request, operation.put.metadata);
      add_preconditions(draft.request, operation.put);
      if (place_.checksums && !operation.put.sha256.empty()) {
        draft.request.headers.push_back(
            {"x-amz-checksum-sha256", base64(base::bytes_of(operation.put.sha256))});
      }
      return draft;
    case Op::kList:
      return list_request(operation);
    case Op::kRemove:
      return object_request("DELETE", operation);
    case Op::kRemoveAll:
      return removal(operation);
    case Op::kBeginParts:
      draft = object_request("POST", operation);
      draft.request.url.query = "uploads=";
      add_storage(draft.request, operation.put.metadata);
      return draft;
    case Op::kPutPart:
      draft = object_request("PUT", operation);
      draft.request.url.query = fmt::format("partNumber={}&uploadId={}", operation.part,
                                            net::percent_encode(operation.upload));
      return draft;
    case Op::kJoinParts:
      return joining(operation);
    case Op::kDropParts:
      draft = object_request("DELETE", operation);
      draft.request.url.query = "uploadId=" + net::percent_encode(operation.upload);
      return draft;
  }
  return draft;
}

base::Result<Page> S3Dialect::read_page(const Operation& operation, const std::string& body) const {
  auto listing = parse_page(body);
  if (!listing) {
    return base::Error{listing.error().fault,
                       fmt::format("s3://{}: list: {}", place_.bucket, listing.error().message)};
  }
  const std::string wanted = place_.prefix + operation.key;
  Page page;
  page.next = std::move(listing->next);
  page.objects.reserve(listing->objects.size());
  for (const XmlObject& object : listing->objects) {
    // Nor is a store believed that lists what was not asked for.
    if (!object.key.starts_with(wanted) || object.key.size() == place_.prefix.size()) continue;
    page.objects.push_back({object.key.substr(place_.prefix.size()), object.size, object.modified});
  }
  return page;
}

}  // namespace

std::unique_ptr<const Dialect> make_s3_dialect(S3Place place) {
  return std::make_unique<S3Dialect>(std::move(place));
}

}  // namespace gopouch::object
