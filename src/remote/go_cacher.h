// Entries of go-cacher's servers: the wire of bradfitz's go-tool-cache, as its page gives it.
//
//   GET /action/<action hex>, Want-Object: 1    404: there is none; else one of
//       Content-Type: application/octet-stream, Go-Output-Id: <output hex>, and the output
//       Content-Type: application/json, {"outputID": <output hex>, "size": <bytes>}: the older
//           servers, and then GET /output/<output hex> has the output
//   PUT /<action hex>/<output hex>              the output
//
// No times, no compression, no packs. An output whose hash is not its OutputID is a miss. The time
// of a put is not told, so it counts as the oldest there is: after `go clean -testcache` no test
// result from there is believed, and without it all are.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "object/object.h"
#include "store/store.h"

namespace gopouch::remote {

struct GoCacherOptions {
  std::int64_t max_body = 0;
  std::filesystem::path temp_dir = {};  // where a large output lies until it is known to be whole
};

// Fetches the action's output into the local store. nullopt: there is none; kCorrupt: none that can
// be believed; else the store failed, or the local disk. `received` grows by the bytes that came.
base::Result<std::optional<store::Hit>> get_go_cacher(object::Store& objects, store::Store& local,
                                                      const store::ActionId& action,
                                                      const GoCacherOptions& options,
                                                      const base::Call& call,
                                                      std::atomic<std::int64_t>& received);

// Where an output goes.
object::Key go_cacher_key(const store::ActionId& action, const store::OutputId& output);

// What an older server says of an action. kCorrupt: nothing of use.
base::Result<store::Entry> parse_action_value(std::string_view json);

}  // namespace gopouch::remote
