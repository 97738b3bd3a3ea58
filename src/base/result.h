// Result<T>: a value, or why there is none.
//
// Three answers stay three types: Result<std::optional<T>> is found, absent or failed. Nothing here
// throws; asking a failed Result for its value is a bug and ends the process.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace gopouch::base {

// What a caller can do about it.
enum class Fault {
  kInvalid,      // the request itself is wrong: tell whoever sent it
  kCorrupt,      // what is stored cannot be believed: treat as absent
  kDenied,       // permission, or a read-only place: try another place
  kFull,         // no room: make some, or try another place
  kUnavailable,  // anything else that may pass: try later, or do without
  kTimeout,      // no answer in the time that was given: as kUnavailable, but waiting was no use
  kStopped,      // the caller no longer wants it
};

struct Error {
  Fault fault = Fault::kUnavailable;
  std::string message;  // one line for a human: what, where, why; no secret, no newline
  std::chrono::milliseconds retry_after{
      0};  // of kUnavailable: the pause that the other side asks for
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// A Result that carries nothing when all went well: `return Done{};`.
struct Done {};
using Status = Result<Done>;

}  // namespace gopouch::base
