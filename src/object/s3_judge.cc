// What S3's replies mean: which are answers, which are faults of what kind, and what might help.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "object/s3_dialect.h"
#include "object/xml.h"

namespace gopouch::object {

namespace {

using base::Fault;

// Codes that say more than their status.
struct Row {
  std::string_view code;
  Fault fault;
  Remedy remedy = Remedy::kNone;
};
constexpr std::array kCodes{
    Row{"NoSuchBucket", Fault::kInvalid},
    Row{"InvalidBucketName", Fault::kInvalid},
    Row{"AccessDenied", Fault::kDenied},
    Row{"RequestTimeTooSkewed", Fault::kDenied, Remedy::kClock},
    Row{"ExpiredToken", Fault::kDenied, Remedy::kCredentials},
    Row{"ExpiredTokenException", Fault::kDenied, Remedy::kCredentials},
    Row{"InvalidToken", Fault::kDenied, Remedy::kCredentials},
    Row{"TokenRefreshRequired", Fault::kDenied, Remedy::kCredentials},
    Row{"InvalidAccessKeyId", Fault::kDenied, Remedy::kCredentials},
    Row{"SignatureDoesNotMatch", Fault::kDenied},
    Row{"SlowDown", Fault::kUnavailable},
    Row{"Throttling", Fault::kUnavailable},
    Row{"RequestTimeout", Fault::kUnavailable},
    Row{"OperationAborted", Fault::kUnavailable},
    Row{"InternalError", Fault::kUnavailable},
    Row{"ServiceUnavailable", Fault::kUnavailable},
    // The body that arrived is not the one that left.
    Row{"BadDigest", Fault::kUnavailable},
    Row{"IncompleteBody", Fault::kUnavailable},
    Row{"XAmzContentSHA256Mismatch", Fault::kUnavailable},
    // In an archive, and not to be had within hours.
    Row{"InvalidObjectState", Fault::kCorrupt},
    Row{"InvalidRange", Fault::kCorrupt},
};

// One reply on its way to being understood.
class Case {
 public:
  Case(const S3Place& place, const Operation& operation, const net::Reply& reply)
      : place_(place), op_(operation), reply_(reply) {
    // Some answers of 200 are errors all the same: the status left before the work was done.
    if (reply.status >= 300 || op_.op == Op::kJoinParts) error_ = parse_error(reply.body);
  }

  Judgement judge() const {
    const bool good = reply_.status >= 200 && reply_.status < 300 && !error_;
    if (good) return op_.op == Op::kRemoveAll ? judge_removal() : judge_good();
    if (is_absent()) return {.verdict = Verdict::kAbsent};
    if (is_conflict()) return {.verdict = Verdict::kConflict};
    return fail();
  }

 private:
  std::string_view code() const { return error_ ? std::string_view(error_->code) : ""; }
  std::string_view header(std::string_view name) const {
    return net::find_header(reply_.headers, name);
  }

  Judgement failed(Fault fault, std::string_view what) const {
    Judgement judgement{.verdict = Verdict::kFailed};
    judgement.error.fault = fault;
    judgement.error.message =
        fmt::format("s3://{}: {}: {}", place_.bucket, name_of(op_.op), one_line(what));
    return judgement;
  }

  Judgement judge_good() const {
    if (op_.op != Op::kGet || !op_.range || gives_range(reply_, *op_.range)) return {};
    return failed(Fault::kCorrupt, "another range than the one asked for");
  }

  Judgement judge_removal() const {
    const auto left = parse_removal(reply_.body);
    if (!left) return failed(left.error().fault, left.error().message);
    const auto is_fault = [](const XmlError& error) { return error.code != "NoSuchKey"; };
    const auto first = std::find_if(left->begin(), left->end(), is_fault);
    if (first == left->end()) return {};
    Fault fault = Fault::kUnavailable;
    for (const Row& row : kCodes) {
      if (row.code == first->code) fault = row.fault;
    }
    return failed(fault, fmt::format("{} of {} objects are still there; {}: {}: {}",
                                     std::count_if(left->begin(), left->end(), is_fault),
                                     op_.keys.size(), first->key, first->code, first->message));
  }

  bool is_absent() const {
    if (reply_.status != 404) return false;
    switch (op_.op) {
      case Op::kGet:
      case Op::kHead:  // has no body to tell a missing bucket from a missing object
      case Op::kRemove:
        return code().empty() || code() == "NoSuchKey" || code() == "NoSuchVersion";
      case Op::kDropParts:
        return true;
      default:
        return false;
    }
  }

  bool is_conflict() const {
    const bool conditional = op_.put.if_absent || !op_.put.if_version.empty();
    if (!conditional || (op_.op != Op::kPut && op_.op != Op::kJoinParts)) return false;
    return reply_.status == 412 || code() == "PreconditionFailed" ||
           code() == "ConditionalRequestConflict" ||
           // The object that was to be replaced is gone.
           (code() == "NoSuchKey" && !op_.put.if_version.empty()) ||
           (reply_.status == 409 && code().empty());
  }

  Judgement fail() const {
    Judgement judgement = failed(fault_of_status(reply_.status), words());
    for (const Row& row : kCodes) {
      if (row.code != code()) continue;
      judgement.error.fault = row.fault;
      judgement.remedy = row.remedy;
    }
    if (judgement.error.fault == Fault::kUnavailable) {
      judgement.error.retry_after = retry_after(reply_);
    }
    if (judgement.remedy == Remedy::kNone) add_remedy(judgement);
    return judgement;
  }

  void add_remedy(Judgement& judgement) const {
    if (const std::string region = other_region(); !region.empty()) {
      judgement.remedy = Remedy::kRegion;
      judgement.hint = region;
    } else if (reply_.status == 501 || code() == "NotImplemented") {
      judgement.hint = without();
      if (!judgement.hint.empty()) judgement.remedy = Remedy::kSimpler;
    } else if (op_.op == Op::kHead && reply_.status == 400) {
      judgement.remedy = Remedy::kCredentials;  // a HEAD's errors come without code
    } else if (op_.op == Op::kHead && reply_.status == 403) {
      judgement.remedy = Remedy::kClock;
    }
  }

  // Which region the store would have us sign for; empty: it does not say, or it is no news.
  std::string other_region() const {
    const bool may_be = reply_.status == 301 || reply_.status == 307 || reply_.status == 400 ||
                        (reply_.status == 403 && error_ && !error_->region.empty());
    if (!may_be) return {};
    std::string region(header("x-amz-bucket-region"));
    if (region.empty() && error_) region = error_->region;
    return region == place_.region || !is_region(region) ? std::string() : region;
  }

  // It becomes a part of a host's name.
  static bool is_region(std::string_view text) {
    return !text.empty() && text.size() <= 32 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
               std::string_view::npos;
  }

  // What the request held that the store may not know.
  std::string without() const {
    if (op_.op == Op::kRemoveAll) return std::string(kWithoutRemoveAll);
    if (op_.op != Op::kPut && op_.op != Op::kJoinParts) return {};
    const bool checksum = place_.checksums && op_.op == Op::kPut && !op_.put.sha256.empty();
    const bool condition =
        place_.preconditions && (op_.put.if_absent || !op_.put.if_version.empty());
    const std::string_view named = error_ ? std::string_view(error_->header) : "";
    if (condition && (named.starts_with("If-") || named.starts_with("if-") || !checksum)) {
      return std::string(kWithoutPrecondition);
    }
    return checksum ? std::string(kWithoutChecksum) : std::string();
  }

  std::string words() const {
    std::string text = fmt::format("{}", reply_.status);
    if (!error_) return text;
    if (!error_->code.empty()) text += " " + error_->code;
    if (!error_->message.empty()) text += ": " + error_->message;
    return text;
  }

  const S3Place& place_;
  const Operation& op_;
  const net::Reply& reply_;
  std::optional<XmlError> error_;
};

}  // namespace

Judgement judge_s3(const S3Place& place, const Operation& operation, const net::Reply& reply) {
  return Case(place, operation, reply).judge();
}

}  // namespace gopouch::object
