// The reader of requests: whatever the bytes and however they are cut, it ends, stays within its
// buffer, and gives the same requests and bodies as when all comes at once.
#include <algorithm>
#include <cstdlib>

#include "protocol/message.h"

namespace {

using gopouch::protocol::Command;
using gopouch::protocol::RequestReader;

// What a stream said, as text. Pieces of bodies are joined, since their borders depend on the cuts.
std::string tell(std::span<const std::uint8_t> stream, std::size_t step) {
  RequestReader reader;
  std::string story;
  std::string body;
  while (true) {
    switch (reader.next()) {
      case RequestReader::Event::kRequest: {
        const auto& request = reader.request();
        story += std::to_string(request.id) + " " + request.name + " " + request.problem + " " +
                 std::to_string(request.body_size) + "\n";
        if (request.command == Command::kPut && request.body_size < 0) std::abort();
        break;
      }
      case RequestReader::Event::kBody:
        if (reader.body().empty()) std::abort();
        body.append(reader.body().begin(), reader.body().end());
        break;
      case RequestReader::Event::kBodyEnd:
        // What a damaged body gave before the damage depends on the cuts as well.
        story += reader.body_problem().empty() ? "body " + body : "no body";
        story += "\n";
        body.clear();
        break;
      case RequestReader::Event::kBroken:
        return story + "broken";
      case RequestReader::Event::kNeedMore: {
        if (stream.empty()) return story + "end";
        const auto space = reader.space();
        if (space.empty()) std::abort();
        const std::size_t size = std::min({space.size(), stream.size(), step});
        std::copy_n(stream.begin(), size, space.begin());
        reader.filled(size);
        stream = stream.subspan(size);
        break;
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + (data[0] % 64);
  const std::span<const std::uint8_t> stream(data + 1, size - 1);
  if (tell(stream, step) != tell(stream, stream.size())) std::abort();
  return 0;
}
