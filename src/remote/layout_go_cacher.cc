// The wire of go-cacher's servers: bradfitz's go-tool-cache, as its page gives it.
//
//   GET /action/<action hex>, Want-Object: 1    404: there is none; else one of
//       Content-Type: application/octet-stream, Go-Output-Id: <output hex>, and the output
//       Content-Type: application/json, {"outputID": <output hex>, "size": <bytes>}: the older
//           servers, and then GET /output/<output hex> has the output
//   PUT /<action hex>/<output hex>              the output
//
// The time of a put is not told, so it counts as the oldest there is: after `go clean -testcache`
// no test result from there is believed, and without it all are.
#include "remote/bare.h"

#include <nlohmann/json.hpp>

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

std::string_view header(const object::Object& object, const char* name) {
  const auto found = object.metadata.find(name);
  return found == object.metadata.end() ? std::string_view() : found->second;
}

class GoCacher final : public Layout {
 public:
  explicit GoCacher(const Ground& ground) : ground_(ground) {}

  Fetched get(const store::ActionId& action, const base::Call& call) override {
    object::Store& store = ground_.objects.store();
    Spool body(ground_.options.temp_dir, ground_.options.max_body);
    auto reply = object::get_one(
        store, {.key = "action/" + base::to_hex(action.hash), .sink = &body, .metadata = true},
        call);
    std::optional<Index> told;
    std::int64_t received = 0;
    if (reply && *reply && header(**reply, "content-type").starts_with("application/json")) {
      told = parse_action_value(body.text());
      received = body.size();
      if (!told)
        return {.hit = Error{Fault::kCorrupt, "no word of an output"}, .received = received};
      body.begin();
      if (told->size > 0) {
        const object::Key key = "output/" + base::to_hex(told->output.hash);
        reply = object::get_one(store, {.key = key, .sink = &body}, call);
      }
    }
    Fetched fetched =
        finish(reply, body, [&](const object::Object& object) -> base::Result<store::Hit> {
          auto output =
              told ? std::optional(told->output) : output_from_hex(header(object, "go-output-id"));
          if (!output) return Error{Fault::kCorrupt, "no word of an output"};
          if (told && told->size != body.size()) {
            return Error{Fault::kCorrupt, "another size than announced"};
          }
          return lay(ground_.local, action, *output, store::Time(), body);
        });
    fetched.received += received;
    return fetched;
  }

  // They answer no HEAD, and a GET brings the whole output.
  bool has(const store::ActionId& /*action*/, const store::Entry& /*entry*/,
           const base::Call& /*call*/) override {
    return false;
  }

  base::Result<Encoded> encode(Encoder& /*encoder*/, const Header& header,
                               const char* path) override {
    return Encoder::raw(path, header.entry);
  }

  base::Status put(const store::ActionId& action, const store::Entry& entry, const Encoded& encoded,
                   const base::Call& call) override {
    const object::Key key = base::to_hex(action.hash) + "/" + base::to_hex(entry.output.hash);
    return put_body(ground_.objects.store(), key, encoded, {}, call);
  }

 private:
  const Ground ground_;
};

}  // namespace

std::optional<Index> parse_action_value(std::string_view text) {
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  const auto output = value.find("outputID"), size = value.find("size");
  if (output == value.end() || size == value.end() || !output->is_string() ||
      !size->is_number_unsigned() || size->get<std::uint64_t>() > INT64_MAX) {
    return std::nullopt;
  }
  const auto id = output_from_hex(output->get_ref<const std::string&>());
  return id ? std::optional(Index{*id, size->get<std::int64_t>()}) : std::nullopt;
}

const Plan go_cacher_layout{
    .name = object::kGoCacherLayout,
    .metadata = false,
    .redis = false,
    .is_key = [](std::string_view /*key*/) { return false; },  // nothing there is ours to remove
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<GoCacher>(ground);
    },
};

}  // namespace gopouch::remote
