// RESP, the protocol of Redis: commands as bytes, replies out of bytes. RESP2, as in "Redis
// serialization protocol specification".
//
// hiredis' reader understands the replies; but bytes (a value, "$…") are taken apart here as they
// arrive, so that a value of 8 MiB needs no 8 MiB of memory. Knows nothing of sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;

namespace gopouch::object {

struct RedisReply {
  enum class Kind { kNil, kStatus, kError, kNumber, kBytes, kList };
  Kind kind = Kind::kNil;
  std::int64_t number = 0;
  std::string text = {};  // of a status, an error and bytes that no taker wanted
  std::vector<RedisReply> items = {};

  bool is_nil() const { return kind == Kind::kNil; }
  bool is_error() const { return kind == Kind::kError; }
};

// Takes a reply's bytes in place of RedisReply::text.
class RedisTaker {
 public:
  enum class Wish { kTake, kKeep, kDrop };  // into write(), into RedisReply::text, nowhere
  virtual ~RedisTaker() = default;
  // Before the first byte, where the reply is bytes.
  virtual Wish begin(std::int64_t size) = 0;
  // False: the rest goes nowhere.
  virtual bool write(std::span<const std::uint8_t> bytes) = 0;
};

// One connection's replies, in order. Not for two threads at once.
class RedisReader {
 public:
  RedisReader();

  // Where the next bytes from the wire go, never empty; then how many they were.
  std::span<char> space();
  void wrote(std::size_t size) { end_ += size; }

  // The next reply, when it has arrived; nullopt: more bytes are needed. `taker` is this reply's,
  // in each call until it is there; null: all is kept, up to 1 MiB. kCorrupt: this is no RESP, or a
  // reply beyond all bounds; the reader is of no use any more.
  base::Result<std::optional<RedisReply>> next(RedisTaker* taker);

  // Within a reply: some of it has arrived.
  bool inside() const { return inside_list_ || bytes_left_ >= 0 || begin_ < end_; }
  // Bytes of this reply that nobody wants and that are still to come.
  std::int64_t unwanted() const {
    return bytes_left_ > 0 && wish_ == RedisTaker::Wish::kDrop ? bytes_left_ : 0;
  }

 private:
  base::Result<bool> begin_bytes(RedisTaker* taker);
  base::Result<std::optional<RedisReply>> next_bytes(RedisTaker* taker);
  base::Result<std::optional<RedisReply>> next_other();

  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // what is not looked at yet
  std::int64_t bytes_left_ = -1;     // of "$…", with the CRLF at its end; -1: in no such reply
  RedisTaker::Wish wish_ = RedisTaker::Wish::kKeep;
  RedisReply reply_;  // of "$…": what there is of it
  bool inside_list_ = false;
  std::size_t fed_ = 0;  // bytes of this reply that hiredis has
  std::unique_ptr<redisReader, void (*)(redisReader*)> other_;
};

// A command as it goes over the wire. What follows `words` in the same command, `more` of them, is
// the caller's to append.
std::string redis_command(std::span<const std::string_view> words, std::size_t more = 0);
std::string redis_command(std::initializer_list<std::string_view> words, std::size_t more = 0);
// More of its words.
std::string redis_words(std::span<const std::string_view> words);
// The head of one more, whose `size` bytes and CRLF the caller appends.
std::string redis_word_head(std::int64_t size);

// The first word of an error: "NOAUTH", "MOVED", "ERR".
std::string_view redis_code(const RedisReply& error);

// What an error means to a caller. The message is one bounded line; it shows no word of the command
// that the server may have repeated.
base::Error redis_error(const RedisReply& error);

}  // namespace gopouch::object
