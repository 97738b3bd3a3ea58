// Begin, send parts a few at a time, join; or drop. Rules: s3_parts.h.
#include "object/s3_parts.h"

#include <algorithm>

#include "object/body.h"
#include "object/xml.h"

namespace gopouch::object {

namespace {

constexpr std::size_t kAtOnce = 4;
// For dropping what was sent, also when the call is over: left alone it would cost its owner money.
constexpr std::chrono::milliseconds kDropTime{500};

// Sends parts first…first + tasks - 1 and takes down their ETags.
base::Status send_parts(const HttpSender& sender, std::span<const Task> tasks,
                        std::vector<std::string>& etags, const base::Call& call) {
  base::Status result = base::Done{};
  const std::size_t first = etags.size();
  etags.resize(first + tasks.size());
  sender.send(tasks, call, [&](std::size_t index, const base::Result<Answer>& answer) {
    if (!answer) {
      if (result) result = answer.error();
      return;
    }
    etags[first + index] = net::find_header(answer->reply.headers, "ETag");
  });
  return result;
}

base::Status send_all(const HttpSender& sender, Operation operation, const net::Body& body,
                      std::vector<std::string>& etags, const base::Call& call) {
  const std::int64_t size = size_of(body);
  for (std::int64_t offset = 0; offset < size;) {
    std::vector<Task> tasks;
    for (; tasks.size() < kAtOnce && offset < size; offset += kPartSize) {
      ++operation.part;
      tasks.push_back({.operation = operation,
                       .body = slice(body, offset, std::min(kPartSize, size - offset))});
    }
    if (auto sent = send_parts(sender, tasks, etags, call); !sent) return sent;
  }
  return base::Done{};
}

}  // namespace

base::Result<PutOutcome> put_in_parts(const HttpSender& sender, const Key& key,
                                      const net::Body& body, const PutOptions& options,
                                      const base::Call& call) {
  const auto begun =
      sender.send({.operation = {.op = Op::kBeginParts, .key = key, .put = options}}, call);
  if (!begun) return begun.error();
  const auto upload = parse_upload_id(begun->reply.body);
  if (!upload) return upload.error();

  Operation operation{.op = Op::kPutPart, .key = key, .upload = *upload};
  const auto drop = [&] {
    operation.op = Op::kDropParts;
    (void)sender.send({.operation = operation}, base::Call::within(kDropTime));
  };
  std::vector<std::string> etags;
  if (const auto sent = send_all(sender, operation, body, etags, call); !sent) {
    drop();
    return sent.error();
  }
  operation.op = Op::kJoinParts;
  operation.put = options;
  operation.etags = etags;
  const auto joined = sender.send({.operation = operation}, call);
  if (joined && joined->verdict == Verdict::kDone) return PutOutcome::kStored;
  drop();
  if (!joined) return joined.error();
  return PutOutcome::kConflict;
}

}  // namespace gopouch::object
