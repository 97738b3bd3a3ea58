// The loop between reader and session, and the two descriptors.
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

bool Connection::hello() {
  append_hello(answers_);
  return flush();
}

Ending Connection::serve(session::Session& session) {
  while (true) {
    switch (reader_.next()) {
      case RequestReader::Event::kRequest:
        handle(reader_.request(), session);
        if (close_id_) return flush() ? Ending::kClose : Ending::kGone;
        if (answers_.size() > kBatch && !flush()) return Ending::kGone;
        break;
      case RequestReader::Event::kBody:
        if (put_) put_->write(reader_.body());
        break;
      case RequestReader::Event::kBodyEnd:
        finish_put(reader_.body_problem(), session);
        break;
      case RequestReader::Event::kNeedMore:
        // Whatever go waits for leaves before we wait for go.
        if (!flush()) return Ending::kGone;
        if (!read_more()) return Ending::kEndOfInput;
        break;
      case RequestReader::Event::kBroken:
        flush();
        base::log(base::LogLevel::kError, "protocol: {}", reader_.problem());
        return Ending::kBroken;
    }
  }
}

void Connection::handle(const Request& request, session::Session& session) {
  if (options_.log_requests) log_request(request);
  if (!request.problem.empty()) {
    append_error(answers_, request.id, request.problem);
    return;
  }
  switch (request.command) {
    case Command::kGet:
      if (const auto hit = session.get(request.action)) {
        append_hit(answers_, request.id, *hit);
      } else {
        append_miss(answers_, request.id);
      }
      break;
    case Command::kPut:
      put_.emplace(session.put(request.action, request.output, request.body_size));
      put_id_ = request.id;
      if (request.body_size == 0) finish_put({}, session);
      break;
    case Command::kClose:
      close_id_ = request.id;
      break;
    case Command::kUnknown:
      break;  // has a problem
  }
}

void Connection::finish_put(std::string_view problem, session::Session& session) {
  if (!put_) return;  // its request was answered already
  if (!problem.empty()) {
    append_error(answers_, put_id_, problem);
  } else if (const auto stored = session.end_put(std::move(*put_))) {
    append_stored(answers_, put_id_, stored->path);
  } else {
    append_error(answers_, put_id_, stored.error().message);
  }
  put_.reset();
}

void Connection::finish() {
  if (!close_id_) return;
  append_done(answers_, *close_id_);
  flush();
}

bool Connection::flush() {
  if (answers_.empty()) return true;
  if (options_.log_responses) log_answers(answers_);
  const bool written =
      base::write_all(out_,
                      {reinterpret_cast<const std::uint8_t*>(answers_.data()), answers_.size()})
          .ok();
  answers_.clear();
  return written;
}

bool Connection::read_more() {
  const std::ptrdiff_t size = base::read_some(in_, reader_.space());
  if (size <= 0) return false;
  reader_.filled(static_cast<std::size_t>(size));
  return true;
}

}  // namespace gopouch::protocol
