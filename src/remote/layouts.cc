// The list of layouts. Rules: layout.h.
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "remote/layout.h"

namespace gopouch::remote {

namespace {

// In the order of LayoutKind. To add one: its name here, in layout.h and in LayoutKind.
constexpr std::array<const Plan*, 5> kPlans{&gopouch_layout, &gobuildcache_layout,
                                            &gocache_s3_layout, &go_cache_plugin_layout,
                                            &gocacheprog_layout};

}  // namespace

const Plan& plan_of(LayoutKind kind) { return *kPlans.at(static_cast<std::size_t>(kind)); }

const Plan& plan_for(LayoutKind kind, const object::Remote& objects) {
  return objects.layout() == object::kGoCacherLayout ? go_cacher_layout : plan_of(kind);
}

base::Status put_body(object::Store& store, const object::Key& key, const Encoded& encoded,
                      object::Metadata metadata, const base::Call& call) {
  const base::Hash& sum = encoded.sha256();
  object::PutOptions how;
  how.sha256.assign(reinterpret_cast<const char*>(sum.data()), sum.size());
  how.metadata = std::move(metadata);
  const auto stored = store.put(key, encoded.whole(), how, call);
  return stored ? base::Status(base::Done{}) : stored.error();
}

base::Status put_text(object::Store& store, const object::Key& key, std::string_view text,
                      const base::Call& call) {
  const auto stored = store.put(key, {.bytes = base::bytes_of(text)}, {}, call);
  return stored ? base::Status(base::Done{}) : stored.error();
}

bool is_key_of(LayoutKind kind, std::string_view key) { return plan_of(kind).is_key(key); }

std::string_view keys_of(LayoutKind kind) { return kind == LayoutKind::kGopouch ? "v1/" : ""; }

base::Status check_layout(LayoutKind kind, const object::Remote& objects) {
  const Plan& plan = plan_of(kind);
  const auto no = [&](std::string_view why) {
    return base::Error{base::Fault::kInvalid,
                       fmt::format("layout {}: {} {}", plan.name, objects.name(), why)};
  };
  if (kind != LayoutKind::kGopouch && !objects.layout().empty()) {
    return no("takes its own and no other");
  }
  if (plan.metadata && !objects.features().metadata) {
    return no("keeps no metadata beside its objects, and this layout has its OutputIDs there");
  }
  const std::string_view name = objects.name();
  if (!plan.redis) return base::Done{};
  if (!name.starts_with("redis")) return no("is no Redis, and this layout is of Redis only");
  // Where that program puts all that it has: elsewhere a session would find nothing, and say so.
  const std::size_t path = name.find('/', name.find("://") + 3);
  const std::string_view root = path == std::string_view::npos ? "" : name.substr(path);
  if (root == "/gocacheprog" || root.starts_with("/gocacheprog/")) return base::Done{};
  return no("has to end in /gocacheprog or /gocacheprog/<its -r-prefix>: there its keys are");
}

}  // namespace gopouch::remote
