#include "http/exchange.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "http/text.h"

namespace gopouch::http {

namespace {

constexpr std::size_t kHead = 4096;  // most heads fit
constexpr std::string_view kConnected = "HTTP/1.1 200 Connection established\r\n\r\n";

}  // namespace

std::string_view reason(int status) {
  const auto text = beast::http::obsolete_reason(static_cast<beast::http::status>(status));
  return {text.data(), text.size()};
}

// One step of the parser, with as many bytes as it takes. `at_once` is what is read at most.
Task<void> Exchange::Rep::parse(std::size_t at_once, Code& code) {
  while (true) {
    if (buffer.size() > 0) {
      code = {};
      buffer.consume(parser.put(buffer.data(), code));
      if (code != beast::http::error::need_more) co_return;
    }
    const std::size_t space = std::min(at_once, buffer.max_size() - buffer.size());
    if (space == 0) {
      code = beast::http::error::buffer_overflow;
      co_return;
    }
    const auto into = buffer.prepare(space);
    code = {};
    const std::size_t got =
        co_await stream.read({static_cast<char*>(into.data()), into.size()}, code);
    if (code == asio::error::eof) {
      code = beast::http::error::end_of_stream;
      if (parser.got_some()) parser.put_eof(code);
    }
    if (code) co_return;
    buffer.commit(got);
  }
}

// A connection may be idle for long; a request that has begun may not.
Task<Code> Exchange::Rep::read_head() {
  Code code;
  parser.header_limit(options.header_limit);
  parser.body_limit(boost::none);
  if (buffer.size() == 0) {
    if (buffer.capacity() > kHead) buffer.shrink_to_fit();
    stream.expires_after(options.idle_time);
    const auto into = buffer.prepare(kHead);
    const std::size_t got =
        co_await stream.read({static_cast<char*>(into.data()), into.size()}, code);
    if (code) co_return code;
    buffer.commit(got);
  }
  stream.expires_after(options.header_time);
  while (!code && !parser.is_header_done()) co_await parse(kHead, code);
  if (!code) take_head();
  co_return code;
}

void Exchange::Rep::take_head() {
  auto& message = parser.get();
  keep = message.keep_alive();
  expects = base::lower(std::string(message[beast::http::field::expect])) == "100-continue";
  request.method = std::string(message.method_string());
  is_head = request.method == "HEAD";
  const std::string_view target(message.target().data(), message.target().size());
  take_target(target, request);
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  if (const auto length = parser.content_length()) {
    request.length = static_cast<std::int64_t>(*length);
  } else if (parser.is_done()) {
    request.length = 0;
  }
}

Task<bool> Exchange::Rep::take(std::span<char> space, std::size_t& got) {
  Code code;
  stream.expires_after(options.piece_time);
  if (expects) {
    expects = false;
    co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n", code);
    if (code) co_return false;
  }
  got = 0;
  while (got == 0 && !parser.is_done()) {
    auto& piece = parser.get().body();
    piece.data = space.data();
    piece.size = space.size();
    piece.more = true;
    co_await parse(kPiece, code);
    got = space.size() - piece.size;
    if (code && code != beast::http::error::need_buffer) co_return false;
  }
  co_return true;
}

Task<bool> Exchange::Rep::put(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    Code code;
    stream.expires_after(options.piece_time);
    co_await stream.write(piece, code);
    if (code) co_return false;
    text.remove_prefix(piece.size());
  }
  co_return true;
}

void Exchange::Rep::answer(int code, std::string_view text) {
  state = State::kWhole;
  head = {code, {kPlainText}};
  body = text;
}

std::string Exchange::Rep::head_text(std::optional<std::int64_t> length) const {
  return http::head_text(head, length, keep, std::time(nullptr));
}

Task<bool> Exchange::Rep::finish() {
  switch (state) {
    case State::kNone:
      answer(500, "no answer\n");
      [[fallthrough]];
    case State::kWhole: {
      std::string text = head_text(std::ssize(body));
      if (!is_head) {
        text += body;
        sent = std::ssize(body);
      }
      co_return co_await put(text);
    }
    case State::kFile:
      co_return co_await put_file();
    case State::kPieces:
      if (failed || (size && sent < *size && !is_head)) co_return false;
      if (!size && !is_head) co_return co_await put("0\r\n\r\n");
      co_return true;
    case State::kSecure:
      // Nothing may have come before the client heard that it may begin.
      if (buffer.size() > 0 || !co_await put(kConnected)) co_return false;
      stream.expires_after(options.header_time);
      co_return co_await stream.shake_hands(greeting);
    case State::kTaken:
      co_return true;
  }
  co_return false;
}

Task<bool> Exchange::Rep::put_file() {
  if (!co_await put(head_text(*size)) || is_head) co_return is_head;
  std::string piece(kPiece, '\0');
  while (sent < *size) {
    const auto wanted = std::min<std::int64_t>(std::ssize(piece), *size - sent);
    const ssize_t got =
        ::pread(file.get(), piece.data(), static_cast<std::size_t>(wanted), offset + sent);
    if (got <= 0) co_return false;
    const std::string_view part(piece.data(), static_cast<std::size_t>(got));
    if (!co_await put(part)) co_return false;
    sent += got;
  }
  co_return true;
}

const Request& Exchange::request() const { return rep_.request; }

base::Result<std::size_t> Exchange::read(std::span<char> space) {
  if (rep_.parser.is_done() || space.empty()) return std::size_t{0};
  std::size_t got = 0;
  if (rep_.on_loop([&] { return rep_.take(space, got); })) return got;
  rep_.keep = false;
  return base::Error{base::Fault::kUnavailable, "the client went, or was too slow"};
}

void Exchange::send(Head head, std::string body) {
  rep_.state = Rep::State::kWhole;
  rep_.head = std::move(head);
  rep_.body = std::move(body);
}

void Exchange::send_file(Head head, base::Fd file, std::int64_t offset, std::int64_t size) {
  rep_.state = Rep::State::kFile;
  rep_.head = std::move(head);
  rep_.file = std::move(file);
  rep_.offset = offset;
  rep_.size = size;
}

bool Exchange::begin(Head head, std::optional<std::int64_t> size) {
  rep_.state = Rep::State::kPieces;
  rep_.head = std::move(head);
  rep_.size = size;
  const std::string text = http::head_text(rep_.head, size, rep_.keep, std::time(nullptr));
  rep_.failed = !rep_.on_loop([&] { return rep_.put(text); });
  return !rep_.failed;
}

bool Exchange::write(std::string_view bytes) {
  if (rep_.failed) return false;
  if (rep_.is_head || bytes.empty()) return true;
  std::string chunk;
  if (!rep_.size) {
    chunk = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
  } else if (rep_.sent + std::ssize(bytes) > *rep_.size) {
    rep_.failed = true;
    return false;
  }
  const std::string_view text = rep_.size ? bytes : chunk;
  rep_.failed = !rep_.on_loop([&] { return rep_.put(text); });
  if (!rep_.failed) rep_.sent += std::ssize(bytes);
  return !rep_.failed;
}

bool Exchange::secure(std::shared_ptr<const crypto::ServerContext> greeting) {
  if (rep_.stream.is_secure()) return false;
  rep_.state = Rep::State::kSecure;
  rep_.head.status = 200;
  rep_.keep = true;
  rep_.greeting = std::move(greeting);
  return true;
}

base::Fd Exchange::take_over() {
  base::Fd socket;
  const bool taken = !rep_.stream.is_secure() && rep_.buffer.size() == 0 && rep_.on_loop([&] {
    socket = rep_.stream.share();
    return rep_.put(kConnected);
  });
  if (!taken) return {};
  rep_.state = Rep::State::kTaken;
  rep_.head.status = 200;
  rep_.keep = false;
  return socket;
}

void Exchange::note(std::string_view word) { rep_.note = word; }

void Exchange::cut() { rep_.failed = true; }

}  // namespace gopouch::http
