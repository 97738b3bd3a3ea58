// A reader for a fixed set of fields: go sends four fields of known shape some thousand times a
// build, and a general JSON library takes 2 to 30 times as long for it.
#include "protocol/object.h"

#include <charconv>
#include <optional>

#include "base/base64.h"

namespace gopouch::protocol {

namespace {

using State = Parsed::State;

constexpr int kMaxDepth = 64;

// Walks over the text; the first thing that is missing or wrong stays in state().
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  State state() const { return state_; }
  bool ok() const { return state_ == State::kOk; }
  std::size_t position() const { return at_; }
  void fail() { stop(State::kBad); }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // The next character after white space, not taken; '\0' when there is none.
  char peek() {
    skip_space();
    if (at_ < text_.size()) return text_[at_];
    stop(State::kMore);
    return '\0';
  }

  bool take(char c) {
    if (peek() != c) {
      fail();
      return false;
    }
    ++at_;
    return true;
  }

  // The characters between the quotes, escapes as they are.
  std::string_view raw_string() {
    if (!take('"')) return {};
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      if (text_[at_] == '"') return text_.substr(begin, at_++ - begin);
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    stop(State::kMore);
    return {};
  }

  // A number, true, false or null.
  std::string_view word() {
    peek();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (at_ == text_.size()) stop(State::kMore);
    if (at_ == begin) fail();
    return text_.substr(begin, at_ - begin);
  }

  void skip_value() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        raw_string();
      } else if (c == '{' || c == '[') {
        ++at_;
        if (++depth > kMaxDepth) fail();
      } else if (depth > 0 && (c == '}' || c == ']')) {
        ++at_;
        --depth;
      } else if (depth > 0 && (c == ',' || c == ':')) {
        ++at_;
      } else {
        word();
      }
    } while (ok() && depth > 0);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
  }
  void stop(State state) {
    if (state_ == State::kOk) state_ = state;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  State state_ = State::kOk;
};

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

// The text of a JSON string. nullopt for an escape that JSON does not have. Pairs of surrogates
// stay two characters: no field of ours may hold them.
std::optional<std::string> unescape(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char name = raw[++i];  // raw_string() took escapes in pairs
    if (const auto known = kNames.find(name); known != std::string_view::npos) {
      text += kValues[known];
      continue;
    }
    unsigned code = 0;
    const std::string_view digits = raw.substr(i + 1, 4);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (name != 'u' || error != std::errc() || digits.size() != 4 ||
        end != digits.data() + digits.size()) {
      return std::nullopt;
    }
    append_utf8(text, code);
    i += 4;
  }
  return text;
}

class ObjectParser {
 public:
  ObjectParser(std::string_view text, Request& request) : scanner_(text), request_(request) {}

  Parsed parse() {
    scanner_.take('{');
    if (scanner_.ok() && scanner_.peek() == '}') {
      scanner_.take('}');
      return result();
    }
    while (scanner_.ok()) {
      const std::string_view key = scanner_.raw_string();
      if (!scanner_.take(':')) break;
      field(key);
      if (!scanner_.ok() || scanner_.peek() == '}') break;
      scanner_.take(',');
    }
    scanner_.take('}');
    return result();
  }

 private:
  Parsed result() const { return {scanner_.state(), scanner_.position()}; }

  void field(std::string_view key) {
    if (key == "ID") {
      if (!integer(request_.id)) scanner_.fail();
    } else if (key == "Command") {
      command();
    } else if (key == "ActionID") {
      hash("ActionID", request_.action.hash);
    } else if (key == "OutputID") {
      hash("OutputID", request_.output.hash);
      has_output_ = true;
    } else if (key == "ObjectID" && !has_output_) {
      hash("ObjectID", request_.output.hash);
    } else if (key == "BodySize") {
      if (!integer(request_.body_size) || request_.body_size < 0) problem("BodySize is no size");
    } else {
      scanner_.skip_value();
    }
  }

  // Keeps the first thing that is wrong.
  void problem(std::string_view text) {
    if (scanner_.ok() && request_.problem.empty()) request_.problem = text;
  }

  bool integer(std::int64_t& value) {
    const char first = scanner_.peek();
    if (first == '"' || first == '{' || first == '[') {
      scanner_.skip_value();
      return !scanner_.ok();  // what is incomplete may still be right
    }
    const std::string_view word = scanner_.word();
    if (!scanner_.ok() || word == "null") return true;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size();
  }

  // nullopt for what is no string, null or incomplete.
  std::optional<std::string_view> string(std::string_view name) {
    if (scanner_.peek() != '"') {
      const bool null = scanner_.peek() == 'n';
      scanner_.skip_value();
      if (!null) problem(std::string(name) + " is no string");
      return std::nullopt;
    }
    const std::string_view raw = scanner_.raw_string();
    if (!scanner_.ok()) return std::nullopt;
    if (raw.find('\\') == std::string_view::npos) return raw;
    auto text = unescape(raw);
    if (!text) {
      problem(std::string(name) + " has a bad escape");
      return std::nullopt;
    }
    unescaped_ = std::move(*text);
    return unescaped_;
  }

  void command() {
    const auto name = string("Command");
    if (!name) return;
    request_.name = *name;
    request_.command = *name == "get"     ? Command::kGet
                       : *name == "put"   ? Command::kPut
                       : *name == "close" ? Command::kClose
                                          : Command::kUnknown;
  }

  void hash(std::string_view name, base::Hash& hash) {
    const auto text = string(name);
    if (!text) return;
    // 44 characters of base64 are 31 to 33 bytes.
    std::array<std::uint8_t, 33> bytes{};
    const auto size = text->size() == 44 ? base::decode_base64(*text, bytes.data()) : std::nullopt;
    if (size != hash.size()) return problem(std::string(name) + " is not 32 bytes");
    std::copy_n(bytes.begin(), hash.size(), hash.begin());
  }

  Scanner scanner_;
  Request& request_;
  bool has_output_ = false;
  std::string unescaped_;
};

}  // namespace

Parsed parse_request(std::string_view text, Request& request) {
  request = Request();
  const Parsed parsed = ObjectParser(text, request).parse();
  if (parsed.state != State::kOk || !request.problem.empty()) return parsed;
  const bool needs_action = request.command == Command::kGet || request.command == Command::kPut;
  if (needs_action && request.action == store::ActionId()) request.problem = "ActionID is missing";
  if (request.command == Command::kPut && request.output == store::OutputId()) {
    request.problem = "OutputID is missing";
  }
  if (request.command == Command::kUnknown) {
    request.problem = "unknown command \"" + request.name + "\"";
  }
  return parsed;
}

}  // namespace gopouch::protocol
