#include "scope/mod_file.h"

#include "test/scope/fixture.h"

namespace gopouch::scope {
namespace {

using test::Words;

TEST(ModFile, SaysWhatItsModuleIs) {
  struct Case {
    const char* text;
    const char* module;
  };
  for (const auto& [text, module] : {
           Case{"module example.com/a\n", "example.com/a"},
           {"module example.com/a", "example.com/a"},
           {"module example.com/a\r\ngo 1.24\r\n", "example.com/a"},
           {"\n\t module\texample.com/a // the module\n", "example.com/a"},
           {"// module example.com/no\nmodule example.com/a//comment\n", "example.com/a"},
           {"module \"example.com/a\"\n", "example.com/a"},
           {"module `example.com/a`\n", "example.com/a"},
           {"module \"a \\\"b\\\" // c\" // d\n", "a \"b\" // c"},
           {"module (\n\texample.com/a\n)\n", "example.com/a"},
           {"module ( // block\n\n// in it\n\t\"example.com/a\" // here\n)\n", "example.com/a"},
           {"go 1.24\nrequire (\n\tmodule v1.0.0\n)\nmodule example.com/a\n", "example.com/a"},
           {"require module v1.0.0\n", ""},
           {"modules example.com/a\n", ""},
           {"module\n", ""},
           {"module //\n", ""},
           {"module (\n\"a\" (\n)\nmodule b\n", "a"},
           {"module )\nmodule ,a\nmodule b\n", "b"},
           {"module \"example.com/a\n", "example.com/a"},
           {"module \"example.com\\", "example.com\\"},
           {"", ""},
           {")\n(\n\"\n`\n\\\n", ""},
       }) {
    EXPECT_EQ(word_of(text, "module"), module) << text;
  }
}

TEST(ModFile, ListsTheFoldersOfAWorkspace) {
  const char* const text =
      "go 1.24 // module\n"
      "use ./a\n"
      "use ( // block\n"
      "\t./b // one\n"
      "\n"
      "\t// ./no\n"
      "\t\"./c d\"\n"
      "\t`./e`\n"
      ")\n"
      "replace ./no => ./no\n"
      "use ()\n"
      "use .\n";
  EXPECT_EQ(words_of(text, "use"), (Words{"./a", "./b", "./c d", "./e", "."}));
  EXPECT_EQ(word_of(text, "go"), "1.24");
  EXPECT_EQ(words_of("use (\n./a\n", "use"), Words{"./a"});  // not ended
  EXPECT_EQ(words_of("use (\n\")\"\n./a\n)\nuse \"(\"\nuse .\n", "use"),
            (Words{")", "./a", "(", "."}));  // marks in quotes are words
}

}  // namespace
}  // namespace gopouch::scope
