// Machines that build alike: what their sessions ask for, and a local store for each.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "test/support/store_fixture.h"

namespace gopouch::test {

class BuildTest : public StoreTest {
 protected:
  // What a session does: it asks for each of these, and compiles what nobody has. An empty text is
  // an action that nobody puts.
  using Build = std::vector<std::pair<store::ActionId, std::string>>;

  // It compresses as Go's outputs do: somewhat.
  static std::string text(int number, std::size_t size) {
    std::mt19937 random(static_cast<unsigned>(number));
    std::string text;
    while (text.size() < size) text += fmt::format("{} {} ", number, random() % 1000);
    text.resize(size);
    return text;
  }

  // Of so many sizes, the smallest of these.
  static Build build(int from, int to, std::size_t sizes = 6) {
    constexpr std::array<std::size_t, 6> kSizes{10, 3000, 20'000, 50'000, 300'000, 900'000};
    Build build;
    for (int i = from; i < to; ++i) {
      build.emplace_back(action(i), text(i, kSizes.at(static_cast<std::size_t>(i) % sizes)));
    }
    return build;
  }

  // Of a machine that has nothing yet.
  store::Options fresh() {
    store::Options local = options();
    local.dir = temp_ / fmt::format("machine{}", machines_++);
    return local;
  }

 private:
  int machines_ = 0;
};

}  // namespace gopouch::test
