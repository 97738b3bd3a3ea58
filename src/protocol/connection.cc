// The loop between reader and session, and the two descriptors.
#include <algorithm>

#include "base/bytes.h"
#include "base/files.h"
#include "base/log.h"
#include "protocol/protocol.h"

namespace gopouch::protocol {

namespace {

constexpr std::size_t kBatch = std::size_t{64} << 10U;  // answers held back at most

void log_request(const Request& request) {
  base::write_log_line(fmt::format(
      "> {} {} action {}{}", request.id, request.name, base::to_hex(request.action.hash),
      request.command == Command::kPut
          ? fmt::format(" output {} size {}", base::to_hex(request.output.hash), request.body_size)
          : ""));
}

void log_answers(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t size = lines.find('\n');
    base::write_log_line(fmt::format("< {}", lines.substr(0, size)));
    lines.remove_prefix(size + 1);
  }
}

}  // namespace

template <typename Append>
void Connection::answer(const Append& append) {
  auto answers = answers_.lock();
  append(answers->text);
  if (answers->reading || answers->text.size() > kBatch) write(*answers);
}

bool Connection::hello() {
  answer(append_hello);
  return flush();
}

void Connection::take_over(Ledger::Rest rest) {
  rest_ = std::move(rest);
  for (const std::int64_t id : rest_.lost) {
    answer([&](std::string& out) { append_error(out, id, "the server is gone"); });
  }
}

Ending Connection::serve(session::Session& session) {
  const Ending ending = read_all(session);
  if (ending != Ending::kClose) session.cancel();
  session.wait();
  return flush() ? ending : Ending::kGone;
}

Ending Connection::read_all(session::Session& session) {
  while (true) {
    switch (reader_.next()) {
      case RequestReader::Event::kRequest:
        handle(reader_.request(), session);
        if (close_id_) return Ending::kClose;
        break;
      case RequestReader::Event::kBody:
        if (put_) put_->write(reader_.body());
        break;
      case RequestReader::Event::kBodyEnd:
        finish_put(reader_.body_problem(), session);
        break;
      case RequestReader::Event::kNeedMore:
        if (!read_more()) return Ending::kEndOfInput;
        break;
      case RequestReader::Event::kBroken:
        base::log(base::LogLevel::kError, "protocol: {}", reader_.problem());
        return Ending::kBroken;
    }
  }
}

void Connection::handle(const Request& request, session::Session& session) {
  if (options_.log_requests) log_request(request);
  const std::int64_t id = request.id;
  if (!request.problem.empty()) {
    answer([&](std::string& out) { append_error(out, id, request.problem); });
    return;
  }
  switch (request.command) {
    case Command::kGet:
      session.get(request.action, [this, id](const std::optional<store::Hit>& hit) {
        answer([&](std::string& out) { hit ? append_hit(out, id, *hit) : append_miss(out, id); });
      });
      break;
    case Command::kPut:
      put_.emplace(session.put(request.action, request.output, request.body_size));
      put_id_ = id;
      if (request.body_size == 0) finish_put({}, session);
      break;
    case Command::kClose:
      close_id_ = id;
      break;
    case Command::kUnknown:
      break;  // has a problem
  }
}

void Connection::finish_put(std::string_view problem, session::Session& session) {
  if (!put_) return;  // its request was answered already
  const std::int64_t id = put_id_;
  if (!problem.empty()) {
    answer([&](std::string& out) { append_error(out, id, problem); });
  } else {
    session.end_put(std::move(*put_), [this, id](const base::Result<store::Hit>& stored) {
      answer([&](std::string& out) {
        stored ? append_stored(out, id, stored->path)
               : append_error(out, id, stored.error().message);
      });
    });
  }
  put_.reset();
}

void Connection::finish() {
  if (!close_id_) return;
  answer([&](std::string& out) { append_done(out, *close_id_); });
  flush();
}

// False when nobody reads our answers any more.
bool Connection::flush() {
  auto answers = answers_.lock();
  write(*answers);
  return !answers->gone;
}

void Connection::write(Answers& answers) const {
  if (answers.text.empty()) return;
  if (options_.log_responses) log_answers(answers.text);
  if (!base::write_all(out_, base::bytes_of(answers.text))) {
    answers.gone = true;
  }
  answers.text.clear();
}

// Whatever go waits for leaves before we wait for go.
bool Connection::read_more() {
  {
    auto answers = answers_.lock();
    write(*answers);
    if (answers->gone) return false;
    answers->reading = true;
  }
  const std::ptrdiff_t size = read_some(reader_.space());
  answers_.lock()->reading = false;
  if (size <= 0) return false;
  reader_.filled(static_cast<std::size_t>(size));
  return true;
}

// What is left of another connection comes first.
std::ptrdiff_t Connection::read_some(std::span<char> space) {
  if (rest_read_ < rest_.requests.size()) {
    const std::size_t size = rest_.requests.copy(space.data(), space.size(), rest_read_);
    rest_read_ += size;
    return static_cast<std::ptrdiff_t>(size);
  }
  if (!rest_.requests.empty()) {
    rest_.requests = {};
    rest_read_ = 0;
  }
  while (true) {
    const std::ptrdiff_t size = base::read_some(in_, space);
    if (!rest_.in_lost_body || size <= 0) return size;
    const auto end = space.begin() + size;
    const auto newline = std::find(space.begin(), end, '\n');
    if (newline == end) continue;
    rest_.in_lost_body = false;
    if (const auto left = std::copy(newline + 1, end, space.begin()); left != space.begin()) {
      return left - space.begin();
    }
  }
}

}  // namespace gopouch::protocol
