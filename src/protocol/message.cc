// The stream's state machine, and the answers as text. What is inside an object is object.cc's.
#include "protocol/message.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

#include "base/base64.h"
#include "protocol/object.h"

namespace gopouch::protocol {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

RequestReader::RequestReader()
    : buffer_(std::make_unique_for_overwrite<std::array<char, kBufferSize>>()) {}

std::span<char> RequestReader::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == kBufferSize || begin_ > kBufferSize / 2) {
    std::memmove(buffer_->data(), buffer_->data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_->data() + end_, kBufferSize - end_};
}

RequestReader::Event RequestReader::next() {
  switch (state_) {
    case State::kObject:
      return next_object();
    case State::kBodyBegin:
      return begin_body();
    case State::kBody:
      return next_body();
    case State::kBroken:
      break;
  }
  return Event::kBroken;
}

bool RequestReader::skip_space() {
  while (begin_ < end_ && is_space((*buffer_)[begin_])) ++begin_;
  return begin_ < end_;
}

RequestReader::Event RequestReader::broken(std::string_view why) {
  state_ = State::kBroken;
  problem_ = why;
  return Event::kBroken;
}

RequestReader::Event RequestReader::next_object() {
  if (!skip_space()) return Event::kNeedMore;
  if ((*buffer_)[begin_] == '"') {  // a body that nobody announced: as one whose request was wrong
    state_ = State::kBodyBegin;
    return begin_body();
  }
  const std::string_view text(buffer_->data() + begin_, std::min(end_ - begin_, kMaxObject));
  const Parsed parsed = parse_request(text, request_);
  switch (parsed.state) {
    case Parsed::State::kBad:
      return broken("a request is no JSON object with an integer ID");
    case Parsed::State::kMore:
      if (text.size() < kMaxObject) return Event::kNeedMore;
      return broken("a request is longer than 64 KiB");
    case Parsed::State::kOk:
      break;
  }
  begin_ += parsed.size;
  if (request_.command == Command::kPut && request_.body_size > 0) state_ = State::kBodyBegin;
  return Event::kRequest;
}

RequestReader::Event RequestReader::begin_body() {
  if (!skip_space()) return Event::kNeedMore;
  body_padded_ = false;
  body_problem_ = {};
  if ((*buffer_)[begin_] != '"') return end_body("the body is missing");
  ++begin_;
  state_ = State::kBody;
  return next_body();
}

// A piece is decoded in place, over its own text. Groups of four that are cut by the end of what
// was read wait for the rest.
RequestReader::Event RequestReader::next_body() {
  char* const text = buffer_->data() + begin_;
  const std::size_t available = end_ - begin_;
  const auto* quote = static_cast<const char*>(std::memchr(text, '"', available));
  const std::size_t whole =
      quote != nullptr ? static_cast<std::size_t>(quote - text) : available / 4 * 4;
  if (whole == 0) {
    if (quote == nullptr) return Event::kNeedMore;
    ++begin_;
    return end_body(body_problem_);
  }
  begin_ += whole;
  auto* const bytes = reinterpret_cast<std::uint8_t*>(text);
  const auto size = body_padded_ ? std::nullopt : base::decode_base64({text, whole}, bytes);
  if (!size) body_problem_ = "the body is no base64";
  if (!body_problem_.empty()) return next_body();  // to the closing quote
  body_padded_ = *size % 3 != 0;
  body_ = {bytes, *size};
  return Event::kBody;
}

RequestReader::Event RequestReader::end_body(std::string_view problem) {
  state_ = State::kObject;
  body_problem_ = problem;
  return Event::kBodyEnd;
}

// --- answers
// ---------------------------------------------------------------------------------------------

namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_id(std::string& out, std::int64_t id) {
  out += "{\"ID\":";
  out += fmt::format_int(id).c_str();
}

// RFC 3339 with all nine digits of nanoseconds, in UTC.
void append_time(std::string& out, store::Time time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm utc{};
  ::gmtime_r(&whole, &utc);
  fmt::format_to(std::back_inserter(out), "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z\"",
                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                 utc.tm_sec, (since - seconds).count());
}

}  // namespace

void append_hello(std::string& out) {
  append_id(out, 0);
  out += R"(,"KnownCommands":["get","put","close"]})";
  out += '\n';
}

void append_hit(std::string& out, std::int64_t id, const store::Hit& hit) {
  append_id(out, id);
  out += R"(,"OutputID":")";
  base::append_base64(out, hit.entry.output.hash);
  out += R"(","Size":)";
  out += fmt::format_int(hit.entry.size).c_str();
  out += ",\"Time\":";
  append_time(out, hit.entry.put_time);
  out += ",\"DiskPath\":";
  append_string(out, hit.path);
  out += "}\n";
}

void append_miss(std::string& out, std::int64_t id) {
  append_id(out, id);
  out += ",\"Miss\":true}\n";
}

void append_stored(std::string& out, std::int64_t id, std::string_view path) {
  append_id(out, id);
  out += ",\"DiskPath\":";
  append_string(out, path);
  out += "}\n";
}

void append_done(std::string& out, std::int64_t id) {
  append_id(out, id);
  out += "}\n";
}

void append_error(std::string& out, std::int64_t id, std::string_view text) {
  append_id(out, id);
  out += ",\"Err\":";
  append_string(out, text);
  out += "}\n";
}

}  // namespace gopouch::protocol
