#include "config/keys.h"

#include <set>

#include <gtest/gtest.h>

namespace gopouch::config {
namespace {

TEST(Keys, EachNameIsThereOnce) {
  std::set<std::string_view> names;
  for (const Key& key : keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_EQ(find_key(key.name), &key);
  }
  EXPECT_EQ(find_key("nothing"), nullptr);
}

TEST(Keys, AVariableIsTheNameInCapitals) {
  EXPECT_EQ(variable_of(*find_key("cache-limit")), "GOPOUCH_CACHE_LIMIT");
  EXPECT_EQ(variable_of(*find_key("s3-path-style")), "GOPOUCH_S3_PATH_STYLE");
}

TEST(Keys, EachDefaultIsAValueOfItsKind) {
  for (const Key& key : keys()) {
    EXPECT_TRUE(parse_value(key.kind, key.choices, key.initial)) << key.name;
  }
}

TEST(Keys, WhatIsToComeSaysWhatIsMissing) {
  for (const Key& key : keys())
    EXPECT_EQ(key.apply == nullptr, !key.topic.lacks.empty()) << key.name;
}

TEST(Keys, EachDocIsOneLineWithoutAFullStop) {
  for (const Key& key : keys()) {
    EXPECT_FALSE(key.doc.empty()) << key.name;
    EXPECT_FALSE(key.doc.ends_with('.')) << key.name;
    EXPECT_EQ(key.doc.find('\n'), std::string_view::npos) << key.name;
  }
}

}  // namespace
}  // namespace gopouch::config
