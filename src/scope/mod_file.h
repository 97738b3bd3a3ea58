// go.mod and go.work, as far as a scope needs them.
//
// The grammar is that of golang.org/x/mod/modfile: lines of words, or blocks of such lines in
// parentheses behind their verb; words may be quoted; // begins a comment. What is no such file
// gives fewer words, never an error: to refuse it is go's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gopouch::scope {

// The first word behind each `verb`, in order: of "use", the folders.
std::vector<std::string> words_of(std::string_view text, std::string_view verb);

// The same for verbs that stand once: "module", "go", "toolchain". Empty: there is none.
std::string word_of(std::string_view text, std::string_view verb);

}  // namespace gopouch::scope
