// A store in memory, for tests: it does all that a store may do, and ends with its Remote.
#include <map>

#include "base/bytes.h"
#include "base/guarded.h"
#include "object/backend.h"
#include "object/body.h"
#include "object/local.h"

namespace gopouch::object {

namespace {

using base::Error;
using base::Fault;

struct Held {
  std::shared_ptr<const std::string> bytes;  // shared with the gets under way
  std::string version;
  std::chrono::sys_seconds modified;
  Metadata metadata;
};

struct Shelf {
  std::map<Key, Held> objects;
  std::int64_t versions = 0;
};

class Memory final : public Store {
 public:
  void get(std::span<const Get> gets, const base::Call& call, const OnReply& on_reply) override {
    for (std::size_t i = 0; i < gets.size(); ++i) on_reply(i, get_one(gets[i], call));
  }

  base::Result<PutOutcome> put(const Key& key, const net::Body& body, const PutOptions& options,
                               const base::Call& call) override {
    if (const auto end = ended(call)) return *end;
    std::string bytes(static_cast<std::size_t>(size_of(body)), '\0');
    if (auto got = read(body, 0, bytes); !got) return got.error();
    if (body.sent != nullptr) *body.sent += std::ssize(bytes);
    auto shelf = shelf_.lock();
    const auto there = shelf->objects.find(key);
    const bool exists = there != shelf->objects.end();
    const bool other = !exists || there->second.version != options.if_version;
    if ((options.if_absent && exists) || (!options.if_version.empty() && other)) {
      return PutOutcome::kConflict;
    }
    shelf->objects[key] = {
        std::make_shared<const std::string>(std::move(bytes)), fmt::format("{}", ++shelf->versions),
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
        options.metadata};
    return PutOutcome::kStored;
  }

  base::Result<std::optional<Info>> head(const Key& key, const base::Call& call) override {
    if (const auto end = ended(call)) return *end;
    auto shelf = shelf_.lock();
    const auto there = shelf->objects.find(key);
    if (there == shelf->objects.end()) return std::optional<Info>();
    return std::optional(Info{key, std::ssize(*there->second.bytes), there->second.modified});
  }

  base::Status list(const std::string& prefix, const base::Call& call,
                    const OnPage& on_page) override {
    std::vector<Info> all;
    {
      auto shelf = shelf_.lock();
      for (auto it = shelf->objects.lower_bound(prefix);
           it != shelf->objects.end() && it->first.starts_with(prefix); ++it) {
        all.push_back({it->first, std::ssize(*it->second.bytes), it->second.modified});
      }
    }
    Pager pager(on_page);  // which may call us again
    for (Info& info : all) {
      if (const auto end = ended(call)) return *end;
      if (!pager.add(std::move(info))) return base::Done{};
    }
    pager.flush();
    return base::Done{};
  }

  base::Status remove(std::span<const Key> keys, const base::Call& call) override {
    if (const auto end = ended(call)) return *end;
    auto shelf = shelf_.lock();
    for (const Key& key : keys) shelf->objects.erase(key);
    return base::Done{};
  }

 private:
  base::Result<std::optional<Object>> get_one(const Get& get, const base::Call& call) {
    if (const auto end = ended(call)) return *end;
    Held held;
    {
      auto shelf = shelf_.lock();
      const auto there = shelf->objects.find(get.key);
      if (there == shelf->objects.end()) return std::optional<Object>();
      held = there->second;
    }
    const auto part = part_of(get, std::ssize(*held.bytes));
    if (!part) return part.error();
    const std::string_view bytes =
        std::string_view(*held.bytes)
            .substr(static_cast<std::size_t>(part->offset), static_cast<std::size_t>(part->size));
    Object object{.bytes = {}, .version = held.version};
    if (get.metadata) object.metadata = held.metadata;
    if (get.sink == nullptr) {
      object.bytes = bytes;
    } else {
      get.sink->begin();
      if (!bytes.empty() && !get.sink->write(base::bytes_of(bytes)))
        return Error{Fault::kStopped, "enough"};
    }
    return std::optional(std::move(object));
  }

  base::Guarded<Shelf> shelf_;
};

base::Result<Opened> open_memory(const net::Url& /*url*/, const Parameters& /*parameters*/,
                                 const Options& /*options*/) {
  return Opened{
      .store = std::make_unique<Memory>(),
      .features = {.ranges = true, .preconditions = true, .remote = false, .metadata = true},
      .name = "memory://"};
}

}  // namespace

const Backend memory{"memory", "memory://: gone when the program ends, for tests", {}, open_memory};

}  // namespace gopouch::object
