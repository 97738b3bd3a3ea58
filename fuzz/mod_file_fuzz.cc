// go.mod and go.work: whatever stands in them, words are words of a line, no lines are made up, and
// what was read means the same when it is written out again.
#include <algorithm>
#include <string>

#include "fuzz/check.h"
#include "scope/mod_file.h"

namespace {

using gopouch::scope::words_of;

// As words_of would read it back.
std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (const char letter : word) {
    if (letter == '"' || letter == '\\') text += '\\';
    text += letter;
  }
  return text + "\"";
}

void check_verb(const std::string& text, const std::string& verb) {
  const auto words = words_of(text, verb);
  check(std::ssize(words) <= std::count(text.begin(), text.end(), '\n') + 1);
  check(gopouch::scope::word_of(text, verb) == (words.empty() ? std::string() : words.front()));

  std::string lines, block = verb + " (\n";
  for (const std::string& word : words) {
    check(word.find('\n') == std::string::npos && word.size() <= text.size());
    lines += verb + " " + quoted(word) + " // said\n";
    block += "\t" + quoted(word) + "\r\n";
  }
  check(words_of(lines, verb) == words);
  check(words_of(block + ")\n" + lines, verb).size() == 2 * words.size());
  check(words_of(block, verb) == words);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  for (const char* const verb : {"module", "go", "toolchain", "use"}) check_verb(text, verb);
  return 0;
}
