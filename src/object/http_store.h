// The sender that all stores over HTTP share, and the part of a store that needs nothing else.
//
// It drafts a request (Dialect), has it signed (Authorizer), sends it, and judges the reply. Where
// a reply teaches something (another region, the server's clock), the same operation goes out again
// at once; that is all: what is unavailable is tried again by a decorator, or by nobody.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "object/dialect.h"

namespace gopouch::object {

// One operation with its body. `sink` takes the body of a good reply to a kGet.
struct Task {
  Operation operation;
  std::optional<net::Body> body = std::nullopt;  // of kPut and kPutPart
  std::string sha256 = {};                       // of the body, raw; empty: not known
  net::Sink sink = {};
};

// A reply that is no failure.
struct Answer {
  Verdict verdict = Verdict::kDone;
  net::Reply reply;
  std::shared_ptr<const Dialect> dialect;  // that made sense of it
};

// Safe for concurrent use.
class HttpSender {
 public:
  // Both must outlive the sender. `name` begins its messages: "s3://bucket".
  HttpSender(net::Client& client, Authorizer& authorizer, std::string name)
      : client_(client), authorizer_(authorizer), name_(std::move(name)) {}

  // All at once; `on_answer` is called once for each, in any order, on this thread.
  using OnAnswer = std::function<void(std::size_t index, base::Result<Answer> answer)>;
  void send(std::span<const Task> tasks, const base::Call& call, const OnAnswer& on_answer) const;

  base::Result<Answer> send(const Task& task, const base::Call& call) const;

  // As Authorizer::dialect.
  base::Result<std::shared_ptr<const Dialect>> dialect(const base::Call& call) const {
    return authorizer_.dialect(call);
  }

 private:
  base::Error fault(const Operation& operation, const base::Error& error) const;
  base::Result<Signed> prepare(const Task& task, Draft& draft, const base::Call& call) const;

  net::Client& client_;
  Authorizer& authorizer_;
  const std::string name_;
};

// How bodies go that are larger than this: as Store::put.
struct LargePut {
  std::int64_t above = INT64_MAX;
  bool metadata = false;  // so does every body with metadata
  base::Result<PutOutcome> (*put)(const HttpSender& sender, const Key& key, const net::Body& body,
                                  const PutOptions& options, const base::Call& call) = nullptr;
};

// A Store's methods over a sender; a put that is not large is one request.
class HttpStore : public Store {
 public:
  // `sender` must outlive the store; no call of it comes before the first operation.
  explicit HttpStore(const HttpSender& sender, const LargePut& large = {})
      : sender_(sender), large_(large) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override;
  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override;
  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override;
  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override;
  base::Status remove(std::span<const Key> keys, const base::Call& call) override;

 private:
  base::Status remove_one_by_one(std::span<const Key> keys, const base::Call& call);

  const HttpSender& sender_;
  const LargePut large_;
};

}  // namespace gopouch::object
