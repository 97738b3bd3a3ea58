#include "scope/mod_file.h"

#include <algorithm>

namespace gopouch::scope {

namespace {

constexpr std::string_view kSpace = " \t\r\f\v";
constexpr std::string_view kMarks = "()[]{},";

// A word, or a mark that stands for itself: ")" in quotes ends no block.
struct Word {
  std::string text;
  bool mark = false;
};

// Takes a quoted word off the front; an end of line ends it too.
std::string take_quoted(std::string_view& line) {
  const char quote = line.front();
  std::string word;
  std::size_t i = 1;
  for (; i < line.size() && line[i] != quote; ++i) {
    if (quote == '"' && line[i] == '\\' && i + 1 < line.size()) ++i;
    word += line[i];
  }
  line.remove_prefix(std::min(i + 1, line.size()));
  return word;
}

// Takes a word or a mark off the front; nothing is left of a comment. REQUIRES: no space in front.
Word take_word(std::string_view& line) {
  if (line.front() == '"' || line.front() == '`') return {take_quoted(line), false};
  const bool mark = kMarks.find(line.front()) != std::string_view::npos;
  std::size_t end = 1;
  if (!mark) {
    end = std::min(
        {line.find_first_of(kSpace), line.find_first_of(kMarks), line.find("//"), line.size()});
  }
  Word word{std::string(line.substr(0, end)), mark};
  line.remove_prefix(end);
  return word;
}

bool is_mark(const Word& word, std::string_view mark) { return word.mark && word.text == mark; }

std::vector<Word> split_line(std::string_view line) {
  std::vector<Word> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.empty() || line.starts_with("//")) return words;
    words.push_back(take_word(line));
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text, std::string_view verb) {
  std::vector<std::string> found;
  std::string block;  // the verb of the block that we are in
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::vector<Word> words = split_line(line);
    if (words.empty()) continue;
    if (!block.empty()) {
      if (is_mark(words.front(), ")")) {
        block.clear();
      } else if (block == verb && !words.front().mark) {
        found.push_back(words.front().text);
      }
    } else if (words.size() > 1 && is_mark(words.back(), "(")) {
      block = words.front().text;
    } else if (words.size() > 1 && words.front().text == verb && !words[1].mark) {
      found.push_back(words[1].text);
    }
  }
  return found;
}

std::string word_of(std::string_view text, std::string_view verb) {
  std::vector<std::string> found = words_of(text, verb);
  return found.empty() ? std::string() : std::move(found.front());
}

}  // namespace gopouch::scope
