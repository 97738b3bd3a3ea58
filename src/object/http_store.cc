// Draft, sign, send, judge; and a Store's methods as operations. Rules: http_store.h.
#include "object/http_store.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/bytes.h"
#include "object/body.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

// An operation goes out this many times at most, each time having learnt something else.
constexpr int kRounds = 4;

// Takes one object's bytes, for the caller's sink or for Object::bytes.
class Receiver {
 public:
  explicit Receiver(const Get& get) : get_(get) {
    // More than was asked for is no answer, however it calls itself.
    if (get.range) limit_ = get.range->size;
    if (get.sink == nullptr) limit_ = std::min(limit_, static_cast<std::int64_t>(get.limit));
  }

  bool take(std::span<const std::uint8_t> piece) {
    begin();
    size_ += std::ssize(piece);
    if (size_ > limit_) return false;
    if (get_.sink != nullptr) return get_.sink->write(piece);
    bytes_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  }

  base::Result<std::optional<Object>> finish(base::Result<Answer> answer) {
    if (size_ > limit_) {
      return Error{Fault::kCorrupt, fmt::format("{}: more than {} bytes", get_.key, limit_)};
    }
    if (!answer) return answer.error();
    if (answer->verdict != Verdict::kDone) return std::optional<Object>();
    begin();
    return std::optional(Object{
        .bytes = std::move(bytes_),
        .version = answer->dialect->version_of(answer->reply),
        .metadata = get_.metadata ? answer->dialect->metadata_of(answer->reply) : Metadata()});
  }

 private:
  void begin() {
    if (get_.sink != nullptr && !begun_) get_.sink->begin();
    begun_ = true;
  }

  const Get& get_;
  std::int64_t limit_ = INT64_MAX, size_ = 0;
  bool begun_ = false;
  std::string bytes_;
};

}  // namespace

Error HttpSender::fault(const Operation& operation, const Error& error) const {
  Error named = error;
  named.message = fmt::format("{}: {}: {}", name_, name_of(operation.op), error.message);
  return named;
}

base::Result<Signed> HttpSender::prepare(const Task& task, Draft& draft,
                                         const base::Call& call) const {
  net::Request& request = draft.request;
  request.body = task.body;
  if (!draft.text.empty()) {
    request.body = net::Body{.bytes = base::bytes_of(draft.text)};
  }
  request.sink = task.sink;
  return authorizer_.sign(request, task.sha256, call);
}

void HttpSender::send(std::span<const Task> tasks, const base::Call& call,
                      const OnAnswer& on_answer) const {
  std::vector<std::size_t> open(tasks.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (int round = 1; !open.empty(); ++round) {
    const auto dialect = authorizer_.dialect(call);
    if (!dialect) {
      for (const std::size_t index : open) {
        on_answer(index, fault(tasks[index].operation, dialect.error()));
      }
      return;
    }
    std::vector<Draft> drafts;  // never moves: requests point into its texts
    drafts.reserve(open.size());
    std::vector<net::Request> requests;
    std::vector<Signed> signed_how;
    std::vector<std::size_t> sent;
    for (const std::size_t index : open) {
      const Operation& operation = tasks[index].operation;
      Draft& draft = drafts.emplace_back((*dialect)->request_for(operation));
      const auto how = prepare(tasks[index], draft, call);
      if (!how) {
        on_answer(index, fault(operation, how.error()));
        continue;
      }
      requests.push_back(std::move(draft.request));
      signed_how.push_back(*how);
      sent.push_back(index);
    }

    open.clear();
    client_.send(requests, call, [&](std::size_t nth, base::Result<net::Reply> reply) {
      const std::size_t index = sent[nth];
      const Operation& operation = tasks[index].operation;
      if (!reply) {  // its text begins with method and address
        return on_answer(
            index, Error{reply.error().fault, fmt::format("{}: {}", name_, reply.error().message)});
      }
      authorizer_.note(*reply);
      Judgement judgement = (*dialect)->judge(operation, *reply);
      if (judgement.verdict != Verdict::kFailed) {
        return on_answer(index, Answer{judgement.verdict, *std::move(reply), *dialect});
      }
      const bool mended =
          judgement.remedy != Remedy::kNone && authorizer_.mend(judgement, *reply, signed_how[nth]);
      if (mended && round < kRounds) {
        open.push_back(index);
        return;
      }
      if (judgement.error.fault == Fault::kDenied && signed_how[nth].anonymous) {
        judgement.error.message += " (no credentials were found, so the request was not signed)";
      }
      on_answer(index, std::move(judgement.error));
    });
  }
}

base::Result<Answer> HttpSender::send(const Task& task, const base::Call& call) const {
  base::Result<Answer> result = Error{};
  send(std::span(&task, 1), call,
       [&](std::size_t, base::Result<Answer> answer) { result = std::move(answer); });
  return result;
}

void HttpStore::get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) {
  std::vector<Receiver> receivers;
  receivers.reserve(gets.size());  // never moves: sinks point into it
  std::vector<Task> tasks;
  tasks.reserve(gets.size());
  for (const Get& get : gets) {
    Receiver& receiver = receivers.emplace_back(get);
    tasks.push_back({.operation = {.op = Op::kGet,
                                   .key = get.key,
                                   .range = get.range,
                                   .metadata = get.metadata},
                     .sink = [&receiver](auto piece) { return receiver.take(piece); }});
  }
  sender_.send(tasks, call, [&](std::size_t index, base::Result<Answer> answer) {
    on_reply(index, receivers[index].finish(std::move(answer)));
  });
}

base::Result<PutOutcome> HttpStore::put(const Key& key, const net::Body& body,
                                        const PutOptions& options, const base::Call& call) {
  const bool large = size_of(body) > large_.above || (large_.metadata && !options.metadata.empty());
  if (large) return large_.put(sender_, key, body, options, call);
  const auto answer = sender_.send({.operation = {.op = Op::kPut, .key = key, .put = options},
                                    .body = body,
                                    .sha256 = options.sha256},
                                   call);
  if (!answer) return answer.error();
  return answer->verdict == Verdict::kConflict ? PutOutcome::kConflict : PutOutcome::kStored;
}

base::Result<std::optional<Info>> HttpStore::head(const Key& key, const base::Call& call) {
  const auto answer = sender_.send({.operation = {.op = Op::kHead, .key = key}}, call);
  if (!answer) return answer.error();
  if (answer->verdict != Verdict::kDone) return std::optional<Info>();
  auto info = answer->dialect->read_info({.op = Op::kHead, .key = key}, answer->reply);
  if (!info) return info.error();
  return std::optional(*std::move(info));
}

base::Status HttpStore::list(const std::string& prefix, const base::Call& call,
                             const OnPage& on_page) {
  Operation operation{.op = Op::kList, .key = prefix};
  for (;;) {
    const auto answer = sender_.send({.operation = operation}, call);
    if (!answer) return answer.error();
    const bool there = answer->verdict == Verdict::kDone;
    auto page = answer->dialect->read_page(operation, there ? answer->reply.body : std::string());
    if (!page) return page.error();
    if (!on_page(page->objects) || page->next.empty()) return base::Done{};
    if (page->next == operation.page) {
      return Error{Fault::kCorrupt, "a listing that goes round in circles"};
    }
    operation.page = std::move(page->next);
  }
}

base::Status HttpStore::remove(std::span<const Key> keys, const base::Call& call) {
  while (!keys.empty()) {
    const auto dialect = sender_.dialect(call);
    if (!dialect) return dialect.error();
    const std::size_t most = (*dialect)->removal_size();
    if (most == 0) return remove_one_by_one(keys, call);
    const auto batch = keys.first(std::min(most, keys.size()));
    const auto answer = sender_.send({.operation = {.op = Op::kRemoveAll, .keys = batch}}, call);
    if (!answer) {
      const auto now = sender_.dialect(call);
      if (now && (*now)->removal_size() == 0) continue;  // that much was learnt
      return answer.error();
    }
    keys = keys.subspan(batch.size());
  }
  return base::Done{};
}

base::Status HttpStore::remove_one_by_one(std::span<const Key> keys, const base::Call& call) {
  constexpr std::size_t kAtOnce = 1000;
  base::Status result = base::Done{};
  while (!keys.empty() && result) {
    const auto batch = keys.first(std::min(kAtOnce, keys.size()));
    std::vector<Task> tasks;
    tasks.reserve(batch.size());
    for (const Key& key : batch) tasks.push_back({.operation = {.op = Op::kRemove, .key = key}});
    sender_.send(tasks, call, [&](std::size_t, const base::Result<Answer>& answer) {
      if (!answer && result) result = answer.error();
    });
    keys = keys.subspan(batch.size());
  }
  return result;
}

}  // namespace gopouch::object
