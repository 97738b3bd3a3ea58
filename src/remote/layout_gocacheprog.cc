// gocacheprog's layout, in Redis below "gocacheprog/":
//
//   <action hex>-o   the output as it is
//   <action hex>-i   {"OutputID":"<base64>","Size":<bytes>}
//
// It keeps no times: what comes from there counts as put now. What its -compress wrote was cut
// short and can be read by nobody, itself included; here it is a miss.
#include <array>

#include "base/base64.h"
#include "remote/bare.h"

#include <nlohmann/json.hpp>

namespace gopouch::remote {

namespace {

using base::Error;
using base::Fault;

constexpr std::size_t kMostIndex = 4096;
constexpr std::int64_t kMostValue = std::int64_t{512} << 20U;  // Redis takes no larger one

object::Key key_of(const store::ActionId& action, std::string_view kind) {
  return base::to_hex(action.hash) + std::string(kind);
}

bool is_key(std::string_view key) {
  if (!key.ends_with("-o") && !key.ends_with("-i")) return false;
  return base::hash_from_hex(key.substr(0, key.size() - 2)).has_value();
}

class Gocacheprog final : public Layout {
 public:
  explicit Gocacheprog(const Ground& ground) : ground_(ground) {}

  // Both at once: one round trip.
  Fetched get(const store::ActionId& action, const base::Call& call) override {
    Spool body(ground_.options.temp_dir, std::min(ground_.options.max_body, kMostValue));
    const std::array gets{object::Get{.key = key_of(action, "-i"), .limit = kMostIndex},
                          object::Get{.key = key_of(action, "-o"), .sink = &body}};
    std::array<base::Result<std::optional<object::Object>>, 2> replies{Error{}, Error{}};
    ground_.objects.store().get(
        gets, call, [&](std::size_t nth, base::Result<std::optional<object::Object>> reply) {
          replies.at(nth) = std::move(reply);
        });
    const auto& index = replies.front();
    if (index && !*index) {
      return {.hit = std::optional<store::Hit>(), .received = body.size()};
    }
    if (!index) return {.hit = index.error(), .received = body.size()};
    return finish(replies.back(), body, [&](const object::Object&) -> base::Result<store::Hit> {
      const auto known = parse_index((*index)->bytes);
      if (!known) return Error{Fault::kCorrupt, "its index is none of gocacheprog's"};
      if (known->size != body.size()) return Error{Fault::kCorrupt, "a body of another size"};
      return lay(ground_.local, action, known->output, std::nullopt, body);
    });
  }

  bool has(const store::ActionId& action, const store::Entry& entry,
           const base::Call& call) override {
    object::Store& store = ground_.objects.store();
    const auto reply =
        object::get_one(store, {.key = key_of(action, "-i"), .limit = kMostIndex}, call);
    if (!reply || !*reply) return false;
    const auto known = parse_index((*reply)->bytes);
    if (!known || known->output != entry.output) return false;
    const auto body = store.head(key_of(action, "-o"), call);
    return body && *body && (*body)->size == entry.size;
  }

  base::Result<Encoded> encode(Encoder& /*encoder*/, const Header& header,
                               const char* path) override {
    if (header.entry.size > kMostValue) {
      return Error{Fault::kFull, "a value of Redis ends at 512 MiB"};
    }
    return Encoder::raw(path, header.entry);
  }

  // The body first: who sees the index finds it, unless it is replaced at that very moment.
  base::Status put(const store::ActionId& action, const store::Entry& entry, const Encoded& encoded,
                   const base::Call& call) override {
    object::Store& store = ground_.objects.store();
    if (auto done = put_body(store, key_of(action, "-o"), encoded, {}, call); !done) return done;
    return put_text(store, key_of(action, "-i"), index_text({entry.output, entry.size}), call);
  }

 private:
  const Ground ground_;
};

}  // namespace

std::optional<Index> parse_index(std::string_view text) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto output = document.find("OutputID"), size = document.find("Size");
  if (output == document.end() || !output->is_string() || size == document.end() ||
      !size->is_number_unsigned()) {
    return std::nullopt;
  }
  const auto& id = output->get_ref<const std::string&>();
  std::array<std::uint8_t, 33> bytes{};
  if (id.size() != 44 || base::decode_base64(id, bytes.data()) != std::size_t{32}) {
    return std::nullopt;
  }
  const auto number = size->get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(kMostValue)) return std::nullopt;
  Index index{.size = static_cast<std::int64_t>(number)};
  std::copy_n(bytes.begin(), 32, index.output.hash.begin());
  return index;
}

std::string index_text(const Index& index) {
  std::string text = R"({"OutputID":")";
  base::append_base64(text, index.output.hash);
  return text + fmt::format(R"(","Size":{}}})", index.size);
}

const Plan gocacheprog_layout{
    .name = "gocacheprog",
    .metadata = false,
    .redis = true,
    .is_key = is_key,
    .make = [](const Ground& ground) -> std::unique_ptr<Layout> {
      return std::make_unique<Gocacheprog>(ground);
    },
};

}  // namespace gopouch::remote
