// go-cache-plugin's layout:
//
//   action/<its first two digits>/<action hex>   "<output hex> <unix ns>"
//   output/<its first two digits>/<output hex>   the output as it is
//
// An output is written before the action that names it, so that no reader sees the one without the
// other.
#include "remote/bare.h"

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

constexpr std::string_view kActions = "action/", kOutputs = "output/";
constexpr std::size_t kMostAction = 128;  // 64 digits, a space, 20 digits

object::Key key_of(std::string_view kind, const base::Hash& hash) {
  const std::string hex = base::to_hex(hash);
  return fmt::format("{}{}/{}", kind, std::string_view(hex).substr(0, 2), hex);
}

bool is_key(std::string_view key) {
  if (!key.starts_with(kActions) && !key.starts_with(kOutputs)) return false;
  key.remove_prefix(kActions.size());
  const auto hash = base::hash_from_hex(key.substr(std::min<std::size_t>(key.size(), 3)));
  return hash && key[2] == '/' && key.substr(0, 2) == key.substr(3, 2);
}

class GoCachePlugin final : public Layout {
 public:
  explicit GoCachePlugin(const Ground& ground) : ground_(ground) {}

  Fetched get(const store::ActionId& action, const base::Call& call) override {
    const auto line = line_of(action, call);
    Fetched none{.hit = std::optional<store::Hit>()};
    if (!line) {
      none.hit = line.error();
      return none;
    }
    if (!*line) return none;
    Spool body(ground_.options.temp_dir, ground_.options.max_body);
    const auto reply =
        object::get_one(ground_.objects.store(),
                        {.key = key_of(kOutputs, (*line)->output.hash), .sink = &body}, call);
    return finish(reply, body, [&](const object::Object&) {
      return lay(ground_.local, action, (*line)->output, (*line)->time, body);
    });
  }

  bool has(const store::ActionId& action, const store::Entry& entry,
           const base::Call& call) override {
    const auto line = line_of(action, call);
    if (!line || !*line || (*line)->output != entry.output) return false;
    const auto output = ground_.objects.store().head(key_of(kOutputs, entry.output.hash), call);
    return output && *output && (*output)->size == entry.size;
  }

  base::Result<Encoded> encode(Encoder& /*encoder*/, const Header& header,
                               const char* path) override {
    return Encoder::raw(path, header.entry);
  }

  base::Status put(const store::ActionId& action, const store::Entry& entry, const Encoded& encoded,
                   const base::Call& call) override {
    object::Store& store = ground_.objects.store();
    if (auto done = put_body(store, key_of(kOutputs, entry.output.hash), encoded, {}, call);
        !done) {
      return done;
    }
    return put_text(store, key_of(kActions, action.hash),
                    action_line({entry.output, entry.put_time}), call);
  }

 private:
  base::Result<std::optional<ActionLine>> line_of(const store::ActionId& action,
                                                  const base::Call& call) {
    const auto reply =
        object::get_one(ground_.objects.store(),
                        {.key = key_of(kActions, action.hash), .limit = kMostAction}, call);
    if (!reply) return reply.error();
    if (!*reply) return std::optional<ActionLine>();
    auto line = parse_action_line((*reply)->bytes);
    if (!line) return Error{Fault::kCorrupt, "its action is no line of go-cache-plugin's"};
    return line;
  }

  const Ground ground_;
};

}  // namespace

std::optional<ActionLine> parse_action_line(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto output = output_from_hex(text.substr(0, space));
  const auto time = time_from_nanoseconds(text.substr(space + 1));
  if (!output || !time) return std::nullopt;
  return ActionLine{*output, *time};
}

std::string action_line(const ActionLine& line) {
  return fmt::format("{} {}", base::to_hex(line.output.hash), line.time.time_since_epoch().count());
}

const Plan go_cache_plugin_layout{
    .name = "go-cache-plugin",
    .metadata = false,
    .redis = false,
    .is_key = is_key,
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<GoCachePlugin>(ground);
    },
};

}  // namespace gopouch::remote
