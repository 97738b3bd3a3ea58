// The S3 store: client, access and sender under one roof; large bodies go in parts.
#include "object/body.h"
#include "object/http_store.h"
#include "object/s3.h"
#include "object/s3_parts.h"

namespace gopouch::object {

namespace {

class Bucket final : public S3Store {
 public:
  Bucket(S3Settings settings, S3AccessOptions access, const net::Options& net)
      : client_(net),
        sender_(client_, access_, "s3://" + settings.place.bucket),
        access_(std::move(settings), std::move(access), client_) {}

  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    store_.get(gets, call, on_reply);
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    return size_of(body) > kLargestPut ? put_in_parts(sender_, key, body, options, call)
                                       : store_.put(key, body, options, call);
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    return store_.head(key, call);
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    return store_.list(prefix, call, on_page);
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    return store_.remove(keys, call);
  }

  base::Result<std::string> who(const base::Call& call) override { return access_.who(call); }
  std::optional<std::chrono::milliseconds> clock_offset() const override {
    return access_.clock_offset();
  }

 private:
  net::Client client_;
  HttpSender sender_;
  S3Access access_;
  HttpStore store_{sender_};
};

}  // namespace

std::unique_ptr<S3Store> make_s3_store(S3Settings settings, S3AccessOptions access,
                                       const net::Options& net) {
  return std::make_unique<Bucket>(std::move(settings), std::move(access), net);
}

}  // namespace gopouch::object
