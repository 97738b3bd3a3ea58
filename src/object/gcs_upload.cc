// Begin, send all that is left, ask what has arrived where the line broke, and go on from there.
// Rules: gcs_upload.h.
#include "object/gcs_upload.h"

#include <fmt/format.h>

#include "base/text.h"
#include "object/body.h"
#include "object/gcs_json.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

// Breaks and answers in a row that brought nothing new.
constexpr int kPatience = 4;
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kDropTime{500};

// The session's address on its host, which is ours: a token goes nowhere else.
base::Result<std::string> session_of(const Answer& begun) {
  const auto url = net::parse_url(net::find_header(begun.reply.headers, "Location"));
  if (!url || url->path.empty()) {
    return Error{Fault::kCorrupt, "a new upload without the address of its session"};
  }
  return url->query.empty() ? url->path : url->path + "?" + url->query;
}

// How many bytes have arrived, by a 308: "bytes=0-1234"; without the header none.
std::optional<std::int64_t> arrived(const net::Reply& reply) {
  std::string_view range = net::find_header(reply.headers, "Range");
  if (range.empty()) return 0;
  constexpr std::string_view kBegin = "bytes=0-";
  if (!range.starts_with(kBegin)) return std::nullopt;
  range.remove_prefix(kBegin.size());
  const auto last = base::parse_number<std::int64_t>(range);
  return last ? std::optional(*last + 1) : std::nullopt;
}

class Upload {
 public:
  Upload(const HttpSender& sender, Operation operation, const net::Body& body,
         const base::Call& call)
      : sender_(sender),
        operation_(std::move(operation)),
        body_(body),
        size_(size_of(body)),
        call_(call) {}

  base::Result<PutOutcome> run() {
    std::int64_t done = 0;
    bool asking = false;
    for (int idle = 0;;) {
      const auto answer = send(asking ? size_ : done);
      if (!answer) {
        const bool may_pass = answer.error().fault == Fault::kUnavailable && ++idle <= kPatience;
        if (!may_pass || !base::pause(call_, kPause * idle)) return answer.error();
        asking = true;
        continue;
      }
      if (answer->verdict == Verdict::kConflict) return PutOutcome::kConflict;
      if (answer->reply.status != 308) return finish(*answer);
      const auto now = arrived(answer->reply);
      if (!now || *now > size_) return Error{Fault::kCorrupt, "more has arrived than was sent"};
      idle = *now > done ? 0 : idle + 1;
      if (idle > kPatience) return Error{Fault::kUnavailable, "nothing of the upload arrives"};
      done = *now;
      asking = false;
    }
  }

 private:
  // All from `offset` on; at the end: the question what has arrived.
  base::Result<Answer> send(std::int64_t offset) {
    operation_.range = Range{offset, size_ - offset};
    Task task{.operation = operation_};
    if (offset < size_) task.body = slice(body_, offset, size_ - offset);
    return sender_.send(task, call_);
  }

  base::Result<PutOutcome> finish(const Answer& answer) const {
    const std::int64_t size = parse_gcs_size(answer.reply.body);
    if (size == size_) return PutOutcome::kStored;
    return Error{Fault::kCorrupt, fmt::format("{} of {} bytes were stored", size, size_)};
  }

  const HttpSender& sender_;
  Operation operation_;
  const net::Body& body_;
  const std::int64_t size_;
  const base::Call& call_;
};

}  // namespace

base::Result<PutOutcome> put_resumable(const HttpSender& sender, const Key& key,
                                       const net::Body& body, const PutOptions& options,
                                       const base::Call& call) {
  const auto begun =
      sender.send({.operation = {.op = Op::kBeginParts, .key = key, .put = options}}, call);
  if (!begun) return begun.error();
  if (begun->verdict == Verdict::kConflict) return PutOutcome::kConflict;
  const auto session = session_of(*begun);
  if (!session) return session.error();
  Operation operation{.op = Op::kPutPart, .key = key, .upload = *session};
  auto outcome = Upload(sender, operation, body, call).run();
  if (outcome && *outcome == PutOutcome::kStored) return outcome;
  operation.op = Op::kDropParts;
  (void)sender.send({.operation = operation}, base::Call::within(kDropTime));
  return outcome;
}

}  // namespace gopouch::object
