// Requests and judgements. Rules: gcs_dialect.h.
#include "object/gcs_dialect.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "object/gcs_json.h"

namespace gopouch::object {

namespace {

using base::Fault;

// The XML API's; the JSON API has no headers for metadata.
constexpr std::string_view kMetadata = "x-goog-meta-";

// Reasons that say more than their status.
struct Row {
  std::string_view reason;
  Fault fault;
};
constexpr std::array kReasons{
    Row{"rateLimitExceeded", Fault::kUnavailable},
    Row{"userRateLimitExceeded", Fault::kUnavailable},
    Row{"quotaExceeded", Fault::kUnavailable},
    Row{"backendError", Fault::kUnavailable},
};

class GcsDialect final : public Dialect {
 public:
  explicit GcsDialect(GcsPlace place) : place_(std::move(place)) {}

  Draft request_for(const Operation& operation) const override;
  Judgement judge(const Operation& operation, const net::Reply& reply) const override;
  base::Result<Page> read_page(const Operation& operation, const std::string& body) const override;
  Metadata metadata_of(const net::Reply& reply) const override {
    return metadata_with(kMetadata, reply);
  }
  std::string version_of(const net::Reply& reply) const override {
    return std::string(net::find_header(reply.headers, "x-goog-generation"));
  }
  base::Result<Info> read_info(const Operation& operation, const net::Reply& reply) const override;
  std::size_t removal_size() const override { return 0; }

 private:
  Draft request(const char* method, std::string_view folder, std::string query = {}) const;
  Draft object_request(const char* method, const Operation& operation,
                       std::string query = {}) const;
  Draft upload(const Operation& operation, std::string_view kind) const;
  Draft download(const Operation& operation) const;
  Draft in_session(const char* method, const Operation& operation) const;
  Draft list_request(const Operation& operation) const;
  base::Error error_of(const Operation& operation, Fault fault, std::string_view what) const;

  const GcsPlace place_;
};

Draft GcsDialect::request(const char* method, std::string_view folder, std::string query) const {
  Draft draft;
  draft.request.method = method;
  draft.request.url = place_.endpoint;
  draft.request.url.path +=
      fmt::format("{}/storage/v1/b/{}/o", folder, net::percent_encode(place_.bucket));
  draft.request.url.query = std::move(query);
  return draft;
}

// A name is one part of the path, so its slashes are encoded too.
Draft GcsDialect::object_request(const char* method, const Operation& operation,
                                 std::string query) const {
  Draft draft = request(method, "", std::move(query));
  draft.request.url.path += "/" + net::percent_encode(place_.prefix + operation.key);
  return draft;
}

Draft GcsDialect::upload(const Operation& operation, std::string_view kind) const {
  std::string query = fmt::format("uploadType={}&name={}&fields=size", kind,
                                  net::percent_encode(place_.prefix + operation.key));
  if (operation.put.if_absent) query += "&ifGenerationMatch=0";
  if (!operation.put.if_version.empty()) {
    query += "&ifGenerationMatch=" + net::percent_encode(operation.put.if_version);
  }
  Draft draft = request("POST", "/upload", std::move(query));
  if (operation.put.metadata.empty()) {
    draft.request.headers.push_back({"Content-Type", "application/octet-stream"});
  } else {
    draft.request.headers.push_back({"Content-Type", "application/json"});
    draft.request.headers.push_back({"X-Upload-Content-Type", "application/octet-stream"});
    draft.text = gcs_metadata(operation.put.metadata);
  }
  return draft;
}

// A download of the JSON API says nothing of the metadata, one of the XML API does.
Draft GcsDialect::download(const Operation& operation) const {
  Draft draft;
  if (operation.metadata) {
    draft.request.url = place_.endpoint;
    draft.request.url.path += fmt::format("/{}/{}", place_.bucket,
                                          net::percent_encode(place_.prefix + operation.key, "/"));
  } else {
    draft = object_request("GET", operation, "alt=media");
  }
  if (operation.range) {
    draft.request.headers.push_back(range_header(*operation.range));
  }
  return draft;
}

Draft GcsDialect::in_session(const char* method, const Operation& operation) const {
  Draft draft;
  draft.request.method = method;
  draft.request.url = place_.endpoint;
  const std::size_t mark = operation.upload.find('?');
  draft.request.url.path = operation.upload.substr(0, mark);
  if (mark != std::string::npos) draft.request.url.query = operation.upload.substr(mark + 1);
  if (operation.range) {
    const std::int64_t end = operation.range->offset + operation.range->size;
    draft.request.headers.push_back(
        {"Content-Range",
         operation.range->size == 0
             ? fmt::format("bytes */{}", end)
             : fmt::format("bytes {}-{}/{}", operation.range->offset, end - 1, end)});
  }
  return draft;
}

Draft GcsDialect::list_request(const Operation& operation) const {
  std::string query = "maxResults=1000&fields=nextPageToken,items(name,size,updated)";
  const std::string prefix = place_.prefix + operation.key;
  if (!prefix.empty()) query += "&prefix=" + net::percent_encode(prefix);
  if (!operation.page.empty()) query += "&pageToken=" + net::percent_encode(operation.page);
  Draft draft = request("GET", "", std::move(query));
  // A thousand names of 1 KiB, and a fake's other members.
  draft.request.body_limit = std::size_t{8} << 20U;
  return draft;
}

Draft GcsDialect::request_for(const Operation& operation) const {
  switch (operation.op) {
    case Op::kGet:
      return download(operation);
    case Op::kHead:
      return object_request("GET", operation, "fields=name,size,updated");
    case Op::kPut:
      return upload(operation, "media");
    case Op::kList:
      return list_request(operation);
    case Op::kBeginParts:
      return upload(operation, "resumable");
    case Op::kPutPart:
      return in_session("PUT", operation);
    case Op::kDropParts:
      return in_session("DELETE", operation);
    case Op::kRemove:
    case Op::kRemoveAll:  // removal_size() is 0
    case Op::kJoinParts:  // the last part has joined them
      break;
  }
  return object_request("DELETE", operation);
}

base::Error GcsDialect::error_of(const Operation& operation, Fault fault,
                                 std::string_view what) const {
  return {fault,
          fmt::format("gs://{}: {}: {}", place_.bucket, name_of(operation.op), one_line(what))};
}

Judgement GcsDialect::judge(const Operation& operation, const net::Reply& reply) const {
  const int status = reply.status;
  const bool is_part = operation.op == Op::kPutPart;
  if ((status >= 200 && status < 300) || (is_part && status == 308)) {
    const bool of_range = operation.op == Op::kGet && operation.range;
    if (!of_range || gives_range(reply, *operation.range)) return {};
    return {.verdict = Verdict::kFailed,
            .error = error_of(operation, Fault::kCorrupt, "another range than the one asked for")};
  }
  const GcsError error = parse_gcs_error(reply.body);
  const bool no_bucket = error.message.find("bucket does not exist") != std::string::npos;
  switch (operation.op) {
    case Op::kGet:
    case Op::kHead:
    case Op::kRemove:
      if (status == 404 && !no_bucket) return {.verdict = Verdict::kAbsent};
      break;
    case Op::kPut:
    case Op::kBeginParts:
    case Op::kPutPart:
      if (status == 412) return {.verdict = Verdict::kConflict};
      break;
    case Op::kDropParts:
      return {};  // 499 is the word for it
    default:
      break;
  }

  Judgement judgement{.verdict = Verdict::kFailed};
  judgement.error =
      error_of(operation, fault_of_status(status),
               fmt::format("{}{}{}{}{}", status, error.reason.empty() ? "" : " ", error.reason,
                           error.message.empty() ? "" : ": ", error.message));
  const auto* const row = std::find_if(kReasons.begin(), kReasons.end(),
                                       [&](const Row& one) { return one.reason == error.reason; });
  if (row != kReasons.end()) judgement.error.fault = row->fault;
  // A session that is gone: the upload may begin anew.
  if (is_part && (status == 404 || status == 410)) judgement.error.fault = Fault::kUnavailable;
  if (judgement.error.fault == Fault::kUnavailable) {
    judgement.error.retry_after = retry_after(reply);
  }
  if (status == 401) judgement.remedy = Remedy::kCredentials;
  return judgement;
}

base::Result<Page> GcsDialect::read_page(const Operation& operation,
                                         const std::string& body) const {
  auto listing = parse_gcs_page(body);
  if (!listing) return error_of(operation, listing.error().fault, listing.error().message);
  const std::string wanted = place_.prefix + operation.key;
  Page page{.objects = {}, .next = std::move(listing->next)};
  page.objects.reserve(listing->objects.size());
  for (const GcsObject& object : listing->objects) {
    // A store is not believed that lists what was not asked for.
    if (!object.name.starts_with(wanted) || object.name.size() == place_.prefix.size()) continue;
    page.objects.push_back(
        {object.name.substr(place_.prefix.size()), object.size, object.modified});
  }
  return page;
}

base::Result<Info> GcsDialect::read_info(const Operation& operation,
                                         const net::Reply& reply) const {
  const auto object = parse_gcs_object(reply.body);
  if (!object) return error_of(operation, object.error().fault, object.error().message);
  return Info{operation.key, object->size, object->modified};
}

}  // namespace

std::string GcsPlace::name() const { return name_of_bucket("gs", bucket, prefix); }

std::unique_ptr<const Dialect> make_gcs_dialect(GcsPlace place) {
  return std::make_unique<GcsDialect>(std::move(place));
}

}  // namespace gopouch::object
