// A chain in surroundings of the test's own: variables, a home folder, a clock, loopback servers.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "auth/auth.h"
#include "auth/reply.h"
#include "auth/source.h"
#include "test/support/http_server.h"
#include "test/support/temp_dir.h"

namespace gopouch::auth {

// What the test sets while a server's threads read it.
template <typename T>
class Settable {
 public:
  Settable(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Settable& operator=(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    return *this;
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

class AuthTest : public testing::Test {
 protected:
  using Server = test::HttpServer;
  using Reply = test::HttpReply;
  using Asked = test::HttpRequest;

  AuthTest() {
    env_["HOME"] = home_.path().string();
    env_["AWS_EC2_METADATA_DISABLED"] = "true";  // tests of it take that back
  }

  AwsOptions options() {
    AwsOptions options;
    options.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto at = env_.find(std::string(name));
      return at == env_.end() ? std::nullopt : std::optional(at->second);
    };
    options.now = [this] { return Time(std::chrono::milliseconds(now_.load())); };
    options.imds_endpoint = imds_;
    options.sts_endpoint = sts_;
    options.sso_endpoint = sso_;
    return options;
  }

  void config(const std::string& text) { test::write(home_ / ".aws/config", text); }
  void credentials(const std::string& text) { test::write(home_ / ".aws/credentials", text); }

  static base::Call soon() { return base::Call::within(std::chrono::seconds(10)); }

  // What a fresh chain finds.
  Found find(const base::Call& call = soon()) {
    AwsChain chain(options(), client_);
    return chain.get(call);
  }
  AwsCredentials found() {
    auto answer = find();
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    if (!answer.ok() || !answer->has_value()) {
      ADD_FAILURE() << "no credentials";
      return {};
    }
    return **answer;
  }
  // "id/secret/token"
  static std::string keys_of(const AwsCredentials& credentials) {
    return credentials.access_key_id + "/" + credentials.secret_access_key.reveal() + "/" +
           credentials.session_token.reveal();
  }
  std::string found_keys() { return keys_of(found()); }
  // The error, which must say `part`.
  base::Error refused(std::string_view part) {
    const auto answer = find();
    if (answer.ok()) {
      ADD_FAILURE() << "no error, but "
                    << (answer->has_value() ? (*answer)->source : "no credentials");
      return {};
    }
    EXPECT_NE(answer.error().message.find(part), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().message.find('\n'), std::string::npos) << answer.error().message;
    return answer.error();
  }

  Time now() const { return Time(std::chrono::milliseconds(now_.load())); }
  void later(std::chrono::seconds time) { now_ += std::chrono::milliseconds(time).count(); }
  std::string in(std::chrono::seconds time) const { return format_time(now() + time); }

  // STS's answer to `action`.
  static std::string sts_answer(const std::string& action, const std::string& id,
                                const std::string& expires) {
    return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
           action + "Result><Credentials><AccessKeyId>" + id +
           "</AccessKeyId><SecretAccessKey>s+/&amp;</SecretAccessKey><SessionToken>t==" +
           "</SessionToken><Expiration>" + expires + "</Expiration></Credentials></" + action +
           "Result></" + action + "Response>";
  }

  test::TempDir home_;
  std::map<std::string, std::string> env_;
  std::atomic<std::int64_t> now_{1767225600000};  // 2026-01-01
  std::string imds_ = "http://127.0.0.1:1", sts_ = "http://127.0.0.1:1",
              sso_ = "http://127.0.0.1:1";  // where nobody listens
  net::Client client_;
};

}  // namespace gopouch::auth
