#include "protocol/ledger.h"

#include <algorithm>

#include "protocol/object.h"

namespace gopouch::protocol {

void Ledger::asked(std::string_view bytes) {
  while (!bytes.empty()) {
    if (line_ == Line::kStart) {
      line_ = bytes.front() == '{'   ? Line::kRequest
              : bytes.front() == '"' ? Line::kBody
                                     : Line::kOther;
    }
    const std::size_t newline = bytes.find('\n');
    const bool whole = newline != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, whole ? newline + 1 : bytes.size());
    bytes.remove_prefix(piece.size());
    if (line_ == Line::kRequest && request_.size() <= kMaxObject) request_ += piece;
    if (line_ == Line::kBody) {
      if (Entry* const entry = body_entry()) keep(*entry, piece);
    }
    if (!whole) return;
    if (line_ == Line::kRequest) take_request_line();
    if (line_ == Line::kBody) body_of_.reset();
    line_ = Line::kStart;
  }
}

// What is no request ends the session on the server's side; there is nothing to keep.
void Ledger::take_request_line() {
  Request request;
  const Parsed parsed = parse_request(request_, request);
  if (parsed.state == Parsed::State::kOk) {
    Entry& entry = open_[request.id];
    entry.close = request.command == Command::kClose;
    keep(entry, request_);
    body_of_.reset();
    if (request.command == Command::kPut && request.body_size > 0) body_of_ = request.id;
  }
  request_.clear();
}

Ledger::Entry* Ledger::body_entry() {
  const auto found = body_of_ ? open_.find(*body_of_) : open_.end();
  return found == open_.end() ? nullptr : &found->second;
}

void Ledger::keep(Entry& entry, std::string_view bytes) {
  if (entry.lost) return;
  if (kept_ + bytes.size() > kKept) {
    kept_ -= entry.bytes.size();
    entry.bytes = {};
    entry.lost = true;
    return;
  }
  entry.bytes += bytes;
  kept_ += bytes.size();
}

std::size_t Ledger::answered(std::string_view bytes) {
  std::size_t whole = 0;
  for (std::size_t newline = bytes.find('\n'); newline != std::string_view::npos;
       newline = bytes.find('\n', whole)) {
    answer_ += bytes.substr(whole, newline + 1 - whole);
    take_answer_line(answer_);
    answer_.clear();
    whole = newline + 1;
  }
  answer_ += bytes.substr(whole);
  return whole;
}

void Ledger::take_answer_line(std::string_view line) {
  Request answer;  // an answer has an ID, too
  if (parse_request(line, answer).state != Parsed::State::kOk) return;
  if (answer.id == 0) hello_seen_ = true;
  const auto found = open_.find(answer.id);
  if (found == open_.end()) return;
  if (found->second.close) closed_ = true;
  kept_ -= found->second.bytes.size();
  open_.erase(found);
}

Ledger::Rest Ledger::take_rest() {
  Rest rest;
  std::string last;  // that of which the body is still to come
  for (auto& [id, entry] : open_) {
    if (entry.lost) {
      rest.lost.push_back(id);
    } else if (id == body_of_) {
      last = std::move(entry.bytes);
    } else {
      rest.requests += entry.bytes;
    }
  }
  rest.in_lost_body = line_ == Line::kBody && last.empty();
  rest.requests += last;
  rest.requests += request_;
  return rest;
}

}  // namespace gopouch::protocol
