#include "object/redis_reply.h"

#include <hiredis/read.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "base/bytes.h"
#include "object/body.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;
using Kind = RedisReply::Kind;

constexpr std::size_t kBuffer = std::size_t{64} << 10U;
constexpr std::size_t kLongestHead = 32;                       // "$<number>\r\n"
constexpr std::int64_t kMostBytes = std::int64_t{512} << 20U;  // of a value: Redis' own limit
constexpr std::int64_t kMostKept = std::int64_t{1} << 20U;     // of them where nobody takes them
constexpr std::size_t kMostOther = std::size_t{8} << 20U;      // of a list with all that it holds
constexpr int kMostItems = 1 << 20;
constexpr std::string_view kEnd = "\r\n";

Error corrupt(std::string_view why) {
  return {Fault::kCorrupt, fmt::format("not what Redis says: {}", why)};
}

// hiredis builds replies through these; the outermost one is the reader's to give away. A list is
// made before its items and grows as they come, whatever it says its size is: so what a reply takes
// is a matter of what has arrived. It may grow, for nobody points to an item that is whole.

void* place(const redisReadTask* task, RedisReply reply) noexcept try {
  if (task->parent == nullptr) return new RedisReply(std::move(reply));
  auto* const list = static_cast<RedisReply*>(task->parent->obj);
  return &list->items.emplace_back(std::move(reply));
} catch (...) {
  return nullptr;  // no memory, as hiredis takes it
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) noexcept try {
  const Kind kind = task->type == REDIS_REPLY_STATUS  ? Kind::kStatus
                    : task->type == REDIS_REPLY_ERROR ? Kind::kError
                                                      : Kind::kBytes;
  return place(task, {.kind = kind, .number = 0, .text = std::string(text, size)});
} catch (...) {
  return nullptr;
}

void* make_list(const redisReadTask* task, int size) noexcept try {
  if (size < 0 || size > kMostItems) return nullptr;
  return place(task, {.kind = Kind::kList});
} catch (...) {
  return nullptr;
}

void* make_number(const redisReadTask* task, long long number) noexcept {
  return place(task, {.kind = Kind::kNumber, .number = number, .text = {}});
}

void* make_nil(const redisReadTask* task) noexcept { return place(task, {}); }

void drop(void* reply) noexcept { delete static_cast<RedisReply*>(reply); }

redisReplyObjectFunctions functions{make_text, make_list, make_number, make_nil, drop};

// One bounded line: a server may put anything into an error.
std::string presentable(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  // Redis repeats the words of a command that it does not know.
  text = text.substr(0, text.find(", with args"));
  std::string out(text.substr(0, kLongest));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 32 || c == 127; }, '?');
  return out;
}

}  // namespace

RedisReader::RedisReader()
    : buffer_(kBuffer), other_(redisReaderCreateWithFunctions(&functions), redisReaderFree) {}

std::span<char> RedisReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    // What is left is the beginning of a line: next() takes in all else.
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  return std::span(buffer_).subspan(end_);
}

base::Result<std::optional<RedisReply>> RedisReader::next(RedisTaker* taker) {
  if (!inside_list_ && bytes_left_ < 0) {
    if (begin_ == end_) return std::optional<RedisReply>();
    if (buffer_[begin_] != '$') return next_other();
    const auto begun = begin_bytes(taker);
    if (!begun) return begun.error();
    if (!*begun) return std::optional<RedisReply>();
  }
  return inside_list_ ? next_other() : next_bytes(taker);
}

// "$<size>\r\n"; false: it is not all there.
base::Result<bool> RedisReader::begin_bytes(RedisTaker* taker) {
  const std::string_view text(buffer_.data() + begin_, std::min(end_ - begin_, kLongestHead));
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) {
    if (text.size() == kLongestHead) return corrupt("a size without an end");
    return false;
  }
  std::int64_t size = 0;
  const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + end, size);
  if (error != std::errc() || stop != text.data() + end || size < -1 || size > kMostBytes) {
    return corrupt("a size that is none");
  }
  if (taker == nullptr && size > kMostKept) return corrupt("a longer value than there can be");
  begin_ += end + kEnd.size();
  reply_ = {};
  bytes_left_ = 0;  // nil
  if (size < 0) return true;
  reply_.kind = Kind::kBytes;
  bytes_left_ = size + std::ssize(kEnd);
  wish_ = taker != nullptr ? taker->begin(size) : RedisTaker::Wish::kKeep;
  return true;
}

base::Result<std::optional<RedisReply>> RedisReader::next_bytes(RedisTaker* taker) {
  while (bytes_left_ > 0 && begin_ < end_) {
    const char* const data = buffer_.data() + begin_;
    const std::int64_t body = bytes_left_ - std::ssize(kEnd);
    if (body <= 0) {
      if (*data != kEnd[kEnd.size() - static_cast<std::size_t>(bytes_left_)]) {
        return corrupt("bytes without an end");
      }
      ++begin_;
      --bytes_left_;
      continue;
    }
    const std::size_t size = std::min(end_ - begin_, static_cast<std::size_t>(body));
    if (wish_ == RedisTaker::Wish::kKeep) {
      reply_.text.append(data, size);
    } else if (wish_ == RedisTaker::Wish::kTake && !taker->write(base::bytes_of({data, size}))) {
      wish_ = RedisTaker::Wish::kDrop;
    }
    begin_ += size;
    bytes_left_ -= static_cast<std::int64_t>(size);
  }
  if (bytes_left_ > 0) return std::optional<RedisReply>();
  bytes_left_ = -1;
  return std::optional(std::exchange(reply_, {}));
}

// hiredis does not say where a reply ended, so it gets no more than a line at a time: no reply ends
// within one.
base::Result<std::optional<RedisReply>> RedisReader::next_other() {
  inside_list_ = true;
  while (begin_ < end_) {
    const char* const data = buffer_.data() + begin_;
    const void* const line = std::memchr(data, '\n', end_ - begin_);
    const std::size_t size =
        line == nullptr ? end_ - begin_
                        : static_cast<std::size_t>(static_cast<const char*>(line) - data) + 1;
    fed_ += size;
    begin_ += size;
    void* made = nullptr;
    if (fed_ > kMostOther || redisReaderFeed(other_.get(), data, size) != REDIS_OK ||
        redisReaderGetReply(other_.get(), &made) != REDIS_OK) {
      return corrupt("no reply begins like this");
    }
    if (made == nullptr) continue;
    const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(made));
    // hiredis passes over two bytes behind a text in a list, whichever they are.
    if (data[size - 1] != '\n' || other_->pos != other_->len)
      return corrupt("bytes without an end");
    inside_list_ = false;
    fed_ = 0;
    return std::optional(std::move(*reply));
  }
  return std::optional<RedisReply>();
}

std::string redis_command(std::span<const std::string_view> words, std::size_t more) {
  return fmt::format("*{}\r\n{}", words.size() + more, redis_words(words));
}

std::string redis_words(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    fmt::format_to(std::back_inserter(text), "${}\r\n", word.size());
    text += word;
    text += kEnd;
  }
  return text;
}

std::string redis_command(std::initializer_list<std::string_view> words, std::size_t more) {
  return redis_command(std::span(words.begin(), words.size()), more);
}

std::string redis_word_head(std::int64_t size) { return fmt::format("${}\r\n", size); }

std::string_view redis_code(const RedisReply& error) {
  return std::string_view(error.text).substr(0, error.text.find(' '));
}

Error redis_error(const RedisReply& error) {
  struct Row {
    std::string_view code;
    Fault fault;
  };
  constexpr std::array kRows{
      Row{"NOAUTH", Fault::kDenied},          Row{"WRONGPASS", Fault::kDenied},
      Row{"NOPERM", Fault::kDenied},          Row{"DENIED", Fault::kDenied},
      Row{"READONLY", Fault::kDenied},        Row{"LOADING", Fault::kUnavailable},
      Row{"BUSY", Fault::kUnavailable},       Row{"OOM", Fault::kUnavailable},
      Row{"MISCONF", Fault::kUnavailable},    Row{"MASTERDOWN", Fault::kUnavailable},
      Row{"TRYAGAIN", Fault::kUnavailable},   Row{"CLUSTERDOWN", Fault::kUnavailable},
      Row{"MOVED", Fault::kUnavailable},      Row{"ASK", Fault::kUnavailable},
      Row{"NOREPLICAS", Fault::kUnavailable}, Row{"WRONGTYPE", Fault::kCorrupt},
  };
  // What has no code of its own.
  constexpr std::array kTexts{
      Row{"ERR max number of clients", Fault::kUnavailable},
      Row{"ERR invalid password", Fault::kDenied},
      Row{"ERR Client sent AUTH", Fault::kDenied},
      Row{"ERR AUTH", Fault::kDenied},
      Row{"ERR operation not permitted", Fault::kDenied},
  };
  Fault fault = Fault::kInvalid;
  const std::string_view code = redis_code(error);
  for (const Row& row : kRows) {
    if (row.code == code) fault = row.fault;
  }
  for (const Row& row : kTexts) {
    if (error.text.starts_with(row.code)) fault = row.fault;
  }
  return {fault, presentable(error.text)};
}

}  // namespace gopouch::object
